#!/bin/sh
# Proves that ncat's four classic exchanges pass byte-exact, FINs in order.
#
# A listening ncat ends with its client and so can say nothing after it: where
# the device answers an ended client in its own time, an actor plays it.
. tests/lib.sh

is_listening()
{
	device_addr=$(socks --machine "$1" |
		sed -n 's/.* state=LISTEN .* local=\([^ ]*\) .*/\1/p')
	[ -n "$device_addr" ]
}

# An ncat that serves one connection.
start_ncat_device()
{
	start device ncat -l 127.0.0.1 0
	device=$started_pid
	wait_for "ncat listening" is_listening "$device"
}

proxy()
{
	start_proxy 127.0.0.1:0 "$device_addr"
	baseline
}

start_ncat_client()
{
	start client ncat 127.0.0.1 "$proxy_port"
	client=$started_pid
}

holds() { [ "$(cat "$TMPDIR/$1.out")" = "$2" ]; }
all_is_well()
{
	finish "$client" "ncat, the client"
	device_done
	holds client bar || fail "the client got something else"
	logged 1 "in=4 out=4 .* cause=done"
	back_to_baseline
	stop_proxy
}

echo foo >"$TMPDIR/foo"
echo bar >"$TMPDIR/bar"

# Request, then EOF; the answer is on its way by then.
input=$TMPDIR/bar
start_ncat_device
proxy
input=$TMPDIR/foo
start_ncat_client
all_is_well
holds device foo || fail "the device got something else"

# Request, then EOF; then the answer in two parts.
start_device acc rcv='foo\n' eof snd=ba wait="$TMPDIR/rest" snd='r\n' clo
proxy
input=$TMPDIR/foo
start_ncat_client
wait_for "the first part" holds client ba
to_client_is CLOSE_WAIT || fail "the client's side is closed too early"
to_device_is FIN_WAIT2 || fail "the device has not been told the end"
touch "$TMPDIR/rest"
all_is_well

# The client closes late: it has the answer and the device's end, and its own
# direction still flows until it ends too.
input=$TMPDIR/bar
start_ncat_device
proxy
mkfifo "$TMPDIR/late"
input=$TMPDIR/late
start_ncat_client
exec 3>"$TMPDIR/late"
wait_for "the answer" holds client bar
wait_for "the device's end" to_client_is FIN_WAIT2
to_device_is CLOSE_WAIT || fail "the device's side is closed too early"
echo foo >&3
wait_for "the request" holds device foo
exec 3>&-
all_is_well

# The device closes late: the client has ended and has its answer, and is not
# let go before the device ends.
start_device acc rcv='foo\n' eof snd='bar\n' wait="$TMPDIR/end" clo
proxy
input=$TMPDIR/foo
start_ncat_client
wait_for "the answer" holds client bar
to_client_is CLOSE_WAIT || fail "the client's side is closed too early"
to_device_is FIN_WAIT2 || fail "the device has not been told the end"
ended "$client" && fail "the client was let go too early"
touch "$TMPDIR/end"
all_is_well
exit 0
