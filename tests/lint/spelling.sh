#!/bin/sh
# Proves that the manuals, doc/, README, CONTRIBUTING and NEWS are spelt as an
# English dictionary and tests/lint/spelling.txt spell. Code is left out: words
# in backticks, indented blocks, capitals, and words with a sign within.
command -v aspell >/dev/null || { echo "aspell is not installed"; exit 77; }
echo test | aspell list --lang=en_GB 2>/dev/null ||
	{ echo "aspell has no English dictionary"; exit 77; }
cd "$(dirname "$0")/../.." || exit 1
: "${TMPDIR:=/tmp}"

# What stands beside a word makes it code: a dash, a slash, an underscore.
words_of()
{
	sed "s/[^[:space:]]*[-_/=@:.(][[:alnum:]_(][^[:space:]]*/ /g; s/'s\>//g" |
		aspell list --lang=en_GB --ignore=2 | grep -E '^[A-Z]?[a-z]+$'
}
for page in man/*.[0-9]; do
	mandoc -T ascii "$page" | col -b | words_of | sed "s|\$| $page|"
done >"$TMPDIR/found"
git ls-files '*.md' 'doc/*.txt' | grep -v -e field-log -e '^tests/' |
	while read -r page; do
		# shellcheck disable=SC2016 # marks of code, not of the shell
		sed 's/`[^`]*`//g; /^    /d' "$page" | words_of | sed "s|\$| $page|"
	done >>"$TMPDIR/found"

grep -v '^#' tests/lint/spelling.txt >"$TMPDIR/known"
sort -u "$TMPDIR/found" | awk 'NR == FNR { known[$1]; next }
	!(tolower($1) in known) { print $2 ": " $1; bad = 1 }
	END { exit bad }' "$TMPDIR/known" -
