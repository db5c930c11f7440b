#!/bin/sh
# Proves of examples/printer-9100 that jobs sent at once by the socket backend
# of CUPS are printed whole, one after the other, on a printer that takes only
# one connection, and that a client that only connects does not disturb it.
. tests/examples/stage.sh
backend=/usr/lib/cups/backend/socket
[ -x "$backend" ] || skip "cups is not installed"
device_at 192.168.1.20
standin printer 192.168.1.20:9100 --control "$TMPDIR/control"
example printer-9100/office.conf

start scanner "$ACTOR" 127.0.0.1:9100 con wait="$TMPDIR/never"
head -c 50000 /dev/zero | tr '\0' x >"$TMPDIR/job"
jobs=
for job in 1 2 3; do
	DEVICE_URI="socket://127.0.0.1:9100" start job$job \
		"$backend" $job anna test 1 '' "$TMPDIR/job"
	jobs="$jobs $started_pid"
done
for job in $jobs; do
	finish "$job" "a job"
done
logged 3 'in=50000 .* cause=done'
kill "$device"
wait_for "the printer's end" ended "$device"
for counter in '"jobs": 3' '"cut_jobs": 0' '"max_active": 1' '"turned_away": 0'; do
	says "$TMPDIR/device.out" "$counter" || fail "not $counter"
done
exit 0
