#!/bin/sh
# Proves that a reset passes as a reset, an end as an end, from either side, at
# every moment, with its own cause, and with what was sent before it.
. tests/lib.sh

# case_of WHAT CAUSE: both actors are right, the log says why, nothing stays.
case_of()
{
	device_done
	logged 1 "cause=$2"
	back_to_baseline
	stop_proxy
}
proxy()
{
	start_proxy "$@" 127.0.0.1:0 "$device_addr"
	baseline
}
mark() { rm -f "$TMPDIR"/m.*; }

# The device resets: as soon as it is connected,
start_device acc rst
proxy
client reset
case_of "reset at once" "\(device-reset state=[RL]\|connect-reset state=D\)"

# before the request,
start_device acc snd=hi wait="$TMPDIR/m.1" rst
proxy
client rcv=hi mark="$TMPDIR/m.1" reset
case_of "reset before the request" "device-reset state=[RL]"
mark

# before the reply, when part of the request is still unread,
start_device acc rcv=fo rst
proxy
client snd=foo reset
case_of "reset before the reply" "device-reset state=[RL]"

# in the middle of the reply,
start_device acc rcv=foo put=5000 wait="$TMPDIR/m.1" rst
proxy
client snd=foo get=5000 mark="$TMPDIR/m.1" reset
case_of "reset in the reply" "device-reset state=[RL]"
mark

# after the whole reply, without FIN,
start_device acc rcv=foo eof put=5000 wait="$TMPDIR/m.1" rst
proxy
client snd=foo shw get=5000 mark="$TMPDIR/m.1" reset
case_of "reset after the reply" "device-reset state=[RL]"
mark

# and after its FIN: the client has had the end already.
start_device acc rcv=foo snd=bar shw wait="$TMPDIR/m.1" rst
proxy
start_client waiter snd=foo rcv=bar eof mark="$TMPDIR/m.1" \
	wait="$TMPDIR/m.2" clo
waiter=$started_pid
device_done
logged 1 "cause=device-reset"
back_to_baseline
touch "$TMPDIR/m.2"
finish "$waiter" "the client"
stop_proxy
mark

# The client resets: before it has said anything,
start_device acc snd=hi reset
proxy
client rcv=hi rst
case_of "client reset, nothing sent" "client-reset state=R"
mark

# after its request,
start_device acc rcv=foo mark="$TMPDIR/m.1" reset
proxy
client snd=foo wait="$TMPDIR/m.1" rst
case_of "client reset after the request" "client-reset state=R"
mark

# after its FIN,
start_device acc rcv=foo eof mark="$TMPDIR/m.1" wait="$TMPDIR/m.2"
proxy
client snd=foo shw wait="$TMPDIR/m.1" rst
logged 1 "cause=client-reset state=R"
touch "$TMPDIR/m.2"
case_of "client reset after its FIN" "client-reset state=R"
mark

# in the middle of the reply,
start_device acc rcv=foo put=5000 mark="$TMPDIR/m.1" reset
proxy
client snd=foo get=100 wait="$TMPDIR/m.1" rst
case_of "client reset in the reply" "client-reset state=R"
mark

# and while it is being fed after the device's end.
start_device acc rcv=foo put=400000 clo mark="$TMPDIR/m.1"
proxy --reply-buffer 1m --sndbuf 16k --splice off --on-device-fin close
start_slow_client snd=foo shw wait="$TMPDIR/m.2" get=100 rst
wait_for "the device's last byte" test -e "$TMPDIR/m.1"
wait_for "the device's end" to_device_is ""
touch "$TMPDIR/m.2"
finish "$slow" "the slow client"
case_of "client reset while fed" "client-reset state=L"
mark

# device-abort fin: an aborted connection ends in a FIN at the device.
start_device acc rcv=foo mark="$TMPDIR/m.1" eof
proxy --device-abort fin
client snd=foo wait="$TMPDIR/m.1" rst
case_of "client reset, device-abort fin" "client-reset state=R"
exit 0
