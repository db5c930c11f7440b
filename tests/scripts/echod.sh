#!/bin/sh
# Proves that echod and socks, which other tests rely on, do what they say.
. tests/lib.sh

children() { tr ' ' '\n' <"/proc/$1/task/$1/children" | grep -c .; }
has_children() { [ "$(children "$1")" -eq "$2" ]; }
has_zombies()
{
	zombies=0
	read -r dead <"/proc/$1/task/$1/children"
	for child in $dead; do
		grep -q '^State:	Z' "/proc/$child/status" &&
			zombies=$((zombies + 1))
	done
	[ "$zombies" -eq "$2" ]
}

# One at a time: the second client is served when the first has left.
start_echod --sequential
proxy_addr=$echod_addr
start_client first snd=one rcv=one mark="$TMPDIR/served" wait="$TMPDIR/go" \
	shw eof
first=$started_pid
wait_for "the first client served" test -e "$TMPDIR/served"
start_client second snd=two quiet=200 mark="$TMPDIR/go" rcv=two shw eof
finish "$first" "first client"
finish "$started_pid" "second client"
kill "$echod"

# One process for each, and none left over.
start_echod --fork
proxy_addr=$echod_addr
start_client first snd=one rcv=one wait="$TMPDIR/go2" shw eof
first=$started_pid
client snd=two rcv=two shw eof
wait_for "one child" has_children "$echod" 1
child=$(tr -d ' ' <"/proc/$echod/task/$echod/children")
socks --machine "$child" |
	grep -q "family=tcp4 state=ESTABLISHED recv_q=0 send_q=0 local=$echod_addr " ||
	fail "socks does not show the child's connection"
socks "$echod" | grep -q "tcp4 .* LISTEN .* $echod_addr " ||
	fail "socks does not show the listener"
touch "$TMPDIR/go2"
finish "$first" "first client"
wait_for "no child" has_children "$echod" 0

kill "$echod"

# A client that has left before it is served: the first echo meets a closed
# end and is answered with a reset, the second echo meets a broken pipe.
start_echod --sequential
proxy_addr=$echod_addr
kill -STOP "$echod"
client put=8192 clo
kill -CONT "$echod"
wait_for "the count of SIGPIPE" says "$TMPDIR/echod.err" \
	"process $echod: pipe failure 1"
client snd=still rcv=still shw eof
kill "$echod"

# Without reaping, the dead stay.
start_echod --fork --no-reap
proxy_addr=$echod_addr
client snd=a rcv=a shw eof
client snd=b rcv=b shw eof
wait_for "two zombies" has_zombies "$echod" 2

needs_ipv6
# What socks says of IPv6 and Unix sockets.
start_echod '[::1]:0'
socks --machine "$echod" | grep -q "family=tcp6 state=LISTEN .*local=\[::1\]:" ||
	fail "socks does not show an IPv6 listener"
start_echod "$TMPDIR/echo"
socks --machine "$echod" | grep -q "family=unix state=LISTEN .*/echo" ||
	fail "socks does not show a Unix listener"
socks --machine "$echod" | grep -q '^machine time_wait=[0-9]* orphans=[0-9]*$' ||
	fail "socks does not count TIME_WAIT and orphans"
socks x 2>/dev/null && fail "socks shows a process that is not there"
exit 0
