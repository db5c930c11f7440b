#!/bin/sh
# Proves that the proxy makes the system calls it is known for: every scenario
# under both gates gives its golden trace and keeps P1 to P13.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/strace/golden.py check
