#!/bin/sh
# Proves that whoever reads the events FIFO is told the present state and then
# each of down, stuck, up, held and released once, with why and how long,
# nothing stale, and nothing for slow clients or a proxy that was stopped; and
# that the example script switches a relay once.
PROXY_MODE=
. tests/lib.sh

fifo=$TMPDIR/events
ctl=$TMPDIR/lab.ctl
mkfifo "$fifo"
control() { "$SALLYPORT" control "$ctl" "$1" >"$TMPDIR/said" || fail "$1"; }
serve()
{
	start_proxy --name lab --profile w5500 --events "$fifo" \
		--control "$ctl" --gate-timeout 200ms \
		--first-byte-timeout 2s --probe-backoff 100ms..200ms "$@" \
		127.0.0.1:0 "$device_addr"
}
ask() { client snd='GET / HTTP/1.1\r\nHost: a\r\n\r\n' drain=any; }
# attach NAME: a reader whose lines are in $TMPDIR/NAME.out.
attach()
{
	start "$1" cat "$fifo"
	reader=$started_pid
	got=$TMPDIR/$1.out
}
detach()
{
	kill -TERM "$reader"
	wait_for "the reader's end" ended "$reader"
}
# told WORD MORE: the record of that event; lines: so many were written.
told() { says "$got" "^time=.* name=\"lab\" event=$1 why=\".*\" for_ms=.*$2"; }
lines() { [ "$(wc -l <"$got")" -eq "$1" ] || fail "not $1 lines: $(cat "$got")"; }
stop_device() { kill -STOP "$device"; ask; }

start device "$BIN/contrib/tempdev/tempdev" --listen 127.0.0.1:0 --instant \
	--console "$TMPDIR/console"
device=$started_pid
wait_ready device
device_addr=$ready_addr
answers() { curl -s -m 5 -o "$TMPDIR/page" "http://$device_addr/"; [ $? -eq 8 ]; }
wait_for "the device" answers
serve
attach first
wait_for "the present state" told up "attached=true"

# What is the client's own is no event.
ask
client snd='GET / HT' drain=any
lines 1

stop_device
wait_for "down" told down "next_probe_ms=[0-9]* attached=false msg=\"device down"
wait_for "stuck" told stuck "after_ms=[1-9][0-9]* .*it may need a reset"
kill -CONT "$device"
wait_for "up" told up "after_ms=[1-9][0-9]* attached=false"
control hold
wait_for "held" told held 'attached=false msg="device held'
control release
wait_for "released" told released "after_ms=[0-9]* attached=false"
lines 6

# What nobody read is not told to the next reader; what is, is.
detach
control hold
control release
control hold
attach second
wait_for "the present state" told held "attached=true"
control release
wait_for "released" told released "attached=false"
lines 2
detach
stop_proxy

# Replies that are long, or take longer than a first byte may, are no event.
start site "$BIN/contrib/tempdev/tempdev" --listen 127.0.0.1:0 --uptime 100 \
	--firmware site
wait_ready site
device_before=$device_addr device_addr=$ready_addr
serve
attach long
wait_for "the present state" told up "attached=true"
for page in slow?3 long?500000; do
	curl -s -m 50 -o "$TMPDIR/page" "http://$proxy_addr/$page" ||
		fail "no page $page"
done
lines 1
detach
stop_proxy
device_addr=$device_before

# In the format of the log.
serve --log-format json
attach third
wait_for "a record" says "$got" '^{"time":".*","event":"up",.*"attached":true,'
python3 -c 'import json, sys; [json.loads(x) for x in sys.stdin]' <"$got" ||
	fail "no JSON: $(cat "$got")"
detach

# The example, with a relay that counts.
printf '#!/bin/sh\necho off >>"%s"\n' "$TMPDIR/relay" >"$TMPDIR/off"
printf '#!/bin/sh\nkill -CONT %s\n' "$device" >"$TMPDIR/on"
chmod +x "$TMPDIR/off" "$TMPDIR/on"
start hook env SALLYPORT="$SALLYPORT" OFF_S=0 \
	sh examples/power-cycle.sh "$ctl" "$fifo" "$TMPDIR/off" "$TMPDIR/on"
hook=$started_pid
client snd='GET / HT' drain=any
stop_device
is_up() { "$SALLYPORT" status "$ctl" >"$TMPDIR/told"; }
switched() { says "$TMPDIR/relay" off; }
wait_for "the relay" switched
wait_for "the device to be up" is_up
stop_proxy
serve
ask
wait_for "the device to be up" is_up
stop_proxy
[ "$(wc -l <"$TMPDIR/relay")" -eq 1 ] || fail "the relay was switched again"
kill -TERM "$hook"
