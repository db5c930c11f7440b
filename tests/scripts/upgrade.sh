#!/bin/sh
# Proves that another program takes over without a lost connection and without
# a device connection beyond the slots; that what was known of the device and
# the counters go on; and that a program which refuses, dies or hangs changes
# nothing.
PROXY_MODE=
. tests/lib.sh
. tests/load.sh
command -v python3 >/dev/null || skip "python3 is not installed"
: "${CHANGES:=20}"

served() { client snd=foo rcv=foo clo; }
# program WHAT: that is the program on disk from now on.
program()
{
	cp "$1" "$TMPDIR/bin/next"
	mv "$TMPDIR/bin/next" "$TMPDIR/bin/sallyport"
}
script()
{
	printf '#!/bin/sh\n%s\n' "$1" >"$TMPDIR/script"
	chmod +x "$TMPDIR/script"
	program "$TMPDIR/script"
}
mkdir "$TMPDIR/bin"
program "$SALLYPORT"
built=$SALLYPORT
SALLYPORT=$TMPDIR/bin/sallyport

has_upgraded() { [ "$(grep -c 'upgrade: .* serves' "$log")" -ge "$upgraded" ]; }
upgrade()
{
	upgraded=$(($(grep -c 'upgrade: .* serves' "$log") + 1))
	kill -USR2 "$proxy"
	wait_for "the upgrade" has_upgraded
}

# Whoever started it sees one process, and so do signals; who is connected
# stays so; the counters go on.
start_echod --fork
start_proxy 127.0.0.1:0 "$echod_addr"
start_client stays snd=foo rcv=foo mark="$TMPDIR/live" wait="$TMPDIR/go" \
	snd=bar rcv=bar shw eof
stays=$started_pid
wait_for "a live pair" test -e "$TMPDIR/live"
upgrade
served
kill -HUP "$proxy"
logged 1 "reload: waits until an older worker"
touch "$TMPDIR/go"
finish "$stays" "who was connected"
logged 1 "in=6 out=6 .* cause=done"
logged 1 "settings loaded"
upgrade
served
kill -USR1 "$proxy"
logged 1 "accepted=3 "
end_proxy KILL
start_proxy "$proxy_addr" "$echod_addr"
served
stop_proxy

# Orders reach those who are still with the program before it: the log is opened
# again, its level changes, and the second TERM ends them.
start_proxy --drain-timeout 10m --log "$TMPDIR/file" --control "$TMPDIR/ctl" \
	127.0.0.1:0 "$echod_addr"
log=$TMPDIR/file
rm "$TMPDIR/live"
start_client stays snd=foo rcv=foo mark="$TMPDIR/live" drain=any
wait_for "a live pair" test -e "$TMPDIR/live"
upgraded=1
"$built" control "$TMPDIR/ctl" upgrade >"$TMPDIR/told" || fail "upgrade"
wait_for "the upgrade" has_upgraded
mv "$TMPDIR/file" "$TMPDIR/file.1"
kill -HUP "$proxy"
wait_for "the new file" says "$TMPDIR/file" reopened
"$built" control "$TMPDIR/ctl" log-level debug >"$TMPDIR/told" || fail "log-level"
kill -TERM "$proxy"
wait_for "the drain" says "$log" draining
end_proxy TERM
[ "$proxy_status" -eq 0 ] || fail "status $proxy_status at the second TERM"
logged 1 "cause=forced state=R"

# What is no use changes nothing, and is said.
settings() { printf '%s\n' "$@" >"$TMPDIR/proxy.conf"; }
base="listen 127.0.0.1:0
listen $TMPDIR/name.sock
device $echod_addr
control $TMPDIR/ctl"
settings "$base"
start_proxy -c "$TMPDIR/proxy.conf"
settings "$base" "slots many"
kill -USR2 "$proxy"
logged 1 "upgrade refused: .* ended with status 78"
served
settings "$base"
script 'exit 3'
kill -USR2 "$proxy"
logged 1 "upgrade refused: .* ended with status 3"
script 'kill -SEGV $$'
kill -USR2 "$proxy"
logged 1 "upgrade refused: .* was ended by signal 11"
rm "$TMPDIR/bin/sallyport"
kill -USR2 "$proxy"
logged 1 "upgrade refused: .* ended with status 69"
# shellcheck disable=SC2016 # for that shell
script 'SALLYPORT_UPGRADE=0${SALLYPORT_UPGRADE#?}
exec '"$built"' "$@"'
kill -USR2 "$proxy"
logged 2 "upgrade refused: .* ended with status 69"
says "$log" "hands over in another way" || fail "the version is not said"
# One that dies while it hangs is no different; nobody waits for it meanwhile.
script "echo \$\$ >'$TMPDIR/hangs'; exec sleep 1000"
kill -USR2 "$proxy"
wait_for "one that hangs" test -s "$TMPDIR/hangs"
served
kill -KILL "$(cat "$TMPDIR/hangs")"
logged 1 "upgrade refused: .* was ended by signal 9"
rm "$TMPDIR/hangs"
# A worker that dies meanwhile is not left without a successor.
kill -USR2 "$proxy"
wait_for "one that hangs" test -s "$TMPDIR/hangs"
kill -KILL "$worker"
logged 2 "upgrade refused: .* was ended by signal 9"
served
if [ -n "${HANG:-}" ]; then
	rm "$TMPDIR/hangs"
	kill -USR2 "$proxy"
	holds_within 90 has_lines 3 "upgrade refused: .* was ended by signal 9" ||
		fail "one that hangs is not ended"
	served
fi
program "$built"
# A control socket that moves at an upgrade leaves nothing behind.
settings "$base" "admin 127.0.0.1:0"
sed -i 's|/ctl$|/moved|' "$TMPDIR/proxy.conf"
upgrade
"$built" status "$TMPDIR/moved" >"$TMPDIR/status" || fail "the control socket"
[ ! -e "$TMPDIR/ctl" ] || fail "the control socket is left behind"
settings "$base"
upgrade
served

# What is asked for while another program starts is done by that one: the one
# before it has neither sockets nor a say any more.
mkfifo "$TMPDIR/fifo"
# shellcheck disable=SC2016 # for that shell
script 'read -r _ <'"'$TMPDIR/fifo'"'
exec '"'$built'"' "$@"'
upgraded=$(($(grep -c 'upgrade: .* serves' "$log") + 2))
loaded=$(($(grep -c 'settings loaded' "$log") + 1))
waits=$(($(grep -c 'reload: waits' "$log") + 2))
has_waiting() { [ "$(grep -c 'reload: waits' "$log")" -ge "$waits" ]; }
has_loaded() { [ "$(grep -c 'settings loaded' "$log")" -ge "$loaded" ]; }
starts=$(($(grep -c 'is started as process' "$log") + 1))
has_started() { [ "$(grep -c 'is started as process' "$log")" -ge "$starts" ]; }
kill -USR2 "$proxy"
wait_for "a program that starts" has_started
kill -USR2 "$proxy"
kill -HUP "$proxy"
wait_for "both to wait" has_waiting
program "$built"
echo >"$TMPDIR/fifo"
wait_for "both upgrades" has_upgraded
wait_for "the reload" has_loaded
served
if grep ': ready ' "$log" | grep -qv "on $proxy_addr"; then
	fail "another address: $(grep ': ready ' "$log")"
fi
"$ACTOR" "$TMPDIR/name.sock" con snd=foo rcv=foo clo || fail "a Unix socket"
"$SALLYPORT" status "$TMPDIR/ctl" >"$TMPDIR/status" || fail "the control socket"
stop_proxy
program "$built"
[ ! -e "$TMPDIR/name.sock" ] || fail "the name is left behind"
[ ! -e "$TMPDIR/ctl" ] || fail "the control socket is left behind"

# TERM while another program starts ends both, and that is no failure.
start_proxy 127.0.0.1:0 "$echod_addr"
# shellcheck disable=SC2016 # for that shell
script 'read -r _ <'"'$TMPDIR/fifo'"'
exec '"'$built'"' "$@"'
kill -USR2 "$proxy"
wait_for "a program that starts" says "$log" "is started as process"
kill -TERM "$proxy"
wait_for "the drain" says "$log" "draining: "
start go sh -c "echo >'$TMPDIR/fifo'"
wait_for "the proxy's end" ended "$proxy"
wait "$proxy" || fail "status $? at TERM while another program starts"
program "$built"

# TERM may come before the old worker has said what it keeps: the new program
# waits for the old one to leave, which then has both to end.
start_proxy 127.0.0.1:0 "$echod_addr"
kill -STOP "$worker"
kill -USR2 "$proxy"
wait_for "a program that starts" says "$log" "is started as process"
next=$(sed -n 's/.*is started as process \([0-9]*\).*/\1/p' "$log")
all_sleep()
{
	fresh=$(cat "/proc/$next/task/$next/children")
	for pid in "$proxy" "$next" "${fresh% }"; do
		grep -q '^State:	S' "/proc/$pid/status" || return 1
	done
}
wait_for "a worker that is ready" all_sleep
kill -TERM "$proxy"
kill -CONT "$worker"
finish "$proxy" "the proxy"

# What is known of the device: down stays down, held stays held, and slots in
# quarantine stay there.
get='GET / HTTP/1.1\r\nHost: x\r\n\r\n'
answers_503() { "$ACTOR" "$proxy_addr" con snd="$get" rcv='HTTP/1.1 503' clo; }
reload()
{
	loaded=$(($(grep -c 'settings loaded' "$log") + 1))
	kill -HUP "$proxy"
	wait_for "the reload" loads
}
loads() { [ "$(grep -c 'settings loaded' "$log")" -ge "$loaded" ]; }
rests()
{
	"$SALLYPORT" status "$TMPDIR/ctl" >"$TMPDIR/status"
	says "$TMPDIR/status" "slots 0 of 1 taken, 1 quarantined"
}
for change in reload upgrade; do
	start_refusing_device lis
	start_proxy --profile w5500 --down-after 1,1ms --connect-retry 0 \
		--probe-backoff 10m..10m --control "$TMPDIR/ctl" 127.0.0.1:0 \
		"$device_addr"
	wait_for "a device that is down" sh -c "'$ACTOR' $proxy_addr con \
		snd='$get' drain=any >/dev/null 2>&1; grep -q 'device down' '$log'"
	asked=$(grep -c cause=connect-refused "$log")
	$change
	answers_503 || fail "$change: the device is not down any more"
	[ "$(grep -c cause=connect-refused "$log")" -eq "$asked" ] ||
		fail "$change: the device was asked"
	"$SALLYPORT" control "$TMPDIR/ctl" hold || fail "$change: hold"
	$change
	"$SALLYPORT" status "$TMPDIR/ctl" >"$TMPDIR/status"
	[ $? -eq 3 ] || fail "$change: $(cat "$TMPDIR/status")"
	stop_proxy

	# The device lets a reset pass unheard, so its slot rests.
	start_device acc drain=any wait="$TMPDIR/never"
	start_proxy --profile w5500 --device-abort fin --down-after 0 \
		--first-byte-timeout 200ms --probe-backoff 10m..10m \
		--control "$TMPDIR/ctl" 127.0.0.1:0 "$device_addr"
	client snd="$get" rcv='HTTP/1.1 504' drain=any
	wait_for "a slot at rest" rests
	$change
	rests || fail "$change: $(cat "$TMPDIR/status")"
	stop_proxy
done

under_load raw 50 0 "$CHANGES" upgrade
under_load http 50 1 "$CHANGES" upgrade
under_load http 50 3 "$CHANGES" upgrade --slots 3
exit 0
