#!/bin/sh
# Proves that doc/log-format.txt lists every cause with the blame and letter
# of the table in cause.c, and no other.
cd "$(dirname "$0")/../.." || exit 1
: "${TMPDIR:=/tmp}"
sed -n 's/^ROW([A-Z_]*, *"\([a-z-]*\)", *\([A-Z]*\),.*'"'\(.\)'"'),$/\1 \2 \3/p' \
	src/policy/cause.c | tr '[:upper:]' '[:lower:]' | grep -v '^none ' | sort >"$TMPDIR/code"
sed -n '/^    cause  *blame/,/^Messages/p' doc/log-format.txt | sed 1d |
	awk '/^    [a-z]/ { print tolower($1 " " $2 " " $3) }' | sort >"$TMPDIR/doc"
[ "$(wc -l <"$TMPDIR/code")" -gt 20 ] || { echo "no table in cause.c"; exit 1; }
diff "$TMPDIR/code" "$TMPDIR/doc"
