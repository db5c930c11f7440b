#!/bin/sh
# Proves that what once broke the proxy under pressure does so no more.
exec python3 tests/protect/pressure.py
