# shellcheck shell=sh
# Sourced by every script test: starts the proxy and its peers, waits for
# conditions with a deadline, compares the proxy's descriptors with a baseline,
# and ends what it started, and nothing else, when the test ends.
#
# Ports are the kernel's choice and are read from ready lines. Times are
# compared only as deadlines far beyond what a busy machine needs.
set -u
: "${BIN:=.}" "${BUILD:=build}"
. tests/lib/start.sh

# Runs the test from its start in network and mount namespaces of its own.
# Where that is allowed every test does so: ports that other programs have
# used a moment ago may refuse a connection, and their sockets need not be
# looked through.
run_in_spaces()
{
	# shellcheck disable=SC2086 # none or one
	unshare --net --mount $1 true 2>/dev/null || return
	export OWN_NETWORK=1
	# shellcheck disable=SC2086
	exec unshare --net --mount $1 sh "$0"
}
if [ -n "${OWN_NETWORK:-}" ]; then
	ip link set lo up
elif [ "$(id -u)" -eq 0 ]; then
	run_in_spaces ""
fi

if [ -z "${TMPDIR:-}" ] || [ "$TMPDIR" = /tmp ]; then
	TMPDIR=$(mktemp -d) && own_tmp=$TMPDIR
fi
export TMPDIR
SALLYPORT=$BIN/sallyport
ACTOR=$BUILD/tests/scripts/actor

started=

fail()
{
	echo "FAIL: $*"
	[ -z "${proxy:-}" ] || ended "$proxy" || socks "$proxy" | tail -n 20
	for log in "$TMPDIR"/*.err; do
		[ -s "$log" ] || continue
		echo "--- ${log##*/}"
		tail -n 25 "$log"
	done
	exit 1
}

skip()
{
	echo "$*"
	exit 77
}

# For what a machine without IPv6 cannot show.
needs_ipv6()
{
	grep -qs '^0\{31\}1 ' /proc/net/if_inet6 ||
		skip "this machine has no ::1"
}

clean_up()
{
	for pid in $started; do
		kill -CONT "$pid" && kill -KILL "$pid"
	done 2>/dev/null
	wait 2>/dev/null
	[ -z "${own_tmp:-}" ] || rm -rf "$own_tmp"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# start NAME COMMAND...: in the background, input from $input this once, output
# in $TMPDIR/NAME.out and NAME.err; its process is $started_pid.
input=/dev/null
start()
{
	name=$1
	shift
	rm -f "$TMPDIR/$name.out" "$TMPDIR/$name.err"
	"$@" <"$input" >"$TMPDIR/$name.out" 2>"$TMPDIR/$name.err" 3>&- 4>&- &
	started_pid=$!
	started="$started $started_pid"
	input=/dev/null
}

# wait_ready NAME: waits until it is; its first address is $ready_addr.
wait_ready()
{
	read_ready "$TMPDIR/$1.err" "$started_pid"
	[ -n "$ready_addr" ] || fail "$1 did not start"
}

# start_proxy ARGUMENT...: the proxy is process $proxy, listens on $proxy_addr and
# $proxy_port, and logs to $log. A command in $proxy_under runs it (strace, a
# limit); it must keep the process number, as exec does and strace -D.
# One process, whose descriptors, calls and run time are looked at; empty: a
# keeper with its worker, whose process is then $worker.
proxy_under=
: "${PROXY_MODE=--single}"
start_proxy()
{
	log=$TMPDIR/proxy.err
	# shellcheck disable=SC2086 # several words
	start proxy $proxy_under "$SALLYPORT" $PROXY_MODE "$@"
	proxy=$started_pid
	wait_ready proxy
	[ -n "$PROXY_MODE" ] || find_worker
	proxy_addr=$ready_addr
	proxy_port=${ready_addr##*:}
}

# find_worker: the newest worker of $proxy is $worker.
find_worker() { worker=$(pgrep -n -P "$proxy" sallyport); }

# end_proxy SIGNAL: sends it, waits for the end, sets $proxy_status.
end_proxy()
{
	kill "-$1" "$proxy"
	wait_for "the proxy's end" ended "$proxy"
	wait "$proxy"
	proxy_status=$?
	started=$(echo " $started " | sed "s/ $proxy / /")
}

# stop_proxy: as an init system would; it must end well.
stop_proxy()
{
	end_proxy TERM
	[ "$proxy_status" -eq 0 ] || fail "the proxy ended with $proxy_status"
}

# start_device ACTION...: an actor that listens on $device_addr.
device_listens=127.0.0.1:0
start_device()
{
	start device "$ACTOR" --listen "$device_listens" "$@"
	device=$started_pid
	wait_ready device
	device_addr=$ready_addr
}

# An actor that is bound to $device_addr and refuses until its "lis".
start_refusing_device()
{
	start device "$ACTOR" --bind "$device_listens" "$@" wait="$TMPDIR/never"
	device=$started_pid
	wait_ready device
	device_addr=$ready_addr
}

# client ACTION...: an actor that connects to the proxy; it must succeed.
client()
{
	"$ACTOR" "$proxy_addr" con "$@" >"$TMPDIR/client.out" \
		2>"$TMPDIR/client.err" || fail "client: $*"
}

# start_client NAME ACTION...: the same, in the background.
start_client()
{
	name=$1
	shift
	start "$name" "$ACTOR" "$proxy_addr" con "$@"
}

# The same, with a receive buffer that holds next to nothing.
start_slow_client()
{
	start slow "$ACTOR" "$proxy_addr" rbuf=2048 con "$@"
	slow=$started_pid
}

# finish PID WHAT: waits for a started process, which must succeed.
finish()
{
	wait_for "the end of $2" ended "$1"
	wait "$1" || fail "$2 failed"
	started=$(echo " $started " | sed "s/ $1 / /")
}
device_done() { finish "$device" "the device"; }

start_echod()
{
	start echod "$BIN/contrib/echod/echod" "$@"
	echod=$started_pid
	wait_ready echod
	echod_addr=$ready_addr
}

# baseline ... back_to_baseline: what the test opened in between is closed
# again within a second, or as soon as a proxy that waits for a processor has
# had its turn.
baseline() { descriptors "$proxy" >"$TMPDIR/baseline"; }
is_at_baseline()
{
	descriptors "$proxy" >"$TMPDIR/descriptors"
	cmp -s "$TMPDIR/baseline" "$TMPDIR/descriptors"
}
back_to_baseline()
{
	holds_within 1 is_at_baseline && return
	wait_for "the proxy's turn" is_at_rest "$proxy"
	is_at_baseline && return
	diff "$TMPDIR/baseline" "$TMPDIR/descriptors"
	fail "the proxy's descriptors are not back at their baseline"
}

# The state of the proxy's one socket towards the client, or the device.
state_to_client()
{
	socks --machine "$proxy" | grep -v state=LISTEN |
		sed -n "s/.* state=\([^ ]*\) .* local=$proxy_addr .*/\1/p"
}
state_to_device()
{
	socks --machine "$proxy" |
		sed -n "s/.* state=\([^ ]*\) .* peer=$device_addr\$/\1/p"
}
to_client_is() { [ "$(state_to_client)" = "$1" ]; }
to_device_is() { [ "$(state_to_device)" = "$1" ]; }

# logged COUNT PATTERN: so many connection lines match, soon.
has_lines() { [ "$(grep -c -e "$2" "$log")" -eq "$1" ]; }
logged()
{
	holds_within $patience_s has_lines "$@" ||
		fail "expected $1 log lines with '$2', found $(grep -c -e "$2" "$log")"
}

# lasted MS PATTERN: the connection of that line took no less.
lasted()
{
	ms=$(grep -e "$2" "$log" | sed -n '1s/.* total_ms=\([0-9]*\) .*/\1/p')
	[ "$ms" -ge "$1" ] || fail "over after $ms of $1 ms: $2"
}

# The run time of a process in ns: unchanged means not one instruction ran.
run_time() { cut -d ' ' -f 1 "/proc/$1/schedstat"; }
sleeps() { grep -q '^State:	S' "/proc/$1/status"; }

# is_at_rest PID: it sleeps, and goes on sleeping for a moment. One that waits
# for a processor does not run either, so its state is asked for, too.
is_at_rest()
{
	sleeps "$1" || return
	ran_ns=$(run_time "$1")
	sleep 0.1 # the moment
	sleeps "$1" && [ "$(run_time "$1")" = "$ran_ns" ]
}

# assert_idle PID WHAT: it comes to rest, then does nothing at all for longer
# than any once-a-second habit. What a slow peer still sends wakes it rightly:
# then it has to come to rest anew, but a habit never lets it.
idles()
{
	is_at_rest "$1" || return
	rested_ns=$(run_time "$1")
	sleep 1.2 # so long
	[ "$(run_time "$1")" = "$rested_ns" ]
}
assert_idle()
{
	[ -r "/proc/$1/schedstat" ] || skip "no /proc/PID/schedstat"
	holds_within 20 idles "$1" || fail "not idle: $2"
}

# assert_calm PID WHAT: in a second, or what a busy machine makes of it, it
# runs for less than a tenth of the time.
assert_calm()
{
	[ -r "/proc/$1/schedstat" ] || skip "no /proc/PID/schedstat"
	tell_time
	calm_from=$now
	ran_ns=$(run_time "$1")
	sleep 1 # the second
	ran_ms=$((($(run_time "$1") - ran_ns) / 1000000))
	tell_time
	[ $ran_ms -lt $((now - calm_from)) ] ||
		fail "ran for $ran_ms ms of $((now - calm_from))0: $2"
}

# For tests that cannot do without network and mount namespaces of their own.
in_own_network()
{
	[ -n "${OWN_NETWORK:-}" ] || run_in_spaces "--map-root-user" ||
		skip "no right to make a network namespace"
}

is_sanitized() { grep -q __asan_init "$SALLYPORT"; }
