#!/bin/sh
# Proves that the init script for OpenWrt gives procd one instance for each
# file of settings, one that serves, reports a faulty file, and reloads by HUP.
. tests/lib.sh

# procd's and rc.common's part, noted.
cat >"$TMPDIR/procd" <<-'END'
	procd_open_instance() { echo "open $*" >>"$TMPDIR/told"; }
	procd_close_instance() { echo "close" >>"$TMPDIR/told"; }
	procd_send_signal() { echo "signal $*" >>"$TMPDIR/told"; }
	procd_set_param()
	{
		[ "$1" != command ] || { shift && echo "$*" >>"$TMPDIR/command"; return; }
		echo "set $*" >>"$TMPDIR/told"
	}
	logger() { echo "$*" >>"$TMPDIR/logged"; }
END
. "$TMPDIR/procd"
. packaging/openwrt/files/sallyport.init
PROG=$SALLYPORT
SETTINGS=$TMPDIR/settings
[ "$USE_PROCD" = 1 ] || fail "not by procd"

# No settings, no instance.
mkdir "$SETTINGS"
start_service
[ ! -e "$TMPDIR/told" ] || fail "an instance of nothing"

start device "$BIN/contrib/tempdev/tempdev" --era E1 --speed 20 \
	--listen 127.0.0.1:0
wait_ready device
printf 'profile w5500\nlisten 127.0.0.1:0\ndevice %s\n' "$ready_addr" \
	>"$SETTINGS/garden.conf"
printf 'listen nowhere\n' >"$SETTINGS/broken.conf"
start_service
[ "$(grep -c '^open' "$TMPDIR/told")" -eq 1 ] || fail "not one instance"
says "$TMPDIR/told" '^open garden$' || fail "not named after its file"
says "$TMPDIR/told" '^close$' || fail "not closed"
for param in "respawn 3600 1 0" "user nobody" \
	"no_new_privs 1"; do
	says "$TMPDIR/told" "^set $param\$" || fail "not set: $param"
done
says "$TMPDIR/logged" 'broken: not started: .*nowhere' || fail "faults are not reported"

# What procd would run.
log=$TMPDIR/proxy.err
# shellcheck disable=SC2046 # several words
start proxy $(cat "$TMPDIR/command")
proxy=$started_pid
wait_ready proxy
proxy_addr=$ready_addr
curl --silent --show-error --max-time 60 "http://$proxy_addr/" |
	grep -q "Temperature Server" || fail "no page"
stop_proxy

rm "$TMPDIR/told"
(
	start() { start_service; }
	reload_service
)
says "$TMPDIR/told" '^open garden$' || fail "a reload does not look for new files"
says "$TMPDIR/told" '^signal sallyport \* HUP$' || fail "a reload sends no HUP"
