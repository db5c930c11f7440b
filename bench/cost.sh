#!/bin/sh
# Proves that a connection and a request cost no more instructions and system
# calls than stated here: what was measured, and a twentieth.
. tests/lib.sh

for tool in valgrind strace python3; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
is_sanitized && skip "the cost of a sanitized proxy means nothing"
[ "$(uname -m)" = x86_64 ] || skip "the bounds are those of x86-64"

# A client that a busy machine interrupts between connect and request costs the
# proxy a turn: five attempts.
costs_at_most()
{
	attempts=5
	until python3 bench/instructions.py --bin "$SALLYPORT" -n 100 "$1" |
		tee -a "$TMPDIR/costs" |
		awk -v most="$2" -v calls="$3" '
			{ good = $2 <= most && $4 <= calls }
			END { exit !good }'; do
		attempts=$((attempts - 1))
		[ $attempts -gt 0 ] || fail "$1: not within $2 instructions" \
			"and $3 calls: $(cat "$TMPDIR/costs")"
	done
}

costs_at_most short 2580 16.1
costs_at_most keep-alive 770 6.1
costs_at_most w5500 6990 18.1
cat "$TMPDIR/costs"
