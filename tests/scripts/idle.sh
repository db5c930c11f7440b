#!/bin/sh
# Proves that a proxy with nothing to do executes not one instruction, whatever
# stands in its sockets: nothing, a half-close, bytes nobody takes, a hang-up.
. tests/lib.sh

proxy_for()
{
	start_device "$@" mark="$TMPDIR/played" wait="$TMPDIR/over"
	start_proxy --reply-buffer 4k --sndbuf 16k --splice off \
		127.0.0.1:0 "$device_addr"
	baseline
}
idle_with()
{
	wait_for "the device's part" test -e "$TMPDIR/played"
	assert_idle "$proxy" "$1"
	touch "$TMPDIR/over"
	wait_for "the device's end" ended "$device"
	wait_for "the client's end" ended "$client"
	back_to_baseline
	stop_proxy
	rm "$TMPDIR/played" "$TMPDIR/over"
}
client_plays()
{
	start_client client "$@" wait="$TMPDIR/over"
	client=$started_pid
}

proxy_for acc
client_plays
idle_with "an open pair"

proxy_for acc rcv=foo eof
client_plays snd=foo shw
idle_with "a client that has ended"

proxy_for acc snd=bar shw
client_plays rcv=bar eof
idle_with "a device that has ended"

# The client has left; the proxy cannot know more than that it has ended.
proxy_for acc rcv=foo eof
client_plays snd=foo clo
idle_with "a client that has closed"

# Both buffers full, and nobody reads.
proxy_for acc fill
client_plays fill
idle_with "bytes that nobody takes"

# More waits for a slow client than the proxy takes, and the device's end with
# it: RDHUP stands at the device's side.
proxy_for acc put=100000 shw
start_slow_client wait="$TMPDIR/over"
client=$slow
wait_for "the device's end" to_device_is CLOSE_WAIT
idle_with "bytes for a slow client behind a device's end"

# The same, and the client has ended too: HUP stands there.
proxy_for acc eof put=100000 shw
start_slow_client shw wait="$TMPDIR/over"
client=$slow
wait_for "both ends" to_device_is ""
idle_with "bytes for a slow client, both have ended"

# The device has reset while bytes wait for a slow client. The kernel does not
# say when a socket's queue is empty, so the proxy looks now and then.
proxy_for acc eof put=60000 wait="$TMPDIR/reset" rst
start_slow_client shw wait="$TMPDIR/over"
client=$slow
wait_for "bytes at the proxy" to_client_is CLOSE_WAIT
touch "$TMPDIR/reset"
wait_for "the device's part" test -e "$TMPDIR/played"
assert_calm "$proxy" "bytes for a slow client, the device has reset"
touch "$TMPDIR/over"
wait_for "the client's end" ended "$client"
back_to_baseline
exit 0
