#!/bin/sh
# Proves the explorer: tables repeat, differences are found, and the kernel still is the published automaton.
cd "$(dirname "$0")/../.." || exit 1
probe=${BIN:?}/contrib/pollmap/pollmap
dir=${TMPDIR:-/tmp}/map.$$
mkdir "$dir" || exit 1
failed=0

# expect STATUS TEXT COMMAND...
expect() {
	status=$1 text=$2
	shift 2
	timeout 300 "$@" >"$dir/out" 2>&1
	got=$?
	if [ $got -ne "$status" ] || ! grep -qF -e "$text" "$dir/out"; then
		echo "FAIL: $*: exit $got, wanted $status and: $text"
		head -n 20 "$dir/out"
		failed=1
	fi
}

# All sequences of three letters and those that end earlier, twice.
expect 0 '3192 sequences, 1188 lines' \
	"$probe" enum -d 3 -o "$dir/a.tbl"
"$probe" enum --depth 3 --votes 3 --output "$dir/b.tbl" 2>/dev/null
expect 0 ', 0 part' "$probe" diff "$dir/a.tbl" "$dir/b.tbl"

# A difference is told at its first letter only, and not where it is racy.
sed 's/^1 c.shw 0 4 2005/1 c.shw 0 4 5/' "$dir/a.tbl" >"$dir/c.tbl"
expect 1 ', 1 part' "$probe" diff "$dir/a.tbl" "$dir/c.tbl"
expect 1 'c.shw: 0 4 2005 FIN_WAIT CLOSE_WAIT | 0 4 5' \
	"$probe" diff "$dir/a.tbl" "$dir/c.tbl"
sed 's/^1 c.shw \(.*\)/1 c.shw \1 racy 2\/3 0 4 5 - -/' "$dir/a.tbl" \
	>"$dir/d.tbl"
expect 0 ' 1 racy, 0 part' "$probe" diff "$dir/d.tbl" "$dir/c.tbl"

expect 0 ' 1 racy, 0 part' "$probe" diff "$dir/c.tbl" "$dir/d.tbl"

expect 0 'c.shw s.shw: the server' "$probe" why 0x2015 "$dir/a.tbl"
expect 0 'c.shw s.shw: the server' "$probe" why 'IN OUT HUP RDHUP' "$dir/a.tbl"
expect 1 'no sequence' "$probe" why 0x3f "$dir/a.tbl"

# The automaton: closed, the same as published, and true of longer words.
expect 0 '77 states' "$probe" enum -k 1 -o "$dir/k.tbl"
"$probe" reduce --c "$dir/k.tbl" >"$dir/automaton.h"
if ! diff contrib/pollmap/automaton.h "$dir/automaton.h" >"$dir/out"; then
	echo "FAIL: this kernel is another automaton than the published one"
	head -n 20 "$dir/out"
	failed=1
fi
expect 0 ', 0 differ' "$probe" reduce --check=2000 "$dir/k.tbl"
expect 0 '| 76 | ' "$probe" reduce --md "$dir/k.tbl"
expect 0 's0 -> s1 [label="c.snd: 3"];' "$probe" reduce --dot "$dir/k.tbl"

# The check can fail: an automaton told that a half-close looks like nothing.
sed 's/ 2005 / 5 /' "$dir/k.tbl" >"$dir/e.tbl"
expect 1 'gave' "$probe" reduce --check=2000 "$dir/e.tbl"

# Without waiting for acknowledgements two queues are all there is to tell
# apart; an action whose result has no end is refused.
expect 0 '4 states' "$probe" enum -k 4 -v 1 -a 'snd,rcv' -o /dev/null
expect 71 'more than 256 states' "$probe" enum -k 1 -v 1 -a snd,inq -f unix \
	-o /dev/null

# The same actions on other sockets, other starts, and the edges.
expect 0 'states' "$probe" enum -k 1 -v 1 -f unix -o "$dir/u.tbl"
expect 0 ', 0 differ' "$probe" reduce --check=500 "$dir/u.tbl"

expect 0 '18 states' "$probe" enum -k 1 -v 1 -s full -a \
	c.fil,c.shw,c.clo,s.drn,s.shw,s.clo -o "$dir/n.tbl"
expect 0 '10 states' "$probe" enum -k 1 -v 1 -s connecting -o "$dir/n.tbl"
expect 0 'states' "$probe" enum -k 1 -v 1 -s listener -o "$dir/n.tbl"
expect 0 '77 states' "$probe" enum -k 1 -e -o "$dir/e.tbl"
expect 0 '| 0 | 4 | 4 | 3, 1, 0/5 | EAGAIN, 0, 0/0 |' \
	"$probe" reduce --md "$dir/e.tbl"
expect 0 'state,mask_client,mask_server,action' "$probe" reduce --csv "$dir/k.tbl"
expect 0 '"licence": "ISC' "$probe" reduce --json "$dir/k.tbl"
"$probe" reduce --json "$dir/k.tbl" >"$dir/k.json"
if ! python3 -c 'import json, sys
a = json.load(open(sys.argv[1]))
assert len(a["states"]) == 77 and a["states"][0]["on"]["c.snd"] == ["3", 1]' \
	"$dir/k.json"; then
	echo "FAIL: the JSON form"
	failed=1
fi

# On two processors a reset is seen in pieces; what is seen last has settled.
if [ "$(nproc)" -ge 2 ]; then
	expect 0 's.rst,poll,IN OUT RDHUP,201d,IN OUT ERR HUP RDHUP,100,after' \
		"$probe" race -n 100 s.rst
	expect 0 's.snd s.rst,epoll,IN,19,IN ERR HUP,100,after' \
		"$probe" race -n 100 -e -i in s.snd,s.rst
	expect 64 'not a sequence' "$probe" race s.foo
fi

expect 65 'too short to tell' "$probe" reduce --md "$dir/a.tbl"
expect 65 'No such file' "$probe" reduce --md "$dir/none"
expect 65 'not a table' "$probe" diff "$dir/a.tbl" Makefile
sed '11s/.*/what?/' "$dir/a.tbl" >"$dir/f.tbl"
expect 65 'line 11: not a line of a table' "$probe" why 4 "$dir/f.tbl"
expect 64 'usage' "$probe" enum -d 99
expect 64 "unknown verb 'foo'" "$probe" enum -a snd,foo
expect 64 "comes twice: 'snd'" "$probe" enum -a snd,snd
expect 64 "no listener in 'udp'" "$probe" enum -s connect -f udp
expect 74 'No such file' "$probe" enum -d 1 -o "$dir/none/x"
expect 64 'usage' "$probe" reduce --svg "$dir/k.tbl"
expect 64 'usage' "$probe" why red "$dir/a.tbl"

rm -rf "$dir"
exit $failed
