#!/bin/sh
# Runs the tests named as arguments, two at a time for each processor, as they
# mostly wait, and prints one line for each and a closing count. What tests that
# failed said last is shown once more behind it, where the end is looked at.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || { echo "run.sh: no tests named"; exit 1; }
# The closing lines are prove's own: "Files=, Tests=" and "Result: PASS".
FAILURES=$(mktemp) || exit 1
export FAILURES
trap 'rm -f "$FAILURES"' EXIT
trap 'exit 1' HUP INT TERM
prove --jobs "${TEST_JOBS:-$(($(nproc) * 2))}" --timer --exec 'sh tests/tap.sh' "$@"
status=$?
cat "$FAILURES"
exit $status
