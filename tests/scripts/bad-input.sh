#!/bin/sh
# Proves that bad settings are named, each with what was expected, all in one
# run, with the right exit code, and that nothing is half-started.
. tests/lib.sh

said=$TMPDIR/said.err

# refuses STATUS ARGUMENT...: the door does not start; what it says is in $said.
refuses()
{
	wanted=$1
	shift
	timeout 10 "$SALLYPORT" "$@" >"$TMPDIR/said.out" 2>"$said"
	status=$?
	[ $status -eq "$wanted" ] || fail "status $status, not $wanted: $*"
	[ -s "$said" ] || fail "nothing said: $*"
	! says "$said" ': ready on ' || fail "it was ready: $*"
}
# named TEXT...: one line has them all.
named()
{
	cp "$said" "$TMPDIR/lines"
	for text; do
		grep -F -e "$text" "$TMPDIR/lines" >"$TMPDIR/left"
		mv "$TMPDIR/left" "$TMPDIR/lines"
		[ -s "$TMPDIR/lines" ] || fail "not named: $*"
	done
}
so_many_faults() { [ "$(wc -l <"$said")" -eq "$1" ] || fail "not $1 lines"; }

# A bad value is named with its setting and with what was expected, on the
# command line,
while read -r name value; do
	refuses 64 "--$name" "$value" 127.0.0.1:0 127.0.0.1:9
	named "$name" "$value" expected
	so_many_faults 1

	# and in a file, with the line.
	printf 'device 127.0.0.1:9\n# %s\n\n%s %s\n' x "$name" "$value" \
		>"$TMPDIR/bad.conf"
	refuses 78 -c "$TMPDIR/bad.conf" --listen 127.0.0.1:0
	named "$TMPDIR/bad.conf:4: " "$name" "$value" expected
	so_many_faults 1
done <<END
idle-timeout 5
idle-timeout 5x
idle-timeout -1s
idle-timeout 1s2
idle-timeout 99999999999999999999s
connect-timeout soon
fin-timeout ms
max-clients many
max-clients -1
max-clients 1.5
max-clients 99999999999999999999
reply-buffer 16q
reply-buffer k
memory 0x10
connect-retry 1s
half-close never
on-device-fin open
device-abort kill
splice perhaps
log-level loud
log-format xml
local-address 127.0.0.1:80
local-address nowhere
listen 127.0.0.1:65536
listen 127.0.0.1
listen 1.2.3:80
listen [::1:80
listen ::1:80
listen http
profile w5100
END
for name in idle-timeout max-clients reply-buffer half-close log listen device; do
	refuses 64 "--$name" "" 127.0.0.1:0 127.0.0.1:9
	named "$name" expected
	refuses 64 127.0.0.1:0 127.0.0.1:9 "--$name"
	named "$name" expected
	echo "$name" >"$TMPDIR/bad.conf"
	refuses 78 -c "$TMPDIR/bad.conf" 127.0.0.1:0 127.0.0.1:9
	named "$TMPDIR/bad.conf:1: " "$name" expected
done

# An unknown name suggests the nearest one.
refuses 64 --idle-timout 5s 127.0.0.1:0 127.0.0.1:9
named idle-timout idle-timeout
echo "half-closed propagate" >"$TMPDIR/bad.conf"
refuses 78 -c "$TMPDIR/bad.conf" 127.0.0.1:0 127.0.0.1:9
named "$TMPDIR/bad.conf:1: " half-closed half-close
refuses 64 -z 127.0.0.1:0 127.0.0.1:9
named "z"

# The wrong number of addresses.
refuses 64
refuses 64 127.0.0.1:0
refuses 64 127.0.0.1:0 127.0.0.1:9 127.0.0.1:10
named "127.0.0.1:10"

# All faults in one run, from the file and the command line; then it is 78.
cat >"$TMPDIR/bad.conf" <<END
listen 127.0.0.1:0
idle-timeout 5
nonsense 1
reply-buffer lots
END
refuses 78 -c "$TMPDIR/bad.conf" --fin-timeout x --splice y
named "bad.conf:2: "
named "bad.conf:3: "
named "bad.conf:4: "
named fin-timeout
named splice
so_many_faults 6
named device # none was given

# A file that cannot be read.
refuses 78 -c "$TMPDIR/absent.conf" 127.0.0.1:0 127.0.0.1:9
named "$TMPDIR/absent.conf" "No such file"
refuses 78 -c "$TMPDIR" 127.0.0.1:0 127.0.0.1:9
printf 'listen 127.0.0.1:0\0\n\377\376' >"$TMPDIR/bad.conf"
refuses 78 -c "$TMPDIR/bad.conf" 127.0.0.1:0 127.0.0.1:9

# A busy-reply that cannot be one, and a FIFO is not waited for.
mkfifo "$TMPDIR/fifo"
for file in "$TMPDIR/absent" "$TMPDIR" "$TMPDIR/fifo" /dev/zero; do
	refuses 64 --gate data --busy-reply "$file" 127.0.0.1:0 127.0.0.1:9
	named busy-reply "\"$file\"" expected
	so_many_faults 1
done

# An address in use, and one that is not ours: named, and not half-started.
start_door 127.0.0.1:0 127.0.0.1:9
refuses 71 --listen "$TMPDIR/other" --listen "$door_addr" --device 127.0.0.1:9
named "$door_addr" "in use"
[ ! -e "$TMPDIR/other" ] || fail "a Unix socket is left behind"
refuses 71 192.0.2.1:0 127.0.0.1:9
named 192.0.2.1:0 "annot assign"
refuses 71 "$TMPDIR/absent/socket" 127.0.0.1:9
named "$TMPDIR/absent/socket"
refuses 71 --events "$TMPDIR/absent/events" 127.0.0.1:0 127.0.0.1:9
named "events $TMPDIR/absent/events" "No such file"
refuses 71 --log "$TMPDIR/absent/log" 127.0.0.1:0 127.0.0.1:9
named "$TMPDIR/absent/log"
stop_door

# -t says nothing is wrong when nothing is, and does not listen.
timeout 10 "$SALLYPORT" -t 127.0.0.1:0 127.0.0.1:9 2>"$said" ||
	fail "-t refuses what is right"
! says "$said" ': ready on ' || fail "-t starts a door"
"$SALLYPORT" --help | grep -q -e --idle-timeout || fail "--help"
"$SALLYPORT" --version | grep -q '[0-9]\.[0-9]' || fail "--version"
exit 0
