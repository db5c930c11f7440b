#!/bin/sh
# Proves that the quickstart shows a reply and a log line and leaves nothing
# running; and with --keep, leaves both running until it is told to end.
. tests/lib.sh
[ "$(realpath "$BIN")" = "$(realpath .)" ] || skip "the quickstart runs ./sallyport, not what is tested"

# What was said on make's command line holds for the quickstart's make, too: it
# would make ./sallyport anew, while other tests run it. Not so make's jobs.
case "${MAKEFLAGS:-}" in
*"-- "*) export MAKEFLAGS="-- ${MAKEFLAGS##*-- }" ;;
*) unset MAKEFLAGS ;;
esac
unset MAKELEVEL
made=$(stat -c '%i %y' sallyport)

addresses_in() { sed -n 's/^== .* listens on \(.*\)/\1/p' "$1"; }
nothing_listens()
{
	for addr in $(addresses_in "$1"); do
		"$ACTOR" "$addr" con=ECONNREFUSED || return
	done
}

sh scripts/quickstart.sh >"$TMPDIR/once" 2>&1 || {
	cat "$TMPDIR/once"
	fail "status $?"
}
says "$TMPDIR/once" "Temperature Server" || fail "no page is shown"
says "$TMPDIR/once" "^time=.* cause=done" || fail "no log line is shown"
[ "$(addresses_in "$TMPDIR/once" | wc -l)" -eq 2 ] || fail "not two addresses"
wait_for "nothing left behind" nothing_listens "$TMPDIR/once"
[ "$(stat -c '%i %y' sallyport)" = "$made" ] || fail "made ./sallyport anew"

# Port 8001 if it is free, else another.
if [ -n "${OWN_NETWORK:-}" ]; then
	says "$TMPDIR/once" "proxy listens on 127.0.0.1:8001$" ||
		fail "not on port 8001"
	device_listens=127.0.0.1:8001
	start_device wait="$TMPDIR/never"
fi
start keep sh scripts/quickstart.sh --keep
keep=$started_pid
wait_for "both to stay" says "$TMPDIR/keep.out" "until Ctrl-C"
proxy_addr=$(addresses_in "$TMPDIR/keep.out" | tail -n 1)
curl --silent --max-time 10 "http://$proxy_addr/" |
	grep -q "Temperature Server" || fail "it does not serve on"
kill -TERM "$keep"
wait_for "the end" ended "$keep"
wait_for "nothing left behind" nothing_listens "$TMPDIR/keep.out"

sh scripts/quickstart.sh --nonsense 2>/dev/null && fail "nonsense is accepted"
exit 0
