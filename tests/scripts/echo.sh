#!/bin/sh
# Proves that behind the proxy a sequential server serves one client at a time
# and loses none, a forking one two at once, and no zombie or SIGPIPE death.
. tests/lib.sh

client_count=6
echoed() { grep -c "done with .*, 100000 bytes, eof" "$TMPDIR/echod.err"; }
has_echoed() { [ "$(echoed)" -eq "$1" ]; }

# One at a time, and nobody is lost.
start_echod --sequential
start_proxy 127.0.0.1:0 "$echod_addr"
baseline
clients=
for i in $(seq $client_count); do
	start_client "c$i" put=100000 get=100000 shw eof
	clients="$clients $started_pid"
done
for pid in $clients; do
	finish "$pid" "a client"
done
wait_for "all echoes" has_echoed $client_count
sed -n 's/.*: \(serves\|done\) .*/\1/p' "$TMPDIR/echod.err" | uniq -d |
	grep . && fail "two were served at once"
logged $client_count "in=100000 out=100000 .* cause=done"
back_to_baseline
stop_proxy
kill "$echod"

# Two at once.
start_echod --fork
start_proxy 127.0.0.1:0 "$echod_addr"
baseline
start_client first snd=one rcv=one mark="$TMPDIR/first" \
	wait="$TMPDIR/second" snd=1 rcv=1 shw eof
first=$started_pid
start_client second wait="$TMPDIR/first" snd=two rcv=two \
	mark="$TMPDIR/second" shw eof
finish "$started_pid" "the second client"
finish "$first" "the first client"
logged 2 "cause=done"
no_children() { [ ! -s "/proc/$echod/task/$echod/children" ]; }
wait_for "all children reaped" no_children

# Clients that send and leave without reading: nobody dies of SIGPIPE.
for i in $(seq 20); do
	client put=50000 rst
done
client snd=still rcv=still shw eof
logged 23 "cause=\(done\|client-reset\)"
kill -PIPE "$proxy"
client snd=still rcv=still shw eof
back_to_baseline
exit 0
