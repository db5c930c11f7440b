#!/bin/sh
# Proves that a log nobody reads never stalls the door, that what was dropped
# is counted and said, and that json and a file hold what they should.
. tests/lib.sh

# Standard error is a pipe that is full.
start_crowd
mkfifo "$TMPDIR/log"
exec 3<>"$TMPDIR/log"
"$SALLYPORT" 127.0.0.1:0 "$device_addr" 2>"$TMPDIR/log" </dev/null 4>&- &
door=$!
started="$started $door"
read -r ready_line <&3
ready_addr=${ready_line#*: ready on }
door_addr=${ready_addr%%,*}
baseline
crowd door "$door_addr"
crowd churn 2000
assert_idle "$door" "a log that nobody reads"
cat <&3 >"$TMPDIR/log.read" &
reader=$!
started="$started $reader"
# A loss is said with the next line that finds room.
made=2000
all_are_accounted_for()
{
	lines=$(grep -c "cause=client-reset" "$TMPDIR/log.read")
	lost=$(awk '/lines lost$/ { n += $(NF - 2) } END { print n + 0 }' \
		"$TMPDIR/log.read")
	[ $((lines + lost)) -eq "$made" ]
}
one_more_is_enough()
{
	crowd churn 1
	made=$((made + 1))
	holds_within 1 all_are_accounted_for
}
wait_for "every line read or counted" one_more_is_enough
[ "$lost" -gt 0 ] || fail "the pipe was never full"
back_to_baseline
kill "$reader" "$door"
exec 3<&- 4>&-

# A file, in json: every line is one, with the same facts.
start_echod --fork
start_door --log "$TMPDIR/file" --log-format json 127.0.0.1:0 "$echod_addr"
log=$TMPDIR/file
client snd=foo rcv=foo shw eof
client snd=foobar rcv=foobar shw eof
logged 2 '"cause":"done"'
stop_door
perl -MJSON::PP -ne '
	next if /^sallyport:/;
	my $line = decode_json($_);
	die "cause: $_" unless $line->{cause} eq "done";
	die "in: $_" unless $line->{in} == $line->{out} && $line->{in} =~ /^[36]$/;
	die "client: $_" unless $line->{client} =~ /^127\.0\.0\.1:\d+$/;
	' "$TMPDIR/file" || fail "not the json that was expected"

# tcplog, as HAProxy writes it: ten fields, the seventh the two letters.
start_door --log-format tcplog 127.0.0.1:0 "$echod_addr"
log=$TMPDIR/door.err
client snd=foo rcv=foo shw eof
logged 1 '^127\.0\.0\.1:[0-9]* \[.*\] [^ ]* [^ ]*/[^ ]* [0-9]*/[0-9]*/[0-9]* 3 -- '
stop_door

# Only what matters: a connection that ends well is no warning.
start_door --log-level warn 127.0.0.1:0 "$echod_addr"
client snd=foo rcv=foo shw eof
stop_door
says "$log" cause= && fail "a line at level info passed log-level warn"
exit 0
