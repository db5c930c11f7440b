#!/bin/sh
# Proves that words that are not used any more stay away: nine of them from
# all text, others from the source and from the names of files, settings and
# causes. What to say instead stands beside each.
#
# Left out are "old -> new" in NEWS and in the list of old causes, and this
# table.
cd "$(dirname "$0")/../.." || exit 1

# In all text, and within identifiers.
everywhere='
door     proxy, sallyport
seat     place, connection
ghost    quarantined slot
lesson   health signal
heir     successor
deaf     that does not read, that ignores FIN
starved  waiting for memory
owed     buffered
haunt    hold open silently
'
# In the source, and elsewhere in names only.
names='
absorb      reply_buffer
displaced   evicted
favoured    lease
hungry      waiting for memory
pphdr       proxy_header
rephead     response
complain    report
complaint   error
wedged      stuck
trial       probe
half_deaf   read side done
device_pass slot
kept_chunks lease
feed_timeout  send_timeout
losing      delivering what the peer sent before its reset
wish        interest
marry       pair
'
words() { echo "$1" | awk 'NF { printf "%s%s", sep, $1; sep = "|" }'; }
instead() { echo "$everywhere$names" | sed -n "s/^$1  *//p"; }

# report WHERE WORDS < lines "FILE:LINE:TEXT" or file names
failed=0
report()
{
	while read -r line; do
		word=$(echo "$line" | grep -oiE "(^|[^a-z])($1)s?([^a-z]|$)" |
			head -n 1 | tr '[:upper:]' '[:lower:]' | grep -oE "$1")
		echo "$line"
		echo "    say: $(instead "$word")"
	done >"${TMPDIR:=/tmp}/found"
	cat "$TMPDIR/found"
	[ ! -s "$TMPDIR/found" ] || failed=1
}
bounded() { echo "(^|[^a-z])($1)s?([^a-z]|$)"; }

all=$(words "$everywhere")
both=$all\|$(words "$names")
git grep -IniE "$(bounded "$all")" -- . ':!tests/lint/words.sh' \
	>"${TMPDIR:=/tmp}/lines"
grep -v -e '[a-z] -> [a-z]' "$TMPDIR/lines" >"$TMPDIR/kept"
report "$all" <"$TMPDIR/kept"
retired=$(words "$names")
git grep -nwE "([a-z_]*_)?($retired)s?(_[a-z_]*)?" -- 'src/*.[ch]' |
	grep -v -e '^src/settings/option_hint.c:.*{"' >"$TMPDIR/lines"
report "$retired" <"$TMPDIR/lines"
named='(^|[^a-z])(struct|enum|class|def) '
git grep -nE "(_|$named)($retired)s?([^a-z]|$)|(^|[^a-z])($retired)s?_" \
	-- 'contrib/*.[ch]' 'tests/*.[ch]' '*.py' >"$TMPDIR/lines"
report "$retired" <"$TMPDIR/lines"
git ls-files | grep -v corpus | grep -iE "$(bounded "$both")" >"$TMPDIR/lines"
report "$both" <"$TMPDIR/lines"
sed -n 's/^{"\([a-z-]*\)", .*/\1/p' src/settings/option_table.c |
	cat - src/policy/cause.c | grep -E "^($both)$|\"($both)\"" >"$TMPDIR/lines"
report "$both" <"$TMPDIR/lines"
exit $failed
