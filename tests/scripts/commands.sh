#!/bin/sh
# Proves that every command which the README, CONTRIBUTING, the manuals,
# doc/testing.txt and the READMEs of contrib show does what it is shown for:
# it ends well, or it serves and then ends well.
#
# Elsewhere: doc/operations.md, doc/log-format.txt, doc/poll-semantics.txt, the
# tutorial of tempdev, doc/devices.md and chapter 9 of doc/testing.txt have tests
# of their own.
. tests/lib.sh
in_own_network
top=$PWD
BIN=$(cd "$BIN" && pwd) BUILD=$(cd "$BUILD" && pwd)

# Commands stand in an indented block or behind a prompt; two blanks end one.
shown_in_text()
{
	awk '/^9\. YOUR OWN DAEMON/ { off = 1 }
	/^10\. / { off = 0 }
	off { next }
	more || /^    (\.\/sallyport|make|sh|python3|strace|build|contrib|pollmap)[ \/]/ {
		line = $0
		sub(/^ */, "", line)
		sub(/  .*| # .*/, "", line)
		more = sub(/\\$/, "", line)
		printf "%s%s", line, more ? "" : "\n"
	}' "$@"
}
shown_in_manuals()
{
	for page; do
		mandoc -T ascii -O width=200 "$page" | col -b |
			sed -n '/^EXAMPLES/,/^[A-DF-Z]/s/^[ 	]*\$ //p'
	done
}

# Those that take minutes, or want more than a test has, are only looked up:
# `make check-fresh`, `make check-long` and tests/poll/doc.sh run them.
is_long()
{
	case $1 in
	"sh scripts/"* | "sh tests/sim/mutants.sh" | "sh tests/sim/same.sh" | *week.plan | \
		*"golden.py bless"* | "pollmap race"*) ;;
	*) return 1 ;;
	esac
}
exists()
{
	for word in $1; do
		case $word in
		*/*) [ -e "$top/$word" ] || [ -e "$BUILD/${word#build/}" ] || return 1 ;;
		esac
	done
}

# In a directory that has what the texts take for granted.
mkdir "$TMPDIR/here" "$TMPDIR/bin"
for program in sallyport contrib/tempdev/tempdev contrib/pollmap/pollmap \
	contrib/trace/traceform; do
	ln -s "$BIN/$program" "$TMPDIR/bin"
done
ln -s "$BIN/contrib/debug/poll" "$TMPDIR/bin/poll-probe"
for tool in tracemap traceprops; do
	printf '#!/bin/sh\nexec python3 %s "$@"\n' "$top/contrib/trace/$tool.py" \
		>"$TMPDIR/bin/$tool"
done
printf '#!/bin/sh\nexec poll-probe -c "pol(0)"\n' >"$TMPDIR/here/mydaemon"
chmod +x "$TMPDIR"/bin/* "$TMPDIR/here/mydaemon"
PATH=$TMPDIR/bin:$PATH
cd "$TMPDIR/here" || exit 1
ln -s "$BIN/sallyport" sallyport
ln -s "$BUILD" build
mkdir tests contrib contrib/trace
for part in strace sim run.sh tap.sh; do
	ln -s "$top/tests/$part" tests
done
for part in devices "trace/traceprops.py"; do
	ln -s "$top/contrib/$part" "contrib/$part"
done
ln -s "$BIN/contrib/trace/traceform" contrib/trace
awk '/^    # \/etc\/sallyport\/greenhouse.conf/ { on = 1 }
	on && /^$/ { exit }
	on { sub(/^    /, ""); print }' "$top/README.md" >greenhouse.conf
[ -s greenhouse.conf ] || fail "README.md has no configuration"

may_trace=
! is_sanitized && strace -f true 2>/dev/null && may_trace=1

# What stands for itself in a text, made what it means.
made_concrete()
{
	sed 's|/etc/sallyport/||; s|/run/|./|; s|/tmp/|./|; s| \.\.\.$| 8001 8008|; s| SEED$| 1|; s| NAME 8001| raw 8001|
	s| FILE$| tests/sim/regress/cut-copy.plan|'
}

# try COMMAND: it ends with 0, or is ready, is ended, and then does.
try()
{
	start shown setsid sh -c "${1%&}"
	started="$started -$started_pid" # with all that it starts
	wait_for "$1" is_ready_or_ended "$TMPDIR/shown.err" "$started_pid"
	case $1 in
	*"&") return ;;
	esac
	if ! ended "$started_pid"; then
		kill -TERM "-$started_pid"
		wait_for "the end of $1" ended "$started_pid"
	fi
	wait "$started_pid"
	status=$?
	# The shell itself may be what TERM ended; a seed that does not fail
	# has no shortest plan.
	[ $status -eq 0 ] || says "$TMPDIR/shown.out" '^no check fails' ||
		{ [ $status -eq 143 ] && was_ready "$TMPDIR/shown.err"; } ||
		fail "$1: ends with $status"
}

{
	shown_in_text "$top/README.md" "$top/CONTRIBUTING.md" "$top/doc/testing.txt" \
		"$top"/contrib/devices/README.md "$top"/contrib/pollmap/README.md
	# shellcheck disable=SC2016
	grep -ho '`\(\./\)\?sallyport -[^`]*`' "$top"/README.md "$top"/doc/*.md |
		tr -d '`'
	[ -z "$(command -v mandoc)" ] || shown_in_manuals "$top"/man/*.[0-9]
} | made_concrete >"$TMPDIR/commands"
[ "$(wc -l <"$TMPDIR/commands")" -gt 40 ] || fail "few commands"

while read -r command <&5; do
	case $command in
	make*)
		# shellcheck disable=SC2086 # several words
		env -u MAKEFLAGS -u MAKELEVEL make -C "$top" -n ${command#make} \
			>/dev/null 2>"$TMPDIR/make.err" || fail "$command"
		continue
		;;
	*strace* | *traceform* | *tracemap*) [ -n "$may_trace" ] || continue ;;
	esac
	if is_long "$command"; then
		exists "$command" || fail "$command: no such file"
	else
		try "$command"
	fi
done 5<"$TMPDIR/commands"
exit 0
