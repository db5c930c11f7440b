#!/bin/sh
# Proves that systemd has nothing to say against the installed units, that a
# proxy's exposure is at most 1.2 of 10, and that with a port below 1024 it
# gets that one capability and no other.
. tests/lib.sh
command -v systemd-analyze >/dev/null || skip "systemd is not installed"
unset MAKEFLAGS MAKELEVEL DESTDIR UNITDIR

# Into a place of its own: the units name programs by their full paths.
# What is built already is not built anew: other tests use it.
make -s -o "$BIN/sallyport" B="$TMPDIR/b" OUT="$BIN" PREFIX="$TMPDIR/usr" SYSCONFDIR="$TMPDIR/etc" \
	install || fail "make install"
cd "$TMPDIR/usr/lib/systemd/system" || fail "no units"
grep -q "^ExecStart=$TMPDIR/usr/sbin/sallyport -c $TMPDIR/etc/sallyport/%i.conf\$" \
	sallyport@.service || fail "the unit names other paths"
for unit in service socket; do
	cp "sallyport@.$unit" "sallyport@x.$unit"
done
errors=$(systemd-analyze --man=no verify sallyport@x.service \
	sallyport@x.socket 2>&1) || fail "verify: $errors"
[ -z "$errors" ] || fail "verify: $errors"

# In tenths.
systemd-analyze --offline=yes --threshold=12 security "$PWD/sallyport@.service" \
	>"$TMPDIR/security" 2>&1 || fail "$(tail -n 1 "$TMPDIR/security")"

# The lines that the unit's own comment gives for a low port.
mkdir sallyport@x.service.d
sed -n 's/^#     //p' sallyport@x.service >sallyport@x.service.d/low.conf
errors=$(systemd-analyze --man=no verify sallyport@x.service 2>&1)
[ -z "$errors" ] || fail "verify of the drop-in: $errors"
sed -n '/^CapabilityBoundingSet=/p' sallyport@x.service.d/low.conf |
	grep -qx 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE' ||
	fail "another capability"
exit 0
