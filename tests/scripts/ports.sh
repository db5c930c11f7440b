#!/bin/sh
# Proves that running out of local ports ends in its own cause, and passes.
. tests/lib.sh
in_own_network
echo "32768 32771" >/proc/sys/net/ipv4/ip_local_port_range ||
	skip "the port range cannot be changed"

device_listens=127.0.0.1:4000
start_device acc acc acc acc wait="$TMPDIR/free" clo acc rcv=foo snd=bar clo \
	wait="$TMPDIR/over"
start_proxy --connect-timeout 300ms "$TMPDIR/proxy" "$device_addr"
baseline
clients=
for i in 1 2 3 4; do
	start_client "c$i" wait="$TMPDIR/over"
	clients="$clients $started_pid"
done
all_ports_are_taken()
{
	[ "$(socks --machine "$proxy" | grep -c "state=ESTABLISHED .* peer=$device_addr")" -eq 4 ]
}
wait_for "four connects" all_ports_are_taken

start_client fifth snd=foo drain=any
fifth=$started_pid
finish "$fifth" "the fifth client"
logged 1 "cause=no-port state=D"
lasted 300 "cause=no-port"

# The device ends one, a port comes free.
touch "$TMPDIR/free"
logged 0 "cause=done"
touch "$TMPDIR/over"
for pid in $clients; do
	finish "$pid" "a client"
done
client snd=foo rcv=bar eof
back_to_baseline
exit 0
