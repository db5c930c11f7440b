#!/bin/sh
# Proves, on a sample that the month draws, that a call which fails in a reload, an upgrade or the keeper costs no service.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/strace/keeper.py "$@"
