#!/bin/sh
# Proves that a name which does not resolve ends nothing: the proxy starts,
# says so, asks again, and from the answer on serves; and that other addresses
# are used from the next connection on.
PROXY_MODE=
. tests/lib.sh
in_own_network

# names ADDRESS...: what the system knows of the device.
: >"$TMPDIR/hosts"
mount --bind "$TMPDIR/hosts" /etc/hosts || skip "no right to mount"
echo "hosts: files" >"$TMPDIR/nsswitch"
mount --bind "$TMPDIR/nsswitch" /etc/nsswitch.conf 2>/dev/null
names()
{
	for address in "$@"; do
		echo "$address device.test"
	done >"$TMPDIR/hosts"
}

device_listens=127.0.0.2:0
start_echod --fork 127.0.0.2:0
port=${echod_addr##*:}

start_proxy 127.0.0.1:0 "device.test:$port"
says "$log" '"device.test\\*" does not resolve' ||
	wait_for "word of it" says "$log" "does not resolve"
client drain=any
logged 1 "cause=unreachable"
names 127.0.0.2
wait_for "the address" says "$log" "is now 127.0.0.2:$port"
client snd=foo rcv=foo shw eof
stop_proxy

# It moves; who was connected stays.
names 127.0.0.9
start_proxy --resolve-every 200ms 127.0.0.1:0 "device.test:$port"
client drain=any
logged 1 "cause=connect-refused"
names 127.0.0.2
wait_for "the address" says "$log" "is now 127.0.0.2:$port"
start_client stays snd=foo rcv=foo mark="$TMPDIR/live" wait="$TMPDIR/go" \
	snd=bar rcv=bar shw eof
stays=$started_pid
wait_for "a live pair" test -e "$TMPDIR/live"
names 127.0.0.9 127.0.0.8
wait_for "the addresses" says "$log" "is now 127.0.0.[89]:$port, and 1 more"
touch "$TMPDIR/go"
finish "$stays" "who was connected"
client drain=any
logged 2 "cause=connect-refused"

# Gone altogether: the last known are kept, and said once a try.
names
wait_for "word of it" says "$log" "known so far are kept"
# A reload does not make it forget them.
tried=$(grep -c "cause=connect-refused" "$log")
kill -HUP "$proxy"
wait_for "the reload" says "$log" "settings loaded"
client drain=any
logged $((tried + 1)) "cause=connect-refused"
stop_proxy

# A failed probe has it looked up, however rarely that is due.
names 127.0.0.9
start_proxy --profile w5500 --resolve-every 1h --probe-backoff 50ms..100ms \
	--down-after 1,1ms --connect-retry 0 127.0.0.1:0 "device.test:$port"
names 127.0.0.2
wait_for "the address" sh -c "'$ACTOR' $proxy_addr con \
	snd='GET / HTTP/1.1\r\nHost: x\r\n\r\n' drain=any >/dev/null 2>&1
	grep -q 'is now 127.0.0.2:$port' '$log'"
stop_proxy
exit 0
