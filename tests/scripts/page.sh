#!/bin/sh
# Proves that the page answers, in a browser, at 360 and 1280 pixels, dark and
# light: is the device up, since when, why was it down, who waits, what is
# slow. With SHOTS=FOLDER the screenshots stay there.
PROXY_MODE=
. tests/lib.sh
command -v chromium >/dev/null || skip "chromium is missing"
shots=${SHOTS:-$TMPDIR/shots}
mkdir -p "$shots"

look()
{
	python3 tests/scripts/page_look.py "$admin" "$1" "$shots" ||
		fail "the page in state $1"
}
told() { "$SALLYPORT" status "$ctl" >"$TMPDIR/told"; says "$TMPDIR/told" "$1"; }
# The head of this device ends in a line that curl finds odd: 8.
get()
{
	curl -s -m 60 -o "$TMPDIR/got" "$@" "http://$proxy_addr/"
	[ $? -eq 8 ]
}
serve()
{
	start_proxy --name greenhouse --profile w5500 --control "$ctl" \
		--admin 127.0.0.1:0 "$@" 127.0.0.1:0 "$device_addr"
	wait_for "the admin address" says "$log" "admin on"
	admin=$(sed -n 's/.*admin on \([0-9.:]*\).*/\1/p' "$log")
}

ctl=$TMPDIR/greenhouse.ctl
start device "$BIN/contrib/tempdev/tempdev" --listen 127.0.0.1:0 \
	--console "$TMPDIR/console"
device=$started_pid
wait_ready device
device_addr=$ready_addr

# One client is served, three of two addresses wait.
serve --first-byte-timeout 10m --queue-timeout 10m --idle-timeout 10m
for i in 1 2 3 4 5 6 7 8; do get || fail "no page of the device"; done
get -X DELETE
kill -STOP "$device"
for i in 2 3 3 4; do
	start "curl$i" curl -s -m 600 -o "$TMPDIR/slow$i" \
		--interface "127.0.0.$i" "http://$proxy_addr/"
done
wait_for "three in the queue" told "3 of 64 waiting"
look busy
"$SALLYPORT" control "$ctl" hold >/dev/null || fail "no hold"
look held
kill -CONT "$device"
stop_proxy

# It stops answering; a probe finds that out, and later that it is stuck.
serve --first-byte-timeout 300ms --probe-backoff 1h..1h
get || fail "no page of the device"
kill -STOP "$device"
get
wait_for "the device to be down" told "^device down since"
look down
stop_proxy
serve --first-byte-timeout 300ms --probe-backoff 100ms..200ms
get
wait_for "the device to be stuck" told "^device stuck since"
look stuck
kill -CONT "$device"
wait_for "the device to be up" told "^device up since"
for i in 2 3 4; do get --interface "127.0.0.$i" || fail "no page"; done
look up
stop_proxy
