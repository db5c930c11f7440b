#!/bin/sh
# Proves with ser2net, a terminal, ncat and telnet in profile serial that the banner
# comes first, one person has the console at a time, the next waits for it, and
# who waits too long is told by busy-reply.
. tests/lib.sh
[ -n "${OWN_NETWORK:-}" ] || skip "no right to make namespaces"
for tool in ser2net socat ncat telnet; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
# ser2net takes an address only where there is one but the loopback's.
{ ip link add lan type veth peer name other && ip address add 192.168.1.1/24 dev lan &&
	ip link set lan up && ip link set other up; } || skip "no address of its own"
cat >"$TMPDIR/switch" <<-'END'
	while read -r line; do
		echo "switch> $line"
	done
END
start switch socat "pty,rawer,link=$TMPDIR/tty" "exec:sh $TMPDIR/switch"
wait_for "a terminal" test -e "$TMPDIR/tty"
cat >"$TMPDIR/ser2net.yaml" <<-END
	connection: &switch
	  accepter: tcp,127.0.0.1,2001
	  connector: serialdev,$TMPDIR/tty,115200n81,local
	  options:
	    max-connections: 1
	    banner: "console of the switch\r\n"
END
# The network is the test's own, so the port is.
start ser2net ser2net -n -c "$TMPDIR/ser2net.yaml"
listens() { "$ACTOR" 127.0.0.1:2001 con clo >/dev/null 2>&1; }
wait_for "ser2net" listens
printf 'in use, try later\r\n' >"$TMPDIR/busy"
start_proxy --profile serial --queue-timeout 1s \
	--busy-reply "$TMPDIR/busy" 127.0.0.1:0 127.0.0.1:2001
port=${proxy_addr##*:}

# person NAME WITH: somebody at the console, who types what is written to a FIFO.
person()
{
	mkfifo "$TMPDIR/$1.typed"
	input=$TMPDIR/$1.typed
	start "$1" "$2" 127.0.0.1 "$port"
	input=/dev/null
}
person first ncat
first=$started_pid
exec 5>"$TMPDIR/first.typed"
wait_for "the banner" says "$TMPDIR/first.out" 'console of the switch'
echo one >&5
wait_for "the answer" says "$TMPDIR/first.out" 'switch> one'
timeout 60 ncat 127.0.0.1 "$port" >"$TMPDIR/second" 2>&1 </dev/zero
says "$TMPDIR/second" 'in use, try later' || fail "the second was not told"
logged 1 'cause=queue-timeout'
exec 5>&-
wait_for "the end of the first" ended "$first"
person third ncat
exec 6>"$TMPDIR/third.typed"
echo three >&6
wait_for "the banner" says "$TMPDIR/third.out" 'console of the switch'
wait_for "the console" says "$TMPDIR/third.out" 'switch> three'
exec 6>&-
person fourth telnet
exec 7>"$TMPDIR/fourth.typed"
echo four >&7
wait_for "the banner" says "$TMPDIR/fourth.out" 'console of the switch'
wait_for "the console" says "$TMPDIR/fourth.out" 'switch> four'
exec 7>&-
exit 0
