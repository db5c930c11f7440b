#!/bin/sh
# Proves that bad settings are named, each with what was expected, all in one
# run, with the right exit code, and that nothing is half-started.
. tests/lib.sh

said=$TMPDIR/said.err

# refuses STATUS ARGUMENT...: the proxy does not start; what it reports is in
# $said, each line after the name of the program.
refuses()
{
	wanted=$1
	shift
	timeout 10 "$SALLYPORT" "$@" >"$TMPDIR/said.out" 2>"$said"
	status=$?
	[ $status -eq "$wanted" ] || fail "status $status, not $wanted: $*"
	[ -s "$said" ] || fail "nothing said: $*"
	grep -v '^sallyport: ' "$said" && fail "without the program's name: $*"
	! was_ready "$said" || fail "it was ready: $*"
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
	named "sallyport: $TMPDIR/bad.conf:4: " "$name" "$value" expected
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
listen-mode 0999
listen-group no-such-group
name a=b
stream-slots 0
body-max -1
reply-rate fast
allow-method get
answer favicon.ico
strip-header Host
request-limit 5
request-limit 0/1s
user no-such-user
down-after x,1s
down-after 1001
local-address 1.2.3
allow 1.2.3
accept-proxy 1.2.3
END
refuses 64 --user 65534 --group no-such-group 127.0.0.1:0 127.0.0.1:9
named group no-such-group expected
refuses 64 --group 0 127.0.0.1:0 127.0.0.1:9
named group "user is off" expected
# Too long; too many of what may be repeated.
refuses 64 --name "$(printf %0101d 0)" 127.0.0.1:0 127.0.0.1:9
named "is too long" expected
refuses 64 --probe "GET /$(printf %0512d 0)" 127.0.0.1:0 127.0.0.1:9
named "is too long" expected
for name in allow accept-proxy; do
	seq 300 | sed "s/.*/$name 10.0.0.1/" >"$TMPDIR/bad.conf"
	refuses 78 -c "$TMPDIR/bad.conf" 127.0.0.1:0 127.0.0.1:9
	named "$TMPDIR/bad.conf:" "$name" expected
done

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

# The wrong number of addresses; none at all points to the help.
refuses 64
named --help
so_many_faults 1
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
for directory in /no-such/log "$TMPDIR/"; do
	refuses 71 -t --log "$directory" 127.0.0.1:0 127.0.0.1:9
	named log "$directory"
done
: >"$TMPDIR/empty"
for file in "$TMPDIR/absent" "$TMPDIR/empty" "$TMPDIR" "$TMPDIR/fifo" /dev/zero; do
	refuses 64 --gate data --busy-reply "$file" 127.0.0.1:0 127.0.0.1:9
	named busy-reply "\"$file\"" expected
	so_many_faults 1
done

# An address in use, and one that is not ours: named, and not half-started.
start_proxy 127.0.0.1:0 127.0.0.1:9
refuses 71 --listen "$TMPDIR/other" --listen "$proxy_addr" --device 127.0.0.1:9
named "$proxy_addr" "in use"
[ ! -e "$TMPDIR/other" ] || fail "a Unix socket is left behind"
refuses 75 192.0.2.1:0 127.0.0.1:9
named 192.0.2.1:0 "annot assign"
refuses 71 "$TMPDIR/absent/socket" 127.0.0.1:9
named "$TMPDIR/absent/socket"
refuses 71 --events "$TMPDIR/absent/events" 127.0.0.1:0 127.0.0.1:9
named "events $TMPDIR/absent/events" "No such file"
refuses 71 --log "$TMPDIR/absent/log" 127.0.0.1:0 127.0.0.1:9
named "$TMPDIR/absent/log"
stop_proxy

# -t looks at what would be opened, and changes nothing there.
echo text >"$TMPDIR/file"
refuses 71 -t "$TMPDIR/file" 127.0.0.1:9 --log "$TMPDIR/absent/log" \
	--events "$TMPDIR/file" --local-address 192.0.2.1 --down-after 1 \
	--first-byte-timeout 1s
named LISTEN "$TMPDIR/file" "no socket"
named log "$TMPDIR/absent/log" "No such file"
named events "$TMPDIR/file" "no FIFO"
named local-address 192.0.2.1 "annot assign"
so_many_faults 4
[ "$(cat "$TMPDIR/file")" = text ] || fail "-t changes a file"
timeout 10 "$SALLYPORT" -t "$TMPDIR/new.sock" 127.0.0.1:9 \
	--log "$TMPDIR/new.log" 2>"$said" || fail "-t refuses what is right"
for made in "$TMPDIR/new.sock" "$TMPDIR/new.log"; do
	[ ! -e "$made" ] || fail "-t makes a file: $made"
done

# It warns of what has no effect, and that is no error.
timeout 10 "$SALLYPORT" -t 127.0.0.1:0 127.0.0.1:9 --probe 'GET /' \
	2>"$said" || fail "a warning is an error"
named 'sallyport: warning: --probe'
so_many_faults 1

timeout 10 "$SALLYPORT" -t 127.0.0.1:0 no-such-host.invalid:9 2>"$said" ||
	fail "a name that does not resolve now is an error"
named 'sallyport: warning: ' no-such-host.invalid "until it does"
so_many_faults 1

# What --show-config prints is good, and nothing to warn of.
[ "$("$SALLYPORT" --profile LIST | wc -l)" -eq 6 ] || fail "not 6 profiles"
for profile in $("$SALLYPORT" --help profiles | sed 's/ .*//'); do
	"$SALLYPORT" --show-config --profile "$profile" >"$TMPDIR/all.conf"
	timeout 10 "$SALLYPORT" -t -c "$TMPDIR/all.conf" --listen 127.0.0.1:0 \
		--device 127.0.0.1:9 2>"$said" || fail "$profile is refused"
	[ ! -s "$said" ] || fail "$profile: $(cat "$said")"
done

# A file that may not be read, and a directory that may not be written.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	nobody="setpriv --reuid 65534 --clear-groups"
	mkdir -m 711 "$TMPDIR/ours"
	cp "$SALLYPORT" "$TMPDIR/ours/sallyport"
	chmod 711 "$TMPDIR"
	echo 'listen 127.0.0.1:0' >"$TMPDIR/ours/secret.conf"
	chmod 600 "$TMPDIR/ours/secret.conf"
	$nobody "$TMPDIR/ours/sallyport" -t -c "$TMPDIR/ours/secret.conf" \
		2>"$said"
	[ $? -eq 77 ] || fail "a file that may not be read is not 77"
	named secret.conf "Permission denied"
	so_many_faults 1
	$nobody "$TMPDIR/ours/sallyport" -t "$TMPDIR/ours/socket" \
		127.0.0.1:9 2>"$said"
	[ $? -eq 77 ] || fail "a directory that may not be written is not 77"
	named "$TMPDIR/ours/socket" "Permission denied"
fi

# -t says nothing is wrong when nothing is, and does not listen.
timeout 10 "$SALLYPORT" -t 127.0.0.1:0 127.0.0.1:9 \
	--local-address 127.0.0.1 --user root --group root \
	2>"$said" || fail "-t refuses what is right"
! was_ready "$said" || fail "-t serves"
for flag in --help -h; do
	"$SALLYPORT" $flag | grep -q -e --idle-timeout || fail "$flag"
done
for flag in --version -V; do
	"$SALLYPORT" $flag | grep -q '[0-9]\.[0-9]' || fail "$flag"
done
exit 0
