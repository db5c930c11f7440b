#!/bin/sh
# Proves that `sallyport status --watch` fits a terminal of 80x24 and one of
# 200x50, follows its size and the proxy's state, survives the proxy's restart,
# and leaves the terminal as it was, ended by q, INT or TERM.
PROXY_MODE=
. tests/lib.sh
command -v tmux >/dev/null || skip "tmux is missing"

ctl=$TMPDIR/lab.ctl
term() { tmux -f /dev/null -S "$TMPDIR/tmux" "$@"; }
shows() { term capture-pane -p >"$TMPDIR/pane"; says "$TMPDIR/pane" "$1"; }
# fits COLUMNS ROWS: lines that the terminal had to wrap come out as one.
fits()
{
	term capture-pane -p -J | sed 's/ *$//' >"$TMPDIR/pane"
	[ "$(wc -l <"$TMPDIR/pane")" -le "$2" ] || fail "more than $2 lines"
	python3 -c 'import sys
sys.exit(any(len(x) > int(sys.argv[1]) + 1 for x in sys.stdin))' "$1" \
		<"$TMPDIR/pane" || fail "a line is longer than $1"
}
serve()
{
	start_proxy --name lab --control "$ctl" --gate data --slots 1 \
		--down-after 100ms --connect-retry 0 127.0.0.1:0 "$echod_addr"
}
watch()
{
	term send-keys "'$SALLYPORT' status '$ctl' --watch; echo ended \$?" Enter
	wait_for "the screen" shows "^device up since"
}
# The screen of before is back, with a cursor, and what is typed is seen. A
# prompt stands before an answer if the line was typed before it came.
answers() { shows "^\(> \)*$1"; }
is_clean()
{
	[ "$(term display -p '#{alternate_on} #{cursor_flag}')" = "0 1" ] &&
		answers "ended 0"
}
left()
{
	wait_for "a clean terminal after $1" is_clean
	term send-keys "echo 4$2" Enter
	wait_for "what is typed" answers "4$2"
	shows "echo 4$2" || fail "the terminal does not echo"
	term send-keys "clear" Enter
	wait_for "an empty screen" without_first "clear" cleared
}
cleared() { ! answers "ended"; }

export LC_ALL=C.UTF-8
case $SALLYPORT in /*) ;; *) SALLYPORT=$PWD/$SALLYPORT ;; esac
start_echod --fork
serve
term new-session -d -x 80 -y 24 "ENV='' PS1='> ' exec sh" ||
	fail "tmux does not start"
started="$started $(term display -p '#{pid}')"

watch
for i in 1 2 3; do client snd=foo rcv=foo shw eof; done
wait_for "three clients" shows "^accepted 3, done 3"
shows "^slots 0 of 1 taken" || fail "no slots"
fits 80 24
term resize-window -x 200 -y 50
start_client one snd=foo rcv=foo mark="$TMPDIR/live" wait="$TMPDIR/go" shw eof
one=$started_pid
wait_for "one that is served" test -e "$TMPDIR/live"
start_client two snd=foo rcv=foo shw eof
two=$started_pid
wait_for "one that waits" shows "^waiting: 127.0.0.1"
fits 200 50
term resize-window -x 40 -y 10
wait_for "the small screen" shows "^device up since"
fits 40 10
touch "$TMPDIR/go"
finish "$one" "client one"
finish "$two" "client two"
stop_proxy
wait_for "the end of the proxy" shows "not running"
serve
wait_for "the proxy again" shows "^device up since"
term send-keys q
left q 1

watch
term send-keys C-c
left INT 2
# A character is a column, whatever its bytes; what a longer line left goes;
# another size is not waited for (SIGWINCH, 28, is caught).
start fake python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
while True:
	c = s.accept()[0]
	c.recv(99)
	c.sendall(open(sys.argv[2], "rb").read())
	c.close()' "$TMPDIR/fake.ctl" "$TMPDIR/reply"
bars() { printf "%$1s\n" "" | sed 's/ /▄/g'; }
bars 60 >"$TMPDIR/reply"
wait_for "the socket" test -S "$TMPDIR/fake.ctl"
term send-keys "'$SALLYPORT' status '$TMPDIR/fake.ctl' --watch; echo ended \$?" Enter
wait_for "a whole line of bars" shows "^$(bars 40)$"
shows "^$(bars 20)$" || fail "the rest of the bars is not there"
printf 'short\nlast\n' >"$TMPDIR/reply.new"
mv "$TMPDIR/reply.new" "$TMPDIR/reply"
wait_for "a short line" shows "^short$"
caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$(pgrep -n -f "fake.ctl --watch")/status")
[ $((0x$caught >> 27 & 1)) -eq 1 ] || fail "SIGWINCH is not caught: $caught"
term send-keys q
left q 4

watch
kill -TERM "$(pgrep -n -f "status $ctl --watch")"
left TERM 3
stop_proxy
