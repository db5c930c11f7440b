#!/bin/sh
# Proves what a service manager is told (READY, STATUS, WATCHDOG, STOPPING),
# that a worker which hangs feeds no watchdog, and that sockets which were
# opened for the proxy are taken by address and by name.
PROXY_MODE=
. tests/lib.sh
command -v python3 >/dev/null || skip "python3 is not installed"

# managed OPTION... -- ARGUMENT...: the proxy under a manager.
told=$TMPDIR/told
managed()
{
	rm -f "$told" "$told.sock"
	proxy_under="python3 tests/scripts/manager.py"
	while [ "$1" != -- ]; do
		proxy_under="$proxy_under $1"
		shift
	done
	shift
	proxy_under="$proxy_under $told"
	manager_starts "$@"
}
manager_starts()
{
	log=$TMPDIR/proxy.err
	# shellcheck disable=SC2086 # several words
	start proxy $proxy_under "$SALLYPORT" "$@"
	manager=$started_pid
	wait_ready proxy
	proxy_addr=$ready_addr
	proxy_port=${ready_addr##*:}
	proxy=$(sed -n 's/^PID=//p' "$told")
	find_worker
}
stop_manager()
{
	kill -TERM "$manager"
	finish "$manager" "the managed proxy"
	proxy=
}
feeds() { [ "$(grep -c WATCHDOG=1 "$told")" -gt "$fed" ]; }
is_fed()
{
	fed=$(grep -c WATCHDOG=1 "$told")
	holds_within "$1" feeds
}
served() { client snd=foo rcv=foo clo; }

start_echod --fork
managed --watchdog 800 -- --profile w5500 --gate none --half-close propagate \
	127.0.0.1:0 "$echod_addr"
wait_for READY says "$told" '^READY=1'
says "$told" "^MAINPID=$proxy" || fail "no MAINPID"
wait_for STATUS says "$told" '^STATUS=device up, 0/1 slots, 0 waiting'
served
is_fed 20 || fail "the watchdog is not fed"

# Once what was under way has been read, a stopped worker feeds nothing.
kill -STOP "$worker"
wait_for "word of it" says "$log" "is stopped"
is_fed 2 && is_fed 2 && is_fed 2 && fail "a stopped worker feeds the watchdog"
kill -CONT "$worker"
is_fed 20 || fail "the watchdog is not fed again"

# A keeper that is stopped feeds nothing either; one that lost its worker does.
kill -KILL "$worker"
is_fed 20 || fail "the watchdog is not fed"
served

# A reload and an upgrade are announced; after an upgrade there is another main
# process, the one before it ends, and the watchdog is fed on.
readies() { [ "$(grep -c '^READY=1' "$told")" -eq "$1" ]; }
kill -HUP "$proxy"
wait_for READY readies 2
grep -c '^RELOADING=1' "$told" | grep -q 1 || fail "no RELOADING"
says "$told" '^MONOTONIC_USEC=[1-9]' || fail "no time"
kill -USR2 "$proxy"
wait_for READY readies 3
before=$proxy
proxy=$(sed -n 's/^MAINPID=//p' "$told" | tail -n 1)
[ "$proxy" != "$before" ] || fail "no other MAINPID"
wait_for "the end of the one before" says "$told" "^ENDED=$before 0"
is_fed 20 || fail "the watchdog is not fed after an upgrade"
served
stop_manager
says "$told" '^STOPPING=1' || fail "no STOPPING"

# What changes is told.
start_device acc drain=any
managed --watchdog 200 -- --profile w5500 --gate none 127.0.0.1:0 "$device_addr"
start_client one snd=x drain=any
wait_for STATUS says "$told" '^STATUS=device up, 1/1 slots, 0 waiting'
start_client two snd=x drain=any
wait_for STATUS says "$told" '^STATUS=device up, 1/1 slots, 1 waiting'
kill -TERM "$manager"
wait_for "the drain" says "$log" draining
kill -TERM "$manager"
finish "$manager" "the managed proxy"
proxy=

start_refusing_device wait="$TMPDIR/never"
managed --watchdog 200 -- --profile w5500 --gate none --connect-retry 0 \
	--down-after 1ms --probe off --probe-backoff 10m..10m \
	--control "$TMPDIR/ctl" 127.0.0.1:0 "$device_addr"
is_down() { "$ACTOR" "$proxy_addr" con drain=any; says "$told" '^STATUS=device down'; }
wait_for STATUS is_down
"$SALLYPORT" control "$TMPDIR/ctl" hold >"$TMPDIR/said" || fail "no hold"
wait_for STATUS says "$told" '^STATUS=device held'
stop_manager

# Sockets, by name and by address; one that nobody wants is a fault.
managed --listen own=127.0.0.1:0 -- --name own 127.0.0.1:7 "$echod_addr"
[ "$proxy_port" -ne 7 ] || fail "bound by itself"
served
stop_manager
rm -f "$told.sock"
managed --listen "x=127.0.0.1:$proxy_port" -- "$proxy_addr" "$echod_addr"
served
stop_manager
rm -f "$told.sock"
python3 tests/scripts/manager.py --listen x=127.0.0.1:0 "$told" "$SALLYPORT" \
	127.0.0.1:0 "$echod_addr" 2>"$TMPDIR/odd.err"
[ $? -eq 78 ] || fail "a socket that nobody wants"
says "$TMPDIR/odd.err" 'socket 1 that was passed, "x", matches no listen' ||
	fail "the socket is not said"
exit 0
