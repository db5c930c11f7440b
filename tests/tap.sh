#!/bin/sh
# Runs one test under a time limit and speaks TAP for it: exit 0 is ok, 77 is
# a skip whose reason is the last line printed, anything else a failure whose
# output follows, on stderr too, as prove shows no other. TEST_TIMEOUT is in
# seconds; only a test that hangs meets it, however slow the machine.
test=$1
tmp=$(mktemp -d) && chmod 711 "$tmp" || exit 1 # for tests as another user
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
case $test in
*.sh) set -- sh "$test" ;;
*) set -- "$test" ;;
esac
TMPDIR=$tmp timeout -k 5 "${TEST_TIMEOUT:-900}" "$@" >"$tmp/.out" 2>&1 </dev/null
rc=$?
case $rc in
0) printf '1..1\nok 1 - %s\n' "$test" ;;
77) echo "1..0 # SKIP $(tail -n 1 "$tmp/.out")" ;;
*)
	why="exit $rc"
	# 137: it took no notice, and was killed.
	case $rc in
	124 | 137) why="$why: killed, or stopped after ${TEST_TIMEOUT:-900} s" ;;
	esac
	printf '1..1\nnot ok 1 - %s (%s)\n' "$test" "$why"
	{ tail -n 80 "$tmp/.out" && echo "$test: $why"; } | sed 's/^/# /' >&2
	{ echo "$test: $why:" && tail -n 10 "$tmp/.out"; } >>"${FAILURES:-/dev/null}"
	;;
esac
