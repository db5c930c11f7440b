#!/bin/sh
# Proves doc/poll-semantics.txt: every transcript in it is what this kernel says. "--bless" rewrites them.
# In shell, as it runs on other kernels, where there is no Python.
cd "$(dirname "$0")/../.." || exit 1
doc=$PWD/doc/poll-semantics.txt
dir=${TMPDIR:-/tmp}/doc.$$
mkdir -p "$dir/bin" "$dir/here" || exit 1
ln -s "$PWD/tests" "$dir/here/tests"
ln -s "${BIN:?}/contrib/debug/poll" "$dir/bin/poll-probe"
ln -s "$BIN/contrib/pollmap/pollmap" "$dir/bin/pollmap"
PATH=$dir/bin:$PATH
exec 3>&- 4>&- 5>&- 6>&- # transcripts name descriptors
failed=0 skipped=0

privileged() {
	[ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null
}

# same GOT WANT: alike line by line; <n> in WANT stands for any number.
same() {
	awk -v want="$2" '
	{
		if ((getline w <want) <= 0)
			exit bad = 1
		gsub(/[][(){}.*+?^$|\\]/, "\\\\&", w)
		gsub(/<n>/, "[0-9]+", w)
		if ($0 !~ "^" w "$")
			exit bad = 1
	}
	END { exit bad || (getline w <want) > 0 }' "$1"
}

# missing NEEDS: says why a transcript cannot be played here and now.
missing() {
	for need in $1; do
		case $need in
		root) privileged || echo "needs root" ;;
		processors) [ -n "$PATIENCE" ] && [ "$(nproc)" -ge 2 ] ||
			echo "needs patience and two processors" ;;
		cycles) [ -n "$PATIENCE" ] && [ -z "$EMULATED" ] ||
			echo "needs patience and a fast machine" ;;
		mptcp) poll-probe --family=mptcp -c pol >/dev/null 2>&1 ||
			echo "needs MPTCP" ;;
		python) command -v python3 >/dev/null || echo "needs python3" ;;
		patience) [ -n "$PATIENCE" ] ||
			echo "needs patience: make check-doc" ;;
		esac
	done
}

# replay N: runs transcript N. A busy machine can stall one that tells of time.
replay() {
	for _ in 1 2 3 4 5 6 7 8; do
		(cd "$dir/here" && timeout "${PATIENCE:-60}" sh "$dir/$1.cmd") </dev/null 2>&1 |
			sed '/^#### [BE]/d' >"$dir/$1.got"
		same "$dir/$1.got" "$dir/$1.want" && return 0
		[ -s "$dir/$1.want" ] || return 1 # nothing to compare with
	done
	return 1
}

awk -v dir="$dir" -f tests/poll/doc.awk "$doc"
n=1
while [ -f "$dir/$n.cmd" ]; do
	read -r needs <"$dir/$n.needs"
	line=$(cat "$dir/$n.line")
	touch "$dir/$n.want"
	why=$(missing "$needs")
	# Under emulation tables.sh makes all tables, and nothing else does.
	[ -n "$EMULATED" ] && grep -q '^pollmap' "$dir/$n.cmd" && why="is slow here"
	if [ -n "$why" ]; then
		echo "skipped: line $line: $why"
		skipped=$((skipped + 1))
		: >"$dir/$n.ok"
	elif replay $n; then
		: >"$dir/$n.ok"
	elif [ "$1" != --bless ]; then
		echo "FAIL: line $line: $(cat "$dir/$n.cmd")"
		diff "$dir/$n.want" "$dir/$n.got"
		failed=1
	fi
	n=$((n + 1))
done
if [ "$1" = --bless ]; then
	awk -v dir="$dir" -v bless=1 -f tests/poll/doc.awk "$doc" >"$dir/new" &&
		cp "$dir/new" "$doc"
fi
rm -rf "$dir"
echo "$((n - 1)) transcripts, $skipped skipped"
[ $n -gt 1 ] && exit $failed
