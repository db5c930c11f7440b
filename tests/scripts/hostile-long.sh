#!/bin/sh
# Proves what hostile.py does, each kind of crowd by itself and for longer.
exec tests/scripts/hostile.py 15
