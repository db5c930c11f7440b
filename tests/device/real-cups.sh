#!/bin/sh
# Proves with CUPS that five jobs sent at once by lp are printed whole and once,
# one of them after a long pause for paper, by a printer that takes its next
# connection only 1 s after the last; that status bytes come back; that a job
# for a printer that is off is printed when it is switched on; and that a job
# whose printer dies is seen to have failed, and is printed whole when it is
# back. PAPER_S is the pause.
. tests/lib.sh
[ -n "${OWN_NETWORK:-}" ] || skip "no right to make namespaces"
for tool in cupsd lp lpadmin lpstat python3; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
mkdir -p "$TMPDIR/cups" "$TMPDIR/run" "$TMPDIR/spool/tmp" "$TMPDIR/cache"
chmod 755 "$TMPDIR"
chmod -R 777 "$TMPDIR/spool" "$TMPDIR/cache" "$TMPDIR/run" "$TMPDIR/cups"

start device python3 contrib/devices/printer.py --listen 127.0.0.1:0 \
	--control "$TMPDIR/control" --paper-after 50000 \
	--paper-seconds "${PAPER_S:-4}"
device=$started_pid
wait_ready device
address=$ready_addr
start_proxy --profile printer 127.0.0.1:0 "$address"

cat >"$TMPDIR/cups/cupsd.conf" <<-END
	Listen $TMPDIR/run/cups.sock
	LogLevel warn
	JobRetryInterval 1
	JobRetryLimit 100
	ErrorPolicy retry-job
	<Location />
	Order allow,deny
	Allow all
	</Location>
	<Policy default>
	<Limit All>
	Order deny,allow
	</Limit>
	</Policy>
END
cat >"$TMPDIR/cups/cups-files.conf" <<-END
	ServerRoot $TMPDIR/cups
	RequestRoot $TMPDIR/spool
	TempDir $TMPDIR/spool/tmp
	CacheDir $TMPDIR/cache
	StateDir $TMPDIR/run
	ErrorLog $TMPDIR/cups.log
	AccessLog $TMPDIR/access.log
	PageLog $TMPDIR/page.log
	SystemGroup root
END
start cupsd cupsd -f -c "$TMPDIR/cups/cupsd.conf" \
	-s "$TMPDIR/cups/cups-files.conf"
export CUPS_SERVER="$TMPDIR/run/cups.sock"
wait_for "cupsd" test -S "$TMPDIR/run/cups.sock"
patience_s=$((patience_s + ${PAPER_S:-4}))
lpadmin -p office -E -v "socket://$proxy_addr" -m raw \
	-o printer-error-policy=retry-job >"$TMPDIR/lpadmin.err" 2>&1 ||
	fail "lpadmin"

for bytes in 3000 4000 60000 5000 6000; do
	head -c "$bytes" /dev/zero | tr '\0' x >"$TMPDIR/job.$bytes"
	lp -d office -o raw "$TMPDIR/job.$bytes" >"$TMPDIR/lp.err" 2>&1 ||
		fail "lp"
done
all_done() { [ -z "$(lpstat -o)" ]; }
wait_for "all jobs" all_done
lpstat -W completed -o >"$TMPDIR/completed.err"
[ "$(wc -l <"$TMPDIR/completed.err")" -eq 5 ] || fail "not 5 jobs"
printf '~HS' | timeout 60 ncat "${proxy_addr%:*}" "${proxy_addr##*:}" \
	>"$TMPDIR/status" 2>&1
says "$TMPDIR/status" 0123 || fail "no status"

# ends WITH COUNTER...: the printer says so at its end.
ends()
{
	kill "$device"
	wait_for "the printer's end" ended "$device"
	for counter in "$@"; do
		says "$TMPDIR/device.out" "$counter" || {
			cat "$TMPDIR/device.out"
			fail "not $counter"
		}
	done
}
ends '"jobs": 6' '"cut_jobs": 0' '"max_active": 1' '"silent": 0' \
	'"job_bytes": 78003'

# printer ARGUMENT...: another at the same place.
printer()
{
	start device python3 contrib/devices/printer.py --listen "$address" "$@"
	device=$started_pid
	wait_ready device
}
# waits CONTROL CONDITION: does it come true at the printer?
waits()
{
	echo "wait $2 60000" | timeout 70 ncat -U "$1" >"$TMPDIR/wait.out" 2>&1
	says "$TMPDIR/wait.out" '"ok": true'
}
has_job() { [ "$(socks "$proxy" | grep -c tcp4)" -gt 1 ]; }
# So short that CUPS has handed it over before it could be told.
lp -d office -o raw "$TMPDIR/job.3000" >"$TMPDIR/lp.err" 2>&1 || fail "lp"
wait_for "a job" has_job
printer --control "$TMPDIR/on"
waits "$TMPDIR/on" 'jobs>=1' || fail "the job of a printer that was off"
ends '"jobs": 1' '"cut_jobs": 0' '"job_bytes": 3000'

printer --rate 2000000 --control "$TMPDIR/again"
# More than the kernel keeps: what is handed over counts as printed.
head -c 40000000 /dev/zero | tr '\0' x >"$TMPDIR/long"
lp -d office -o raw "$TMPDIR/long" >"$TMPDIR/lp.err" 2>&1 || fail "lp"
waits "$TMPDIR/again" 'job_bytes>=500000' || fail "the long job"
kill -9 "$device"
wait_for "the printer's death" ended "$device"
logged 1 'cause=device-reset'
printer --control "$TMPDIR/last"
waits "$TMPDIR/last" 'jobs>=1' || {
	lpstat -W all -l -o >"$TMPDIR/lpstat.err"
	fail "the job is lost"
}
ends '"jobs": 1' '"cut_jobs": 0' '"job_bytes": 40000000'
exit 0
