#!/bin/sh
# Proves that megabytes pass unchanged both ways, with and without splice, and
# that a reader who is slow holds the sender back instead of filling memory.
. tests/lib.sh

head -c 4000000 /dev/urandom >"$TMPDIR/sent"
start_echod --fork

pipes() { find "/proc/$proxy/fd" -lname 'pipe:*' | wc -l; }

both_rest() { is_at_rest "$device" && is_at_rest "$proxy" && is_at_rest "$device"; }

for splice in auto off; do
	start_proxy --splice $splice 127.0.0.1:0 "$echod_addr"
	baseline
	before=$(pipes)

	# Both directions at once.
	ncat 127.0.0.1 "$proxy_port" <"$TMPDIR/sent" >"$TMPDIR/received"
	cmp "$TMPDIR/sent" "$TMPDIR/received" || fail "other bytes came back"
	logged 1 "in=4000000 out=4000000 .* cause=done"
	back_to_baseline

	# Again; the pipes of two directions, two ends each, are all it keeps.
	ncat 127.0.0.1 "$proxy_port" <"$TMPDIR/sent" >"$TMPDIR/received"
	cmp "$TMPDIR/sent" "$TMPDIR/received" ||
		fail "other bytes came back"
	back_to_baseline
	[ "$(pipes)" -le $((before + 4)) ] ||
		fail "pipes are left behind"
	stop_proxy

	# One direction, to a reader that starts late.
	start_device acc put=20000000 shw eof
	start_proxy --splice $splice --sndbuf 64k 127.0.0.1:0 "$device_addr"
	before=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) .*/\1/p' "/proc/$proxy/status")
	start_client late wait="$TMPDIR/late" get=20000000 eof
	late=$started_pid
	wait_for "bytes at the proxy" to_device_is ESTABLISHED
	wait_for "a device that is held back" both_rest
	assert_idle "$proxy" "a reader that has not started, splice $splice"
	after=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) .*/\1/p' "/proc/$proxy/status")
	is_sanitized || [ $((after - before)) -le 512 ] ||
		fail "$((after - before)) KiB more for one late reader"
	touch "$TMPDIR/late"
	finish "$late" "the late reader"
	device_done
	logged 1 "in=0 out=20000000 .* cause=done"
	stop_proxy
	rm "$TMPDIR/late"
done

# Many small pieces, as they come.
start_device acc get=1000 snd=a get=1000 snd=b get=1 snd=c eof
start_proxy 127.0.0.1:0 "$device_addr"
client put=1000 rcv=a put=1000 rcv=b put=1 rcv=c shw eof
device_done
logged 1 "in=2001 out=3 .* cause=done"
exit 0
