#!/bin/sh
# Proves that after 5000 connections of many kinds, or as many as CONNECTIONS
# says, counters, causes and percentiles are exactly those of the log.
PROXY_MODE=
. tests/lib.sh
command -v python3 >/dev/null || skip "python3 is missing"

ctl=$TMPDIR/lab.ctl
idle() { "$SALLYPORT" status "$ctl" --json >"$TMPDIR/said"; says "$TMPDIR/said" '"connections":0,'; }

start_echod --fork
start_proxy --name lab --control "$ctl" --log "$TMPDIR/log" --gate data \
	--gate-timeout 100ms --slots 4 --queue 20 --queue-timeout 200ms \
	--down-after 0 127.0.0.1:0 "$echod_addr"
patience_s=1200
start mixed python3 tests/scripts/mixed.py "$proxy_addr" \
	"${CONNECTIONS:-5000}" 1
finish "$started_pid" "the clients"
wait_for "the last end" idle
python3 tests/scripts/ask.py --compare "$TMPDIR/said" "$TMPDIR/log" ||
	fail "the log has other numbers"
for cause in "done" client-left client-reset gate-timeout; do
	says "$TMPDIR/said" "\"$cause\":" || fail "nobody ended with $cause"
done
stop_proxy
