#!/bin/sh
# Proves that the proxy listens on and connects to IPv4, IPv6 and Unix
# sockets, on several at once, by number or by name, from flags or from a
# file.
. tests/lib.sh

serves_on() { proxy_addr=$1; client snd=hello rcv=hello shw eof; }
address() { echo "$ready_line" | grep -o -e "$1" || fail "no $1 in: $ready_line"; }

needs_ipv6

# Several listeners.
start_echod --fork
start_proxy --listen 127.0.0.1:0 --listen '[::1]:0' --listen "$TMPDIR/proxy" \
	--device "$echod_addr"
baseline
serves_on "$(address '127\.0\.0\.1:[1-9][0-9]*' | head -n 1)"
serves_on "$(address '\[::1\]:[1-9][0-9]*')"
serves_on "$TMPDIR/proxy"
logged 2 "client=\(127\.0\.0\.1\|\[::1\]\):[0-9]* in=5 out=5 .* cause=done"
logged 1 "client=unix in=5 out=5 .* cause=done"
back_to_baseline
stop_proxy
case $PROXY_MODE in
*sandbox*) ;; # one process that is confined can remove nothing
*) [ ! -e "$TMPDIR/proxy" ] || fail "the Unix socket is left behind" ;;
esac

# Who may connect to a Unix socket.
permissions() { stat -c %a:%g "$TMPDIR/proxy"; }
group=$(id -g)
[ "$group" -ne 0 ] || group=12
umask 027
start_proxy "$TMPDIR/proxy" "$echod_addr"
[ "$(permissions)" = "640:$(id -g)" ] || fail "permissions $(permissions)"
stop_proxy
rm -f "$TMPDIR/proxy"
start_proxy --listen-mode 0606 --listen-group "$group" "$TMPDIR/proxy" "$echod_addr"
[ "$(permissions)" = "606:$group" ] || fail "permissions $(permissions)"
serves_on "$TMPDIR/proxy"
stop_proxy
umask 022

# A Unix socket left by a proxy that was killed is no hindrance; one that
# another proxy serves is.
start_proxy "$TMPDIR/proxy" "$echod_addr"
end_proxy KILL
start_proxy "$TMPDIR/proxy" "$echod_addr"
serves_on "$TMPDIR/proxy"
"$SALLYPORT" "$TMPDIR/proxy" "$echod_addr" 2>"$TMPDIR/second.err" &&
	fail "two proxies on one Unix socket"
says "$TMPDIR/second.err" "$TMPDIR/proxy" || fail "the address is not named"
serves_on "$TMPDIR/proxy"
stop_proxy

# What is no socket is refused, and stays.
echo kept >"$TMPDIR/file"
mkfifo "$TMPDIR/fifo"
ln -s "$TMPDIR/file" "$TMPDIR/link"
for kept in file fifo link; do
	timeout 10 "$SALLYPORT" "$TMPDIR/$kept" "$echod_addr" 2>"$TMPDIR/kept.err" &&
		fail "it listens on a $kept"
	says "$TMPDIR/kept.err" "$TMPDIR/$kept" || fail "the $kept is not named"
	[ -e "$TMPDIR/$kept" ] || fail "a $kept is removed"
done
if [ ! -p "$TMPDIR/fifo" ] || [ ! -L "$TMPDIR/link" ]; then
	fail "something else is there"
fi

# A bare port: every address of this machine; a bare device port: here.
start_proxy 0 "${echod_addr##*:}"
serves_on "127.0.0.1:$proxy_port"
serves_on "[::1]:$proxy_port"
logged 1 "client=127\.0\.0\.1:"
stop_proxy

# Devices: by name, from a chosen source, over IPv6.
start_proxy 127.0.0.1:0 "localhost:${echod_addr##*:}"
serves_on "$proxy_addr"
stop_proxy
start_proxy --local-address 127.0.0.5 127.0.0.1:0 "$echod_addr"
serves_on "$proxy_addr"
says "$TMPDIR/echod.err" "serves 127.0.0.5:" || fail "another source"
stop_proxy
kill "$echod"
start_echod '[::1]:0'
start_proxy 127.0.0.1:0 "$echod_addr"
serves_on "$proxy_addr"
stop_proxy

# From a file; flags win.
kill "$echod"
start_echod --fork
cat >"$TMPDIR/proxy.conf" <<END
# a comment
listen 127.0.0.1:0

device 127.0.0.1:9   # nobody
idle-timeout 5m
END
start_proxy -c "$TMPDIR/proxy.conf" --device "$echod_addr"
serves_on "$proxy_addr"
"$SALLYPORT" --show-config -c "$TMPDIR/proxy.conf" --device "$echod_addr" \
	>"$TMPDIR/shown" || fail "--show-config: status $?"
grep -q "^device $echod_addr" "$TMPDIR/shown" || fail "flags do not win"
grep -q "^idle-timeout 5m" "$TMPDIR/shown" || fail "the file is not read"
grep -q "^fin-timeout 60s\|^fin-timeout 1m" "$TMPDIR/shown" ||
	fail "the default is not shown"
stop_proxy

# What --show-config prints is itself a file that says the same.
"$SALLYPORT" --show-config -c "$TMPDIR/shown" >"$TMPDIR/again" ||
	fail "its own configuration is refused"
diff "$TMPDIR/shown" "$TMPDIR/again" || fail "it changes on the way"
exit 0
