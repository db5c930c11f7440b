#!/bin/sh
# Proves that a keeper and its worker are one proxy to everybody else: signals
# do what they do to a single process, a worker that dies is replaced and the
# counters go on, and a keeper that dies takes its worker along.
PROXY_MODE=
. tests/lib.sh
# A sanitizer would catch SIGSEGV and end the worker with a status of its own.
export ASAN_OPTIONS="handle_segv=0:${ASAN_OPTIONS:-}"

refuses() { "$ACTOR" "$proxy_addr" con=ECONNREFUSED 2>/dev/null; }
new_worker() { find_worker && [ "$worker" != "$before" ]; }
served() { client snd=foo rcv=foo shw eof; }

start_echod --fork

# A connection may finish, but no new one comes; the second signal ends it.
start_proxy --drain-timeout 10m 127.0.0.1:0 "$echod_addr"
served
start_client last snd=foo rcv=foo mark="$TMPDIR/live" wait="$TMPDIR/go" \
	snd=bar rcv=bar shw eof
last=$started_pid
wait_for "a live pair" test -e "$TMPDIR/live"
kill -TERM "$proxy"
wait_for "the drain" says "$log" draining
refuses || fail "a new connection is let in"
touch "$TMPDIR/go"
finish "$last" "the last client"
wait_for "the proxy's end" ended "$proxy"
wait "$proxy" || fail "status $? after a drain"
logged 1 "in=6 out=6 .* cause=done"

start_proxy --drain-timeout 10m 127.0.0.1:0 "$echod_addr"
rm "$TMPDIR/live"
start_client last snd=foo rcv=foo mark="$TMPDIR/live" drain=any
wait_for "a live pair" test -e "$TMPDIR/live"
kill -INT "$proxy"
wait_for "the drain" says "$log" draining
end_proxy INT
[ "$proxy_status" -eq 0 ] || fail "status $proxy_status at the second signal"
logged 1 "cause=forced state=R"

# HUP opens the log of both again.
start_proxy --log "$TMPDIR/file" 127.0.0.1:0 "$echod_addr"
log=$TMPDIR/file
served
logged 1 cause=done
mv "$TMPDIR/file" "$TMPDIR/file.1"
kill -HUP "$proxy"
wait_for "the new file" says "$TMPDIR/file" reopened
reaches_new_file() { served; says "$TMPDIR/file" cause=done; }
wait_for "lines in the new file" reaches_new_file
stop_proxy
[ -z "$(ls "$TMPDIR"/*.sock 2>/dev/null)" ] || fail "sockets are left"

# The end while a reload is under way: the new worker hears of both at once.
start_proxy 127.0.0.1:0 "$echod_addr"
before=$worker
kill -STOP "$before"
kill -HUP "$proxy"
wait_for "the new worker" says "$log" "settings loaded"
find_worker
kill -STOP "$worker"
kill -TERM "$proxy"
wait_for "the keeper's turn" is_at_rest "$proxy"
kill -CONT "$before"
wait_for "the older worker's end" ended "$before"
wait_for "the keeper's turn" is_at_rest "$proxy"
kill -CONT "$worker"
wait_for "the proxy's end" ended "$proxy"
wait "$proxy" || fail "status $? after a reload"

# Workers die, of this and that; the counters remember.
start_proxy 127.0.0.1:0 "$echod_addr"
i=0
for signal in KILL SEGV ABRT KILL; do
	i=$((i + 1))
	served
	before=$worker
	kill "-$signal" "$worker"
	wait_for "another worker" new_worker
	served
	kill -USR1 "$proxy"
	wait_for "the counters" says "$log" "accepted=$((2 * i))"
	logged "$i" "level=error .*was ended by signal"
done
says "$log" "started in 0 ms" || fail "not at once"
# One that does not live for a second is replaced later.
while ! says "$log" "started in 100 ms"; do
	before=$worker
	kill -KILL "$worker"
	wait_for "another worker" new_worker
	i=$((i + 1))
	[ $i -lt 20 ] || fail "each is replaced at once"
done

# While a dead one is in a tracer's hands, and cannot be reaped, the keeper sleeps.
if command -v python3 >/dev/null; then
	start tracer python3 -c '
import ctypes, signal, sys
PTRACE_SEIZE = 0x4206
if ctypes.CDLL(None).ptrace(PTRACE_SEIZE, int(sys.argv[1]), 0, 0) == 0:
    print("traced", flush=True)
    signal.pause()' "$worker"
	tracer=$started_pid
	wait_for "the tracer" says "$TMPDIR/tracer.out" traced
	before=$worker
	kill -KILL "$worker"
	wait_for "its end" ended "$before"
	wait_for "a keeper that sleeps" is_at_rest "$proxy"
	kill -KILL "$tracer"
	wait_for "another worker" new_worker
	served
fi

# One that is stopped is reported.
kill -STOP "$worker"
wait_for "word of it" says "$log" "worker $worker is stopped"
kill -CONT "$worker"
wait_for "word of it" says "$log" "worker $worker goes on"
served
stop_proxy

# A Unix socket's name goes with the keeper, not with a worker.
start_proxy "$TMPDIR/name.sock" "$echod_addr"
before=$worker
kill -KILL "$worker"
wait_for "another worker" new_worker
served
stop_proxy
[ ! -e "$TMPDIR/name.sock" ] || fail "the name is left behind"

# Killed, with its worker, at once and on the same port again.
start_proxy 127.0.0.1:0 "$echod_addr"
for i in 1 2 3 4 5; do
	before=$worker
	end_proxy KILL
	start_proxy "$proxy_addr" "$echod_addr"
	served
	ended "$before" || fail "a worker without a keeper"
done
stop_proxy

# What cannot start says so as ever.
start_proxy 127.0.0.1:0 "$echod_addr"
"$SALLYPORT" "$proxy_addr" "$echod_addr" 2>"$TMPDIR/second.err"
[ $? -eq 71 ] || fail "two on one address"
says "$TMPDIR/second.err" "cannot listen on $proxy_addr: Address already" ||
	fail "the address is not said"
stop_proxy
prlimit --nofile=20 "$SALLYPORT" 127.0.0.1:0 "$echod_addr" \
	2>"$TMPDIR/few.err"
[ $? -eq 75 ] || fail "it starts with 20 descriptors"
says "$TMPDIR/few.err" "limit of 20 descriptors" || fail "the limit is not said"
"$SALLYPORT" --events "$TMPDIR/no" 127.0.0.1:0 "$echod_addr" 2>"$TMPDIR/no.err"
[ $? -eq 71 ] || fail "it starts without its FIFO"
exit 0
