#!/bin/sh
# Proves that doc/design.txt names functions, types and files that exist.
cd "$(dirname "$0")/../.." || exit 1
: "${TMPDIR:=/tmp}"
failed=0
grep -oE '\b[A-Za-z]+(_[A-Za-z]+)+\b' doc/design.txt | sort -u >"$TMPDIR/names"
[ "$(wc -l <"$TMPDIR/names")" -gt 50 ] || { echo "no names"; exit 1; }
while read -r name; do
	git grep -qE "\b${name}_?\b" -- 'src/*.[ch]' || {
		echo "doc/design.txt: $name does not exist"
		failed=1
	}
done <"$TMPDIR/names"
grep -oE "[a-z_/]+\.[ch]\b" doc/design.txt | sed "s,^src/,," | sort -u >"$TMPDIR/files"
while read -r file; do
	git ls-files "src/*$file" | grep -q . || {
		echo "doc/design.txt: $file does not exist"
		failed=1
	}
done <"$TMPDIR/files"
exit $failed
