#!/bin/sh
# Proves that log syslog sends each line as a datagram with its priority, and
# that the proxy serves on when the daemon has gone.
. tests/lib.sh
in_own_network

mkdir "$TMPDIR/dev"
mknod -m 666 "$TMPDIR/dev/null" c 1 3 2>/dev/null ||
	skip "no right to make a device node"
mount --bind "$TMPDIR/dev" /dev || skip "no right to mount"

"$SALLYPORT" --log syslog 127.0.0.1:0 127.0.0.1:9 2>"$TMPDIR/none.err"
status=$?
[ $status -eq 71 ] || fail "status $status without a syslog"
says "$TMPDIR/none.err" log || fail "the log is not named"

start daemon socat -u UNIX-RECV:/dev/log STDOUT
daemon=$started_pid
wait_for "a syslog" test -S /dev/log
start_echod --fork
proxy_under="prlimit --nofile=64:64"
start_proxy --log syslog --max-clients 40 127.0.0.1:0 "$echod_addr"
proxy_under=
baseline
log=$TMPDIR/daemon.out
client snd=foo rcv=foo shw eof
logged 1 "<30>sallyport\[$proxy\]: .*in=3 out=3 .* cause=done"
# A warning is one there too.
logged 1 "<28>sallyport\[$proxy\]: time=.* level=warn .*msg=\"max-clients lowered to"
back_to_baseline

kill "$daemon"
wait_for "the daemon's end" ended "$daemon"
client snd=foo rcv=foo shw eof
client snd=foo rcv=foo shw eof
assert_idle "$proxy" "a syslog that has gone"

# A new daemon gets what comes after it, and hears how much came before.
rm /dev/log
start daemon socat -u UNIX-RECV:/dev/log STDOUT
wait_for "a syslog" test -S /dev/log
client snd=foobar rcv=foobar shw eof
logged 1 "in=6 out=6 .* cause=done"
logged 1 "<28>[^<]*: 2 lines lost\""
stop_proxy
exit 0
