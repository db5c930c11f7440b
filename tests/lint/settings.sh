#!/bin/sh
# Proves that every setting of --help has a test that runs the proxy with it:
# `git grep -l -e --NAME tests` finds one that is more than a look at how the
# setting is written.
cd "$(dirname "$0")/../.." || exit 1
: "${BIN:=.}" "${TMPDIR:=/tmp}"
"$BIN/sallyport" --help | sed -n '/^Addresses/,$s/^  --\([a-z-]*\) .*/\1/p' \
	>"$TMPDIR/settings"
[ "$(wc -l <"$TMPDIR/settings")" -gt 40 ] || { echo "no settings in --help"; exit 1; }
failed=0
while read -r name; do
	git grep -qE -e "--$name([^a-z-]|$)" -- tests ':!tests/unit' ':!tests/lint' \
		':!tests/fuzz' ':!tests/sim' ':!tests/scripts/bad-input.py' ':!*.md' && continue
	echo "no test runs the proxy with --$name"
	failed=1
done <"$TMPDIR/settings"
exit $failed
