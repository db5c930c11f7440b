#!/bin/sh
# Proves that tests/lib is the one place that starts the proxy for tests and
# benches: who else knows the ready line, or runs the program in a way of its
# own, has a line "Starts it itself: ..." that says why.
cd "$(dirname "$0")/../.." || exit 1
pattern='ready on |[^_]READY_TEXT|(Popen|spawn)\(\[?(proxy\.)?(PROGRAM|"?[^ ]*sallyport)|\}/sallyport"$'
failed=0
for file in $(git grep -lE "$pattern" -- 'tests/*.sh' 'tests/*.py' 'bench/*.sh' \
	'bench/*.py' ':!tests/lib' ':!tests/lint'); do
	grep -q 'Starts it itself: ' "$file" && continue
	echo "$file: starts the proxy, or reads its ready line, without tests/lib"
	failed=1
done
exit $failed
