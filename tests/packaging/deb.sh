#!/bin/sh
# Proves that the Debian package is built in a clean root, that lintian has
# nothing against it, and that it can be installed, started by its unit's own
# line, upgraded, removed and purged, leaving only what is the owner's.
. tests/lib.sh
. tests/packaging/root.sh
command -v lintian >/dev/null || skip "lintian is not installed"
needs_roots plain build
in_plain() { in_root plain "$@"; }

build_package
lintian --allow-root --fail-on error,warning "$space"/deb/*.deb >"$TMPDIR/lintian.err" 2>&1 ||
	fail "lintian"

# A clean system, with a systemctl that notes what it is asked, and does as told
# with the one proxy that it knows.
own_root plain
mkdir -p "$space/plain/run/systemd/system"
cat >"$space/plain/usr/bin/systemctl" <<-'END'
	#!/bin/sh
	echo "$*" >>/tmp/systemctl
	[ -f /tmp/pid ] || exit 0
	case $1 in
	list-units) echo "sallyport@garden.service loaded active running" ;;
	# Another number after an upgrade; the process is the one that passes
	# signals on.
	show)
		upgrades=$(grep -c 'upgrade: .* serves' /tmp/log)
		printf "%0$((8 + upgrades))d\n" "$(cat /tmp/pid)"
		;;
	esac
	exit 0
END
chmod +x "$space/plain/usr/bin/systemctl"
asked() { grep -q -e "$1" "$space/plain/tmp/systemctl" || fail "not asked of systemd: $1"; }

# What the package manager and the C library keep for themselves apart.
files()
{
	(cd "$space/plain" && find . -xdev ! -path './var/lib/dpkg/*' \
		! -path './var/log/*' ! -path './var/cache/*' ! -path './tmp*' |
		sort)
}
files >"$TMPDIR/before"
cp "$space/plain/etc/passwd" "$TMPDIR/passwd"

install_package()
{
	cp "$1" "$space/plain/tmp/new.deb"
	in_plain dpkg -i /tmp/new.deb >"$TMPDIR/dpkg.err" 2>&1 || fail "dpkg -i"
}
install_package "$deb"
[ -d "$space/plain/etc/sallyport" ] || fail "no folder for settings"
asked daemon-reload
grep -q restart "$space/plain/tmp/systemctl" && fail "the first installation restarts"

# Configured, and started as systemd would: by the unit's lines, as nobody.
start device "$BIN/contrib/tempdev/tempdev" --era E1 --speed 20 \
	--listen 127.0.0.1:0
wait_ready device
cat >"$space/plain/etc/sallyport/garden.conf" <<-END
	profile w5500
	listen 127.0.0.1:0
	device $ready_addr
	log /tmp/log
END
line()
{
	sed -n "s/^$1=-*//p" "$space/plain/lib/systemd/system/sallyport@.service" |
		sed 's/%i/garden/g'
}
start_unit()
{
	# shellcheck disable=SC2046 # several words
	in_plain $(line ExecStartPre) || fail "its check fails"
	log=$TMPDIR/proxy.err
	# shellcheck disable=SC2046
	start proxy chroot --userspec=nobody:nogroup "$space/plain" \
		$(line ExecStart)
	proxy=$started_pid
	wait_ready proxy
	proxy_addr=$ready_addr
	echo "$proxy" >"$space/plain/tmp/pid"
}
serves()
{
	curl --silent --show-error --max-time 60 "http://$proxy_addr/" |
		grep -q "Temperature Server" || fail "no page $1"
}
start_unit
serves "after the installation"

# The next version, while the first one serves, goes on serving in its place.
dpkg-deb -R "$deb" "$space/next"
sed -i 's/^Version: .*/&+1/' "$space/next/DEBIAN/control"
dpkg-deb -b "$space/next" "$space/next.deb" >/dev/null || fail "dpkg-deb"
install_package "$space/next.deb"
says "$space/plain/tmp/log" "upgrade: .* serves" || fail "not upgraded"
grep -q restart "$space/plain/tmp/systemctl" && fail "it is restarted, too"
serves "after the upgrade"
program=$(readlink "/proc/$(pgrep -n -P "$proxy" sallyport)/exe")
case $program in
*/sallyport) ;;
*) fail "the old program serves: $program" ;;
esac

# One that does not take over: the old one goes on until it is restarted.
program=$space/next/usr/sbin/sallyport
# shellcheck disable=SC2016
printf '#!/bin/sh\n[ "$1" = -t ]\n' >"$program"
chmod +x "$program"
dpkg-deb -b "$space/next" "$space/bad.deb" >/dev/null || fail "dpkg-deb"
export SALLYPORT_UPGRADE_S=2
install_package "$space/bad.deb"
asked "try-restart sallyport@garden.service"
says "$space/plain/tmp/log" "upgrade refused" || fail "it took over"
serves "with a program that does not take over"
rm "$space/plain/tmp/systemctl"
unset SALLYPORT_UPGRADE_S

# With faults in its settings the program that runs is left alone.
echo "slots many" >>"$space/plain/etc/sallyport/garden.conf"
install_package "$space/next.deb"
says "$TMPDIR/dpkg.err" "sallyport@garden.service goes on" || fail "not said"
grep -q restart "$space/plain/tmp/systemctl" && fail "it is restarted"
[ "$(grep -c "upgrade: .* serves" "$space/plain/tmp/log")" -eq 1 ] ||
	fail "it is upgraded"
serves "with faults in its settings"
stop_proxy
rm "$space/plain/tmp/pid"

in_plain dpkg -r sallyport >"$TMPDIR/dpkg.err" 2>&1 || fail "dpkg -r"
asked "stop sallyport@\*.socket sallyport@\*.service"
[ ! -e "$space/plain/usr/sbin/sallyport" ] || fail "not removed"
in_plain dpkg -P sallyport >"$TMPDIR/dpkg.err" 2>&1 || fail "dpkg -P"
files | diff "$TMPDIR/before" - >"$TMPDIR/left"
grep '^[<>]' "$TMPDIR/left" | grep -v -x \
	-e '> ./etc/sallyport' -e '> ./etc/sallyport/garden.conf' &&
	fail "not as it was before"
[ -f "$space/plain/etc/sallyport/garden.conf" ] || fail "the owner's file is gone"
cmp "$TMPDIR/passwd" "$space/plain/etc/passwd" || fail "another user"
exit 0
