#!/bin/sh
# Runs one test under a time limit and speaks TAP for it: exit 0 is ok, 77 is
# a skip whose reason is the last line printed, anything else a failure whose
# output follows. TEST_TIMEOUT is in seconds; only a test that hangs meets it,
# however slow the machine.
test=$1
tmp=$(mktemp -d) && chmod 711 "$tmp" || exit 1 # for tests as another user
trap 'rm -rf "$tmp"' EXIT
case $test in
*.sh) set -- sh "$test" ;;
*) set -- "$test" ;;
esac
TMPDIR=$tmp timeout -k 5 "${TEST_TIMEOUT:-900}" "$@" >"$tmp/.out" 2>&1 </dev/null
rc=$?
echo "1..1"
case $rc in
0) echo "ok 1 - $test" ;;
77) echo "ok 1 - $test # SKIP $(tail -n 1 "$tmp/.out")" ;;
*)
	[ $rc -eq 124 ] && echo "# stopped after ${TEST_TIMEOUT:-900} s"
	tail -n 80 "$tmp/.out" | sed 's/^/# /'
	echo "not ok 1 - $test (exit $rc)"
	tail -n 80 "$tmp/.out" | sed 's/^/# /' >&2
	;;
esac
