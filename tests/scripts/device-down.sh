#!/bin/sh
# Proves that a device that refuses, is silent or out of reach ends in its own
# cause, that a refusal is retried, and that the next address is tried.
. tests/lib.sh
in_own_network

# Refused.
start_refusing_device
start_proxy 127.0.0.1:0 "$device_addr"
baseline
client snd=foo drain=any
logged 1 "in=[03] out=0 .* retries=0 cause=connect-refused state=D"
client drain=any
logged 2 "cause=connect-refused state=D"
back_to_baseline
stop_proxy
kill "$device"

# Refused, and retried.
start_refusing_device
start_proxy --connect-retry 2 127.0.0.1:0 "$device_addr"
baseline
client snd=foo drain=any
logged 1 "retries=2 cause=connect-refused state=D"
back_to_baseline
stop_proxy
kill "$device"

# Refused at first; the bytes that came meanwhile are not lost.
start_refusing_device wait="$TMPDIR/logged" lis acc rcv=foo eof snd=bar clo \
	mark="$TMPDIR/served"
start_proxy --connect-retry 50 127.0.0.1:0 "$device_addr"
baseline
start_client patient snd=foo shw rcv=bar eof
patient=$started_pid
wait_for "the request" to_client_is CLOSE_WAIT
touch "$TMPDIR/logged"
finish "$patient" "the patient client"
logged 1 "in=3 out=3 .* cause=done"
back_to_baseline
stop_proxy
kill "$device"

# Silent: packets to this address are dropped.
ip addr add 10.9.0.1/32 dev lo
nft add table inet test
nft add chain inet test in '{ type filter hook input priority 0; }'
nft add rule inet test in ip daddr 10.9.0.1 drop
start_proxy --connect-timeout 300ms 127.0.0.1:0 10.9.0.1:80
baseline
client snd=foo drain=any
logged 1 "cause=connect-timeout state=D"
lasted 300 "cause=connect-timeout"
back_to_baseline

# A client that leaves while the device is silent.
to_silent() { socks --machine "$proxy" | grep -q "state=SYN_SENT .* peer=10.9.0.1:80"; }
stop_proxy
start_proxy --connect-timeout 60s 127.0.0.1:0 10.9.0.1:80
baseline
start_client leaver snd=foo wait="$TMPDIR/leave" rst
leaver=$started_pid
wait_for "a connect" to_silent
touch "$TMPDIR/leave"
finish "$leaver" "the leaver"
logged 1 "cause=client-reset state=D"
back_to_baseline

# One that has only ended its requests stays: it may still want the answer.
client snd=foo shw quiet=300 rst
logged 2 "cause=client-reset state=D"
back_to_baseline
stop_proxy

# Silent from one moment to the next: what was sent is never acknowledged.
start_device acc rcv=foo wait="$TMPDIR/never"
start_proxy --user-timeout 300ms 127.0.0.1:0 "$device_addr"
baseline
start_client talker snd=foo wait="$TMPDIR/unplugged" snd=bar drain=any
wait_for "a pair" to_device_is ESTABLISHED
nft add rule inet test in tcp dport "${device_addr##*:}" drop
touch "$TMPDIR/unplugged"
logged 1 "in=6 out=0 .* cause=device-silent state=[RL]"
finish "$started_pid" "the talker"
back_to_baseline
stop_proxy
kill "$device"

# Out of reach.
ip route add unreachable 10.8.0.0/24
start_proxy 127.0.0.1:0 10.8.0.1:80
baseline
client snd=foo drain=any
logged 1 "cause=unreachable state=D"
back_to_baseline
stop_proxy
start_proxy 127.0.0.1:0 10.7.0.1:80
client snd=foo drain=any
logged 1 "cause=unreachable state=D"
stop_proxy

# A name nobody knows: a single process, which could not ask again, does not
# start.
"$SALLYPORT" --single 127.0.0.1:0 no-such-host.invalid:9 2>"$TMPDIR/unknown.err" &&
	fail "it starts without a device"
says "$TMPDIR/unknown.err" no-such-host.invalid || fail "the name is not said"

# A name with three addresses: refused, refused, answered.
printf '127.0.0.2 many\n127.0.0.3 many\n127.0.0.4 many\n' >"$TMPDIR/hosts"
mount --bind "$TMPDIR/hosts" /etc/hosts || skip "no right to mount"
device_listens=127.0.0.4:0
start_device acc rcv=foo eof snd=bar clo
start_proxy 127.0.0.1:0 "many:${device_addr##*:}"
baseline
client snd=foo shw rcv=bar eof
device_done
logged 1 "in=3 out=3 .* cause=done"
back_to_baseline
stop_proxy

# One with two: silent, answered; over a shared connection too.
printf '10.9.0.1 silent\n127.0.0.4 silent\n' >"$TMPDIR/hosts"
for shared in "" "--gate line --slots 1 --shared-connection on"; do
	start_device acc rcv='foo?\n' snd='bar\n' eof clo
	# shellcheck disable=SC2086 # none or several words
	start_proxy $shared --connect-timeout 300ms 127.0.0.1:0 \
		"silent:${device_addr##*:}"
	baseline
	client snd='foo?\n' rcv='bar\n' shw eof
	stop_proxy
	device_done
done
exit 0
