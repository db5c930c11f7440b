#!/bin/sh
# Proves that the trace tests can fail: thirteen deliberate faults in the
# door, one for each promise, are each found by that promise's name.
for tool in python3 patch; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done
exec python3 tests/strace/mutants.py
