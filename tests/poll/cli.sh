#!/bin/sh
# Proves the probe's command line: both styles line for line through a pipe, limits, refusals.
cd "$(dirname "$0")" || exit 1
probe=${BIN:?}/contrib/debug/poll
out=${TMPDIR:-/tmp}/cli.$$
failed=0
exec 3>&- 4>&- 5>&- 6>&- # the goldens name descriptors

# same GOLDEN ARG...: the probe's output, through a pipe, is GOLDEN.
same() {
	golden=$1
	shift
	timeout 10 "$probe" "$@" 2>&1 | cat >"$out"
	if ! diff -u "$golden" "$out"; then
		echo "FAIL: poll $*"
		failed=1
	fi
}

# refused WORD STATUS ARG...: ends with STATUS and names WORD, having run
# nothing.
refused() {
	word=$1 status=$2
	shift 2
	timeout 10 "$probe" "$@" >"$out" 2>"$out.err"
	got=$?
	if [ $got -ne "$status" ] || [ -s "$out" ] ||
		! grep -qF -e "$word" "$out.err"; then
		echo "FAIL: poll $*: exit $got"
		cat "$out" "$out.err"
		failed=1
	fi
}

# shows LINE ARG...: LINE is in the output.
shows() {
	line=$1
	shift
	timeout 10 "$probe" "$@" >"$out" 2>&1
	if ! grep -qxF -e "$line" "$out"; then
		echo "FAIL: poll $* lacks: $line"
		cat "$out"
		failed=1
	fi
}

set -- -v -c snd,shw -s pol,rcv,pol,rcv,pol,snd,lin,clo \
	-c pol,rcv,pol,rcv,pol,rcv,pol
same reset.golden "$@"
same reset-2017.golden --style=2017 "$@"

# Silent unless asked, but for the delimiters.
printf '#### BEGIN ####\n#### END ####\n' >"$out.want"
same "$out.want" -c snd -s rcv

# epoll and the others agree with poll on the same commands.
for poller in epoll ppoll epoll-et epoll-oneshot; do
	same reset.golden --poller=$poller "$@"
done
same reset.golden -e "$@"

# Each flag has its rule; versions are named.
shows '    HUP    sk_shutdown == SHUTDOWN_MASK: both directions' \
	explain -c shb,pol
shows '    HUP    state is TCP_CLOSE' explain -n -c pol
shows '    IN     the accept queue is not empty' explain -c snd -l pol
shows '    ERR    no reader is left' explain --family=pipe -s clo -c pol
timeout 10 "$probe" --version | grep -q "^poll-probe .*Linux $(uname -r)" || {
	echo "FAIL: --version"
	failed=1
}

# What could wait for ever ends at the limit.
shows 'cmd #1 stp #1: drn(c=4): ret=-1 (Timer expired)' -v -t 0.2 -c drn
shows 'cmd #1 stp #1: acc(l=3): ret=-1 (Timer expired)' -v -n -t 0.2 -l acc
shows 'cmd #2 stp #1: con(c=4): ret=-1 (Timer expired)' -v -n -t 0.2 \
	-l drop -c con

shows 'cmd #1 stp #1: wai(l=3,60000): ret=0 ev=0' -v -n -t 0.2 -l 'wai(60000)'
shows 'cmd #1 stp #3: clo(c=4): ret=0' -v -t 0.2 -c 'fil,opt(linger,60),clo'
shows 'cmd #1 stp #1: pau(c=4,1000000): ret=0' -v -t 0.2 -c 'pau(1000000)'

refused "unknown verb 'foo'" 64 -v -c snd,foo
refused 'verbs: con dis acc' 64 -v -s foo
refused 'requires an argument' 64 -v -c
refused 'empty list' 64 -c ''
refused 'nothing to do' 64 -v
refused "'snd' is no option" 64 -c snd snd
refused "unknown flag 'wet'" 64 -c 'pol(wet)'
refused 'closing bracket' 64 -c 'snd(3'
refused 'not a number' 64 -c 'snd(x)'
refused "'-1' is not a number from 0" 64 -c 'rcv(-1)'
refused "'1048577' is not a number" 64 -c 'snd(1048577)'
refused 'con knows no' 64 -c 'con(fast)'
refused 'takes no argument' 64 -c 'shw(1)'
refused 'needs an argument' 64 -c arm
refused 'unknown option' 64 -c 'opt(foo)'
refused '--family=ipx' 64 --family=ipx -c snd
refused '--poller=kqueue' 64 --poller=kqueue -c snd
refused 'can never hold' 64 -c snd=EFOO
refused 'can never hold' 64 -c snd=5..2
refused '--style=1999' 64 --style=1999 -c snd
refused '-t soon' 64 -t soon -c snd

# An expectation on the command line decides the exit status.
for try in '0 -c snd=3' '1 -c snd=4' '69 -n -s snd'; do
	# shellcheck disable=SC2086 # a status and a list of words
	set -- $try
	want=$1
	shift
	timeout 10 "$probe" "$@" >"$out" 2>&1
	got=$?
	if [ $got -ne "$want" ]; then
		echo "FAIL: poll $*: exit $got, wanted $want"
		failed=1
	fi
done

rm -f "$out" "$out".*
exit $failed
