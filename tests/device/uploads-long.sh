#!/bin/sh
# Proves that 2 MB at 40 kB/s pass over packets of 1500 bytes: plain, with a
# check of 7 s at the end, and with a 401 after 20 kB.
. tests/lib.sh
[ -n "${OWN_NETWORK:-}" ] || skip "no right to make a network namespace"
command -v curl >/dev/null || skip "curl is not installed"
ip link set lo mtu 1500 || skip "no MTU of its own"
python3 tests/device/uploads.py long || fail "an upload"
exit 0
