#!/bin/sh
# Proves of examples/serial-console that, before a real ser2net on a terminal,
# a second person waits for the first to leave and then has the console.
. tests/examples/stage.sh
has ser2net ser2net
has socat socat
# The switch: a terminal that answers what is typed.
cat >"$TMPDIR/switch" <<-'END'
	while read -r line; do
		echo "switch> $line"
	done
END
device_at 192.168.1.30
start switch socat "pty,rawer,link=$TMPDIR/tty" "exec:sh $TMPDIR/switch"
wait_for "a terminal" test -e "$TMPDIR/tty"
sed "s|/dev/ttyUSB0|$TMPDIR/tty|" examples/serial-console/ser2net.yaml \
	>"$TMPDIR/ser2net.yaml"
start ser2net ser2net -n -c "$TMPDIR/ser2net.yaml"
wait_for "ser2net" listens 127.0.0.1:2001
example serial-console/switch.conf

start first "$ACTOR" 127.0.0.1:2000 con snd='one\n' rcv='switch> one\n' \
	wait="$TMPDIR/leave" clo
first=$started_pid
# accepted COUNT: so many clients are connected.
accepted() { [ "$(socks --machine "$proxy" | grep -c "state=ESTABLISHED.* local=[^ ]*:$proxy_port ")" -ge "$1" ]; }
wait_for "the first session" accepted 1
start second "$ACTOR" 127.0.0.1:2000 con snd='two\n' rcv='switch> two\n' clo
second=$started_pid
wait_for "the second in the queue" accepted 2
says "$TMPDIR/second.err" switch && fail "two at a time"
touch "$TMPDIR/leave"
finish "$first" "the first session"
finish "$second" "the second session"
logged 1 'queue_ms=[1-9]'
exit 0
