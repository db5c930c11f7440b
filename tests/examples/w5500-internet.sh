#!/bin/sh
# Proves of examples/w5500-internet that idle clients do not stop a page, and
# that favicon.ico never reaches the device.
. tests/examples/stage.sh
device_at 192.168.1.10
tempdev_at 192.168.1.10:80
example w5500-internet/greenhouse.conf

for idle in 1 2 3 4 5 6; do
	start idle$idle "$ACTOR" 127.0.0.1:80 con wait="$TMPDIR/never"
done
page_from 127.0.0.2 http://127.0.0.1/
logged 1 'client=127.0.0.2:.* cause=done'
code=$(curl --silent -o "$TMPDIR/icon" -w '%{http_code}' --max-time 60 \
	http://127.0.0.1/favicon.ico)
[ "$code" = 404 ] || fail "favicon.ico: $code"
grep -q favicon "$TMPDIR/device.out" && fail "the device is asked for favicon.ico"

page_from 127.0.0.4 http://127.0.0.1/
stop_proxy
exit 0
