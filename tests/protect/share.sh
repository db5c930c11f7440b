#!/bin/sh
# Proves that with share on the device answers once for all who ask the same,
# and that no other reply is shared, whoever leaves or fails in between.
exec python3 tests/protect/share.py
