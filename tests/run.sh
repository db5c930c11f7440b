#!/bin/sh
# Runs the tests named as arguments, as many at a time as there are
# processors, and prints one line for each and a closing count.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || { echo "run.sh: no tests named"; exit 1; }
# The closing lines are prove's own: "Files=, Tests=" and "Result: PASS".
exec prove --jobs "${TEST_JOBS:-$(nproc)}" --timer --exec 'sh tests/tap.sh' "$@"
