#!/bin/sh
# Proves that what once broke the door under pressure does so no more.
exec python3 tests/protect/pressure.py
