#!/bin/sh
# Proves that C files are formatted as .clang-format says, by Debian 12's
# clang-format (--write formats them), within 80 columns where it may not break
# a line, and that a file's own header comes first.
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }
case $(clang-format --version) in
*"version 14."*) ;;
*) echo "clang-format is not version 14"; exit 77 ;;
esac
cd "$(dirname "$0")/../.." || exit 1
generated=contrib/pollmap/automaton.h
git ls-files '*.[ch]' ":!$generated" >"${TMPDIR:=/tmp}/files"
[ "${1:-}" != --write ] || exec xargs clang-format -i <"$TMPDIR/files"
xargs clang-format --dry-run -Werror <"$TMPDIR/files" || exit 1
git ls-files '*.[ch]' ":!$generated" | while read -r file; do
	# A tab ends at a multiple of 8; what is behind 80 signs is too much.
	LC_ALL=C.UTF-8 expand "$file" | grep -nE '.{81}' | sed "s|^|$file:|"
	own=$(basename "$file" .c)
	grep -qx "${file%.c}.h" "$TMPDIR/files" || continue
	grep -m 1 '^#include' "$file" | grep -q "[\"/]$own\(_impl\)\?\.h\"" ||
		echo "$file: $own.h is to be included first"
done >"$TMPDIR/wrong"
cat "$TMPDIR/wrong"
[ ! -s "$TMPDIR/wrong" ]
