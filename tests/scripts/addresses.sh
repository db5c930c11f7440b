#!/bin/sh
# Proves that the door listens on and dials IPv4, IPv6 and Unix sockets, on
# several at once, by number or by name, from flags or from a file.
. tests/lib.sh

serves_on() { door_addr=$1; client snd=hello rcv=hello shw eof; }
address() { echo "$ready_line" | grep -o -e "$1" || fail "no $1 in: $ready_line"; }

needs_ipv6

# Several listeners.
start_echod --fork
start_door --listen 127.0.0.1:0 --listen '[::1]:0' --listen "$TMPDIR/door" \
	--device "$echod_addr"
baseline
serves_on "$(address '127\.0\.0\.1:[1-9][0-9]*' | head -n 1)"
serves_on "$(address '\[::1\]:[1-9][0-9]*')"
serves_on "$TMPDIR/door"
logged 2 "client=\(127\.0\.0\.1\|\[::1\]\):[0-9]* in=5 out=5 .* cause=done"
logged 1 "client=unix in=5 out=5 .* cause=done"
back_to_baseline
stop_door
[ ! -e "$TMPDIR/door" ] || fail "the Unix socket is left behind"

# A Unix socket left by a door that was killed is no hindrance; one that
# another door serves is.
start_door "$TMPDIR/door" "$echod_addr"
end_door KILL
start_door "$TMPDIR/door" "$echod_addr"
serves_on "$TMPDIR/door"
"$SALLYPORT" "$TMPDIR/door" "$echod_addr" 2>"$TMPDIR/second.err" &&
	fail "two doors on one Unix socket"
says "$TMPDIR/second.err" "$TMPDIR/door" || fail "the address is not named"
serves_on "$TMPDIR/door"
stop_door

# A bare port: every address of this machine; a bare device port: here.
start_door 0 "${echod_addr##*:}"
serves_on "127.0.0.1:$door_port"
serves_on "[::1]:$door_port"
logged 1 "client=127\.0\.0\.1:"
stop_door

# Devices: by name, from a chosen source, over IPv6.
start_door 127.0.0.1:0 "localhost:${echod_addr##*:}"
serves_on "$door_addr"
stop_door
start_door --local-address 127.0.0.5 127.0.0.1:0 "$echod_addr"
serves_on "$door_addr"
says "$TMPDIR/echod.err" "serves 127.0.0.5:" || fail "another source"
stop_door
kill "$echod"
start_echod '[::1]:0'
start_door 127.0.0.1:0 "$echod_addr"
serves_on "$door_addr"
stop_door

# From a file; flags win.
kill "$echod"
start_echod --fork
cat >"$TMPDIR/door.conf" <<END
# a comment
listen 127.0.0.1:0

device 127.0.0.1:9   # nobody
idle-timeout 5m
END
start_door -c "$TMPDIR/door.conf" --device "$echod_addr"
serves_on "$door_addr"
"$SALLYPORT" --show-config -c "$TMPDIR/door.conf" --device "$echod_addr" \
	>"$TMPDIR/shown" || fail "--show-config: status $?"
grep -q "^device $echod_addr" "$TMPDIR/shown" || fail "flags do not win"
grep -q "^idle-timeout 5m" "$TMPDIR/shown" || fail "the file is not read"
grep -q "^fin-timeout 60s\|^fin-timeout 1m" "$TMPDIR/shown" ||
	fail "the default is not shown"
stop_door

# What --show-config prints is itself a file that says the same.
"$SALLYPORT" --show-config -c "$TMPDIR/shown" >"$TMPDIR/again" ||
	fail "its own configuration is refused"
diff "$TMPDIR/shown" "$TMPDIR/again" || fail "it changes on the way"
exit 0
