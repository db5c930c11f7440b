#!/bin/sh
# Proves of examples/modbus-gateway that mbpoll reads registers from a gateway
# with one connection while another master stays connected.
. tests/examples/stage.sh
has mbpoll mbpoll
device_at 192.168.1.40
standin modbus 192.168.1.40:502
example modbus-gateway/meter.conf

# A master that asks again and again and does not let go by itself.
start other stdbuf -oL mbpoll -m tcp -a 1 -t 4 -r 1 -c 2 -l 5000 -p 502 127.0.0.1
wait_for "the other's answer" says "$TMPDIR/other.out" '^\[1\]'
mbpoll -m tcp -a 1 -t 4 -r 11 -c 2 -o 10 -1 -p 502 127.0.0.1 \
	>"$TMPDIR/mbpoll.err" 2>&1 || fail "mbpoll"
says "$TMPDIR/mbpoll.err" '^\[11\]' || fail "no register"
exit 0
