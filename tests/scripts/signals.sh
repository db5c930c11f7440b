#!/bin/sh
# Proves that TERM and INT let connections finish, that a second one ends them,
# and that after kill -9 the proxy serves again on the same port at once.
. tests/lib.sh

# Nothing to wait for.
for signal in TERM INT; do
	start_proxy 127.0.0.1:0 127.0.0.1:9
	end_proxy "$signal"
	[ "$proxy_status" -eq 0 ] || fail "$signal: status $proxy_status"
done

refuses() { "$ACTOR" "$proxy_addr" con=ECONNREFUSED 2>/dev/null; }
stands() { [ "$(state_to_device)" = ESTABLISHED ]; }

# A connection may finish, but no new one comes.
start_device acc rcv=foo snd=bar wait="$TMPDIR/draining" rcv=foo snd=bar eof
start_proxy 127.0.0.1:0 "$device_addr"
start_client last snd=foo rcv=bar wait="$TMPDIR/draining" snd=foo rcv=bar shw \
	eof
last=$started_pid
wait_for "a pair" stands
kill -TERM "$proxy"
wait_for "the drain" says "$log" draining
refuses || fail "a new connection is let in"
touch "$TMPDIR/draining"
finish "$last" "the last client"
device_done
logged 1 "in=6 out=6 .* cause=done"
wait_for "the proxy's end" ended "$proxy"
wait "$proxy" || fail "status $? after a drain"

# Not for ever.
start_device acc rcv=foo drain=any
start_proxy --drain-timeout 200ms 127.0.0.1:0 "$device_addr"
start_client last snd=foo drain=any
wait_for "a pair" stands
stop_proxy
logged 1 "cause=shutdown state=R"
device_done

# The second signal ends it at once.
start_device acc rcv=foo drain=any
start_proxy --drain-timeout 10m 127.0.0.1:0 "$device_addr"
start_client last snd=foo drain=any
wait_for "a pair" stands
kill -TERM "$proxy"
wait_for "the drain" says "$log" draining
refuses || fail "a new connection is let in"
stop_proxy
logged 1 "cause=forced state=R"
device_done

# kill -9 with live pairs, and back on the same port.
start_echod --fork
start_proxy 127.0.0.1:0 "$echod_addr"
for i in $(seq 20); do
	start_client victim snd=foo rcv=foo mark="$TMPDIR/live.$i" drain=any
	victim=$started_pid
	wait_for "a live pair" test -e "$TMPDIR/live.$i"
	end_proxy KILL
	start_proxy "$proxy_addr" "$echod_addr"
	finish "$victim" "the victim"
	client snd=again rcv=again shw eof
done
exit 0
