#!/bin/sh
# Proves that the proxy starts whole or not at all, whichever call fails.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
exec python3 tests/strace/startup.py
