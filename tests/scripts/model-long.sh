#!/bin/sh
# Proves what model.py does, with twenty more seeds.
exec tests/scripts/model.py 100 20
