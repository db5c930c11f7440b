#!/bin/sh
# Proves that a log nobody reads never stalls the proxy, that what was lost is
# counted exactly, also at the end, and that json and a file hold what they
# should, messages included.
. tests/lib.sh

start_crowd
mkfifo -m 600 "$TMPDIR/log"
exec 3<>"$TMPDIR/log"

# start_unread COMMAND...: the proxy's standard error is a pipe, full in the end.
start_unread()
{
	"$@" "$SALLYPORT" --single 127.0.0.1:0 "$device_addr" 2>"$TMPDIR/log" \
		</dev/null 3>&- 4>&- &
	proxy=$!
	started="$started $proxy"
	read -r ready_line <&3
	take_ready "$ready_line"
	proxy_addr=$ready_addr
	baseline
	crowd proxy "$proxy_addr"
	crowd churn 2000
	made=2000
	assert_idle "$proxy" "a log that nobody reads"
}
start_reading()
{
	cat <&3 >"$TMPDIR/log.read" 4>&- &
	reader=$!
	started="$started $reader"
}
all_are_accounted_for()
{
	lines=$(grep -c -e cause=client-reset -e draining "$TMPDIR/log.read")
	lost=$(awk '/lines lost"$/ { n += $(NF - 2) } END { print n + 0 }' \
		"$TMPDIR/log.read")
	[ $((lines + lost)) -eq "$made" ]
}

unread_then_read()
{
	start_unread "$@"
	start_reading
	wait_for "every line read or counted" all_are_accounted_for
	[ "$lost" -gt 0 ] || fail "the pipe was never full"
	crowd churn 10
	made=$((made + 10))
	wait_for "lines as before" all_are_accounted_for
	back_to_baseline
	stop_proxy
	kill "$reader"
}
unread_to_the_end()
{
	start_unread "$@"
	stop_proxy
	made=$((made + 1)) # the message that it drains
	start_reading
	wait_for "what was written at the end" all_are_accounted_for
	[ "$lost" -gt 0 ] || fail "the pipe was never full"
	kill "$reader"
}

unread_then_read env
unread_to_the_end env
# A pipe that belongs to another user cannot be opened anew.
another="setpriv --reuid 65534 --regid 65534 --clear-groups"
if $another test -x "$SALLYPORT" 2>/dev/null; then
	# shellcheck disable=SC2086 # several words
	unread_then_read $another
	# shellcheck disable=SC2086
	unread_to_the_end $another
fi
exec 3<&- 4>&-

# A file, in json: every line is one, with the same facts.
start_echod --fork
start_proxy --log "$TMPDIR/file" --log-format json 127.0.0.1:0 "$echod_addr"
log=$TMPDIR/file
client snd=foo rcv=foo shw eof
client snd=foobar rcv=foobar shw eof
logged 2 '"cause":"done"'
stop_proxy
perl -MJSON::PP -ne '
	my $line = decode_json($_);
	next if $line->{msg};
	die "cause: $_" unless $line->{cause} eq "done";
	die "in: $_" unless $line->{in} == $line->{out} && $line->{in} =~ /^[36]$/;
	die "client: $_" unless $line->{client} =~ /^127\.0\.0\.1:\d+$/;
	' "$TMPDIR/file" || fail "not the json that was expected"

# HUP opens it again: one process that is not confined can do so itself.
start_proxy --log "$TMPDIR/turned" 127.0.0.1:0 "$echod_addr"
client snd=foo rcv=foo shw eof
log=$TMPDIR/turned
logged 1 "cause=done"
mv "$log" "$log.1"
kill -HUP "$proxy"
wait_for "the new file" says "$log" "log reopened"
client snd=foo rcv=foo shw eof
logged 1 "cause=done"
stop_proxy
start_proxy --sandbox on --log "$TMPDIR/turned" 127.0.0.1:0 "$echod_addr"
log=$TMPDIR/turned
mv "$log" "$log.2"
kill -HUP "$proxy"
wait_for "word of it" says "$log.2" "could not be reopened"
stop_proxy

# tcplog, as HAProxy writes it: ten fields, the seventh the two letters.
start_proxy --log-format tcplog 127.0.0.1:0 "$echod_addr"
log=$TMPDIR/proxy.err
client snd=foo rcv=foo shw eof
logged 1 '^127\.0\.0\.1:[0-9]* \[.*\] [^ ]* [^ ]*/[^ ]* [0-9]*/[0-9]*/[0-9]* 3 -- '
stop_proxy

# Only what matters: a connection that ends well is no warning.
start_proxy --log-level warn 127.0.0.1:0 "$echod_addr"
client snd=foo rcv=foo shw eof
stop_proxy
says "$log" cause= && fail "a line at level info passed log-level warn"
exit 0
