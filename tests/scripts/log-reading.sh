#!/bin/sh
# Proves that each command that doc/log-format.txt shows for reading a log
# makes something of it.
. tests/lib.sh
command -v jq >/dev/null || skip "jq is missing"

start_echod --fork
for format in logfmt json tcplog; do
	start_proxy --gate data --slots 1 --log-format $format \
		--log "$TMPDIR/sallyport.$format" 127.0.0.1:0 "$echod_addr"
	for i in 1 2 3; do client snd=foo rcv=foo shw eof; done
	stop_proxy
done
awk '/^Reading it/ { on = 1 } /^States/ { on = 0 }
	on && /^    / { sub(/^ */, ""); print }' doc/log-format.txt \
	>"$TMPDIR/commands"
[ "$(wc -l <"$TMPDIR/commands")" -eq 11 ] || fail "not the commands of the page"
cp packaging/logs/* "$TMPDIR"
cd "$TMPDIR" || exit 1
export HOME="$TMPDIR" missing=
while read -r command; do
	command -v "${command%% *}" >/dev/null || {
		missing="$missing ${command%% *}"
		continue
	}
	sh -c "$command" >said 2>&1 </dev/null || fail "$command: $(cat said)"
	[ ! -e report.html ] || cat report.html >>said
	says said '^ *3 .*done$\|^3 --$\|^[0-9]* 127.0.0.1\|"half": [0-9]\|^done,3$\|^--,3$\|installed --\|"data": "done"' ||
		fail "$command: $(cat said)"
done <commands
[ -z "$missing" ] || skip "not installed:$missing"
