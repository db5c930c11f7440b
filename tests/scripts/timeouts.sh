#!/bin/sh
# Proves that every wait of the raw profile has a timer, and the timer a cause.
. tests/lib.sh

proxy()
{
	start_proxy "$@" 127.0.0.1:0 "$device_addr"
	baseline
}
timed_out()
{
	device_done
	logged 1 "cause=$1"
	lasted "$2" "cause=$1"
	back_to_baseline
	stop_proxy
}

# No byte either way.
start_device acc rcv=foo snd=bar drain=any
proxy --idle-timeout 300ms
client snd=foo rcv=bar drain=any
timed_out "idle-timeout state=R" 300

# A byte either way starts it anew: seven pauses are longer than the timeout,
# but none comes near it.
start_device acc rcv=a quiet=300 snd=b rcv=a quiet=300 snd=b \
	rcv=a quiet=300 snd=b rcv=a quiet=300 snd=b drain=any
proxy --idle-timeout 2s
client snd=a rcv=b quiet=300 snd=a rcv=b quiet=300 snd=a rcv=b quiet=300 \
	snd=a rcv=b drain=any
timed_out "idle-timeout state=R" 4100

# One direction has ended, and nothing comes in the other.
start_device acc rcv=foo eof wait="$TMPDIR/ended"
proxy --fin-timeout 300ms
client snd=foo shw drain=any mark="$TMPDIR/ended"
timed_out "fin-timeout state=R" 300

# It is counted from the FIN, however long nothing was said before.
start_device acc eof snd=late shw drain=any
proxy --fin-timeout 2s
client quiet=2500 shw rcv=late eof
device_done
logged 1 "cause=done state=R"
back_to_baseline
stop_proxy

# A peer that is silent is asked whether it still is there.
# The device's end is set up for that when half of the time has passed.
asks_after() { ss -Htno "$1" "$2" | grep -q "timer:(keepalive,$3"; }
start_device acc rcv=foo drain=any
proxy --keepalive 2s
start_client silent snd=foo drain=any
silent=$started_pid
wait_for "keepalive to the device" asks_after dport "= :${device_addr##*:}" ''
wait_for "keepalive to the client" asks_after sport "= :$proxy_port" '[1-9][0-9]sec\|1min,'
kill -KILL "$silent"
finish "$device" "the device"
logged 1 "cause=client-reset\|cause=done"
back_to_baseline
stop_proxy

# The device has ended, and the client does not take what is left.
start_device acc rcv=foo put=400000 clo
proxy --reply-buffer 1m --sndbuf 16k --splice off --on-device-fin close --send-timeout 300ms
start_slow_client snd=foo shw wait="$TMPDIR/timed-out" drain=any
logged 1 "cause=send-timeout state=L"
touch "$TMPDIR/timed-out"
finish "$slow" "the slow client"
timed_out "send-timeout state=L" 300
exit 0
