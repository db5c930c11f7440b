#!/bin/sh
# Proves, on a sample that the month draws, that a failing system call ends at
# most the connection it concerns: nothing crashes, stalls, leaks or lies.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/strace/faults.py sample
