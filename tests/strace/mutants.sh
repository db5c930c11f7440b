#!/bin/sh
# Proves that the trace tests can fail: eighteen deliberate faults, one for
# each promise and three that only a golden shows, are each found by name.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/strace/mutants.py
