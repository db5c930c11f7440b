#!/bin/sh
# Proves that places follow the descriptor limit, and that running out of
# descriptors for real, at accept and at connect, passes by itself.
. tests/lib.sh

# Places: two descriptors each, less what the proxy itself needs.
start_crowd
proxy_under="prlimit --nofile=20:64"
start_proxy --max-clients 40 127.0.0.1:0 "$device_addr"
proxy_under=
logged 1 'max-clients lowered to [0-9]*: the limit is 64 descriptors'
baseline
crowd proxy "$proxy_addr"
crowd fill
places=$(sed -n '$s/^pairs: //p' "$TMPDIR/crowd.out")
[ "$places" -ge 12 ] || fail "only $places places of 64 descriptors"
[ "$places" -le 31 ] || fail "$places places cannot be in 64 descriptors"
logged 1 "in=0 out=0 .* cause=client-limit"
crowd ask
crowd leave 1
crowd open 1
crowd refused 3
logged 4 "in=0 out=0 .* cause=client-limit"
crowd leave "$places"
back_to_baseline
stop_proxy
exec 4>&-

# allow_descriptors N: so many more than the proxy holds now. The limit is on
# the number of a new descriptor, and free numbers may lie between used ones.
allow_descriptors()
{
	limit=0
	free=0
	until [ "$free" -eq "$1" ] && [ ! -e "/proc/$proxy/fd/$limit" ]; do
		[ -e "/proc/$proxy/fd/$limit" ] || free=$((free + 1))
		limit=$((limit + 1))
	done
	prlimit --pid "$proxy" --nofile=$limit:64
}
start_echod --fork
proxy_under="prlimit --nofile=64:64"
start_proxy --connect-timeout 300ms 127.0.0.1:0 "$echod_addr"
baseline
start_client holder snd=foo rcv=foo wait="$TMPDIR/give-way" shw eof
holder=$started_pid
wait_for "a pair" says "$TMPDIR/echod.err" serves

# None for an accept: the listener pauses, whoever waits is served once one
# comes free, and meanwhile the proxy hardly runs.
allow_descriptors 0
start_client waiter snd=bar mark="$TMPDIR/sent" rcv=bar shw eof
waiter=$started_pid
wait_for "a waiting client" test -e "$TMPDIR/sent"
assert_calm "$proxy" "no descriptor for an accept"
touch "$TMPDIR/give-way"
finish "$holder" "the holder"
finish "$waiter" "the waiter"
logged 2 "in=3 out=3 .* cause=done"
back_to_baseline

# One for an accept, none for the connect: tried until connect-timeout.
allow_descriptors 1
client snd=foo drain=any
logged 1 "cause=no-descriptor state=D"
lasted 300 "cause=no-descriptor"
back_to_baseline
allow_descriptors 2
client snd=foo rcv=foo shw eof
back_to_baseline
exit 0
