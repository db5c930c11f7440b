#!/bin/sh
# Proves that every error the kernel may return from accept, from a connect and
# from a socket's housekeeping ends in a pause, a retry or a clean refusal.
. tests/lib.sh

command -v strace >/dev/null || skip "strace is not installed"
strace -D -f --seccomp-bpf -o /dev/null -e trace=getpid true 2>/dev/null ||
	skip "strace cannot trace here"
# LeakSanitizer cannot run in a traced process.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"

start_echod --fork

# traced_proxy CALL [INJECTION [SETTING...]]
traced_proxy()
{
	rm -f "$TMPDIR/trace"
	proxy_under="strace -D -f --seccomp-bpf -qqq -o $TMPDIR/trace -e trace=$1"
	[ -z "$2" ] || proxy_under="$proxy_under -e inject=$1:$2"
	shift 2
	start_proxy "$@" 127.0.0.1:0 "$echod_addr"
	baseline
}
injected() { grep -c INJECTED "$TMPDIR/trace"; }
has_injected() { [ "$(injected)" -ge "$1" ]; }

# How many calls of each kind come before the first connection.
calls_at_start()
{
	traced_proxy "$1" ""
	stop_proxy
	grep -c "$1(" "$TMPDIR/trace"
}

# passes CALL ERRNO FIRST TIMES: a client is served in spite of it.
passes()
{
	traced_proxy "$1" "error=$2:when=$3..$(($3 + $4 - 1))"
	client snd=foo rcv=foo shw eof
	client snd=bar rcv=bar shw eof
	has_injected "$4" || fail "$1 was not made to fail with $2"
	logged 2 "in=3 out=3 .* cause=done"
	back_to_baseline
	stop_proxy
}

# lasts CALL ERRNO FIRST CAUSE: it never passes; clean refusals, no spin.
lasts()
{
	traced_proxy "$1" "error=$2:when=$3+" --connect-timeout 200ms
	client snd=foo drain=any
	client snd=foo drain=any
	logged 2 "in=[03] out=0 .* cause=$4 state=D"
	wait_for "rest after $1 $2" is_at_rest "$proxy"
	back_to_baseline
	stop_proxy
}

accepts=$(calls_at_start accept4)
sockets=$(calls_at_start socket)
connects=$(calls_at_start connect)

for error in EMFILE ENFILE ENOBUFS ENOMEM; do
	passes accept4 $error $((accepts + 1)) 3
	passes socket $error $((sockets + 1)) 2
done
lasts socket EMFILE $((sockets + 1)) no-descriptor
lasts socket ENOMEM $((sockets + 1)) no-memory
for error in ECONNABORTED EINTR EPROTO; do
	passes accept4 $error $((accepts + 1)) 3
done
passes connect EADDRNOTAVAIL $((connects + 1)) 2
lasts connect EADDRNOTAVAIL $((connects + 1)) no-port
lasts connect ENETUNREACH $((connects + 1)) unreachable

# Short kernel memory for a send: it is tried again after a while, and no
# longer than anything else may take. The second send is the reply's.
for error in ENOMEM ENOBUFS; do
	passes sendto $error 2 3
done
traced_proxy sendto "error=ENOMEM:when=1+" --idle-timeout 1s
client snd=foo drain=any
logged 1 "in=3 out=0 .* cause=idle-timeout state=R"
has_injected 2 || fail "the send is not tried again"
[ "$(injected)" -le 30 ] || fail "$(injected) sends in a second"
back_to_baseline
stop_proxy

# Without IPv6 all addresses are those of IPv4.
proxy_under="strace -D -f --seccomp-bpf -qqq -o $TMPDIR/trace -e trace=socket"
proxy_under="$proxy_under -e inject=socket:error=EAFNOSUPPORT:when=1"
start_proxy 0 "$echod_addr"
[ "$proxy_addr" = "0.0.0.0:$proxy_port" ] || fail "it listens on $proxy_addr"
proxy_addr=127.0.0.1:$proxy_port
client snd=foo rcv=foo shw eof
stop_proxy

# An accept that fails for ever: the proxy tries now and then, and serves on.
for error in EMFILE EPERM; do
	rm -f "$TMPDIR/first" "$TMPDIR/over"
	traced_proxy accept4 "error=$error:when=$((accepts + 2))+"
	start_client served snd=foo rcv=foo mark="$TMPDIR/first" \
		wait="$TMPDIR/over" snd=bar rcv=bar shw eof
	served=$started_pid
	wait_for "the first client" test -e "$TMPDIR/first"
	start_client waiting snd=foo wait="$TMPDIR/over" clo
	wait_for "a failed accept" has_injected 1
	tell_time
	from=$now
	before=$(injected)
	assert_calm "$proxy" "an accept that always fails with $error"
	tried=$(($(injected) - before))
	said=$(grep -c 'accept: ' "$log")
	tell_time
	[ $tried -le $(((now - from) / 2)) ] ||
		fail "$tried accepts in $((now - from))0 ms"
	[ "$said" -le $((4 + (now - from) / 100)) ] || fail "the log is flooded"
	touch "$TMPDIR/over"
	finish "$served" "the client that is served"
	stop_proxy
done
exit 0
