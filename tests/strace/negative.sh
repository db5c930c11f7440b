#!/bin/sh
# Proves that the checker names each broken promise, and nothing else, in
# traces known to be wrong: those of 2017, and one or more for each property.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
	grep -qE "^# expect=(.*,)?P$n(,|\$)" tests/strace/negative/*.trace ||
		{ echo "no trace breaks P$n"; exit 1; }
done
exec python3 tests/strace/props.py --negative tests/strace/negative/*.trace
