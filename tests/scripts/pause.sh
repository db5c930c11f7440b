#!/bin/sh
# Proves that no timer expires for want of bytes that have arrived: clients that
# spoke while the proxy was stopped for longer than idle-timeout are served.
. tests/lib.sh

# More than the 256 that one wait reports.
start_crowd
start_proxy --idle-timeout 4s 127.0.0.1:0 "$device_addr"
crowd proxy "$proxy_addr"
crowd open 600
crowd speak
crowd hear
is_stopped() { grep -q '^State:	T' "/proc/$proxy/status"; }
kill -STOP "$proxy"
wait_for "the stop" is_stopped
crowd speak
tell_time
resume=$((now + 450))
is_time() { tell_time && [ "$now" -ge "$resume" ]; }
wait_for "the end of the pause" is_time
kill -CONT "$proxy"
crowd hear
says "$log" cause=idle-timeout && fail "a client that had spoken was idle"
crowd leave 600
exit 0
