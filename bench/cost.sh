#!/bin/sh
# Proves that a connection and a request cost no more instructions and system
# calls than stated here: what was measured, and a tenth.
. tests/lib.sh

for tool in valgrind strace python3; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
is_sanitized && skip "the cost of a sanitized proxy means nothing"
[ "$(uname -m)" = x86_64 ] || skip "the bounds are those of x86-64"
python3 bench/instructions.py --bin "$SALLYPORT" -n 100 >"$TMPDIR/costs" ||
	fail "instructions.py"
cat "$TMPDIR/costs"
while read -r work instructions calls; do
	awk -v work="$work" -v most="$instructions" -v calls="$calls" '
		$1 == work { good = $2 <= most && $4 <= calls }
		END { exit !good }' "$TMPDIR/costs" ||
		fail "$work: more than $instructions instructions or $calls calls"
done <<END
short 3660 16.1
keep-alive 1070 6.1
w5500 8850 18.1
END
