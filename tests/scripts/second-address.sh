#!/bin/sh
# Proves that the probe, like a client, tries the device's second address when
# the first refuses.
if [ "$1" != inside ]; then
	unshare -mn true 2>/dev/null || { echo "no namespaces here"; exit 77; }
	exec unshare -mn sh "$0" inside
fi
hosts=$(mktemp) || exit 1
trap 'umount /etc/hosts; rm -f "$hosts"' EXIT
ip link set lo up
[ -e /proc/net/if_inet6 ] || exit 77
printf '::1 both.test\n127.0.0.1 both.test\n' >"$hosts"
mount --bind "$hosts" /etc/hosts || exit 1
python3 tests/scripts/second_address.py
