#!/bin/sh
# Proves the script runner: every .pp holds on this kernel; mismatch, skip and bad scripts are told apart.
cd "$(dirname "$0")" || exit 1
probe=${BIN:?}/contrib/debug/poll
dir=${TMPDIR:-/tmp}/scripts.$$
mkdir "$dir" || exit 1
failed=0

# expect STATUS TEXT SCRIPT...: the run ends with STATUS, its output has TEXT.
expect() {
	status=$1 text=$2
	shift 2
	timeout 60 "$probe" run "$@" >"$dir/out" 2>&1
	got=$?
	if [ $got -ne "$status" ] || ! grep -qF -e "$text" "$dir/out"; then
		echo "FAIL: run $*: exit $got, wanted $status and: $text"
		grep -v '^ok' "$dir/out"
		failed=1
	fi
}

# script LINE...: writes one.
script() {
	printf '%s\n' "$@" >"$dir/a.pp"
}

expect 0 '1..132' pp/*.pp

script 'name wrong' 'c: snd=4, pol={OUT}'
expect 1 'a.pp:2: c: snd, action 1: wanted 4, got 3' "$dir/a.pp"
expect 1 'not ok 1 - wrong (tcp4, poll)' "$dir/a.pp"
script 'c: pol={IN +}'
expect 1 'wanted {IN +}, got {OUT}' "$dir/a.pp"
script 'c: pol=!OUT'
expect 1 'wanted !OUT' "$dir/a.pp"
script 'c: pol, snd' 's: pol, rcv' 'c: pol=same' 's: pol=same'
expect 1 'a.pp:4: s: pol, action 1: wanted same, got {OUT}' "$dir/a.pp"
script 'c: snd=4..9'
expect 1 'wanted 4..9' "$dir/a.pp"
script 'c: snd=1..2'
expect 1 'wanted 1..2, got 3' "$dir/a.pp"
script 'c: pol={OUT HUP +}'
expect 1 'wanted {OUT HUP +}, got {OUT}' "$dir/a.pp"
script 'c: rcv=ECONNRESET'
expect 1 'wanted ECONNRESET, got EAGAIN' "$dir/a.pp"
script 'todo the kernel is right' 'c: snd=4'
expect 0 'not ok 1' "$dir/a.pp"
script 'c: pol={OUT +}, pol=!IN, pol=*, pol(in)={}@20, snd=1..3'
expect 0 'ok 1' "$dir/a.pp"
script 'c: nod, mor' 's: pol(in)={IN}@1500'
expect 0 'ok 1' "$dir/a.pp"
script 'need kernel > 3.99' 'c: snd'
expect 0 'ok 1' "$dir/a.pp"
script 'need kernel < 2.6' 'c: snd=3'
expect 77 'SKIP needs kernel < 2.6' "$dir/a.pp"
script 'votes 3' 'c: snd=3'
expect 0 'ok 1' "$dir/a.pp"
script 'family pipe' 'l: acc'
expect 1 'a side has no socket' "$dir/a.pp"

# From standard input, and in the TAP that prove reads.
script 'c: snd=3'
expect 0 '1..1' - <"$dir/a.pp"
if ! prove --exec "$probe run" "$dir/a.pp" >"$dir/out" 2>&1; then
	echo "FAIL: prove does not accept the output"
	cat "$dir/out"
	failed=1
fi

# A network of one's own, with its settings; without privilege it is a skip.
script 'need netns' 'sysctl net.ipv4.ip_default_ttl 7' 'c: snd=3'
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
	expect 0 'ok 1' "$dir/a.pp"
	script 'need netns' 'sysctl net.ipv4.no_such 7' 'c: snd=3'
	expect 77 '# cannot set net.ipv4.no_such 7: No such file' "$dir/a.pp"
else
	expect 77 'SKIP' "$dir/a.pp"
fi

script 'c: snd' 'c: foo'
expect 65 "a.pp:2: unknown verb 'foo'" "$dir/a.pp"
script 'c: snd' 'colour red'
expect 65 "a.pp:2: 'colour red' is no header" "$dir/a.pp"
script 'c: pol={WET}'
expect 65 "a.pp:1: cannot expect '{WET}'" "$dir/a.pp"
script 'c: snd={IN}'
expect 65 "a.pp:1: '{IN}' can never hold: snd reports no flags" "$dir/a.pp"
script 'c: snd=EFOO'
expect 65 "a.pp:1: 'EFOO' can never hold for snd: no such error" "$dir/a.pp"
script 'c: snd=CLOSE'
expect 65 "'CLOSE' can never hold for snd" "$dir/a.pp"
script 'c: snd=5..2'
expect 65 "a.pp:1: '5..2' can never hold" "$dir/a.pp"
script 'c: snd=3@soon'
expect 65 "a.pp:1: '@soon'" "$dir/a.pp"
script 'c:'
expect 65 'a.pp:1: an empty list' "$dir/a.pp"
script 'family ipx' 'c: snd'
expect 65 "a.pp:1: 'ipx' is not known" "$dir/a.pp"
script 'need luck' 'c: snd'
expect 65 "a.pp:1: cannot need 'luck'" "$dir/a.pp"
script 'votes 0' 'c: snd'
expect 65 "a.pp:1: '0' is not a number from 1" "$dir/a.pp"
script 'sysctl net.ipv4.tcp_sack 0' 'c: snd'
expect 65 "sysctl without 'need netns'" "$dir/a.pp"
script 'need netns' 'sysctl net.ipv4.tcp_sack' 'c: snd'
expect 65 'a.pp:2: expected KEY VALUE' "$dir/a.pp"
script 'name empty'
expect 65 'no actions' "$dir/a.pp"
expect 66 'No such file' "$dir/none.pp"
expect 64 'usage: poll-probe run'
expect 64 'usage: poll-probe run' --help

# A run that is turned into a script holds as one; so does a failure's.
for args in '-c snd,shw -s pol,rcv,rst -c pol,rcv' \
	'-n -l clo -c con(nb),pol,con,pol,err,inf' \
	'-e --family=unix -c fil,pol -s clo -c pol,rcv'; do
	# shellcheck disable=SC2086 # a list of words
	"$probe" --emit-script $args >"$dir/b.pp"
	expect 0 'ok 1' "$dir/b.pp"
done
"$probe" --emit-script -c snd | sed 's/snd=3/snd=4/' >"$dir/b.pp"
expect 1 'wanted 4, got 3' "$dir/b.pp"

rm -rf "$dir"
exit $failed
