#!/bin/sh
# Proves that every cell of the table of states and events in doc/design.txt
# is what really happens.
exec python3 tests/protect/cells.py doc/design.txt
