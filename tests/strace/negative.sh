#!/bin/sh
# Proves that the checker names each broken promise with its line, and nothing
# else: in traces known to be wrong, one or more for each promise; in traces
# known to be good, where it must judge nothing or keep its peace; and in those
# of 2017, from strace's own output on, where every complaint of their author
# must be found, and every further claim explained. The recorded traces of
# programs nobody here wrote must parse whole and get the verdicts that were
# checked by hand.
command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
cd tests/strace || exit 1
bin=${BIN:-../..}
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	grep -qE "^# expect=(.*,)?P$n@" negative/*.trace notes/*.trace ||
		{ echo "no trace breaks P$n"; exit 1; }
done
for raw in notes/*.strace; do
	trace=${raw%.strace}.trace
	"$bin/contrib/trace/traceform" -l -a 10.0.3.82:8008=back \
		-a 127.0.0.1:8008=back -a 127.0.0.1:8000=back "$raw" 2>/dev/null |
		grep -v '^#' >"$TMPDIR/canonical"
	grep -v '^#' "$trace" | diff - "$TMPDIR/canonical" || exit 1
	for claim in $(sed -n 's/^# expect=//p' "$trace" | tr , ' '); do
		grep -qE "^# $claim (complaint|further): " "$trace" ||
			{ echo "$trace: $claim is not explained"; exit 1; }
	done
done
for raw in strangers/*.strace; do
	"$bin/contrib/trace/traceform" -l -n -r @wait "$raw" \
		>"$TMPDIR/canonical" || exit 1
	grep -q ' lost=0 ' "$TMPDIR/canonical" ||
		{ echo "$raw does not parse whole"; exit 1; }
	grep -v '^#' "$TMPDIR/canonical" >"$TMPDIR/body"
	grep -v '^#' "${raw%.strace}.trace" | diff - "$TMPDIR/body" || exit 1
done
exec python3 ../../contrib/trace/traceprops.py --negative negative/*.trace \
	notes/*.trace strangers/*.trace
