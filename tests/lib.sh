# Sourced by every script test: starts the door and its peers, waits for
# conditions with a deadline, compares the door's descriptors with a baseline,
# and ends what it started, and nothing else, when the test ends.
#
# Ports are the kernel's choice and are read from ready lines. Times are
# compared only as deadlines far beyond what a busy machine needs.
set -u
: "${BIN:=.}" "${BUILD:=build}"
if [ -z "${TMPDIR:-}" ] || [ "$TMPDIR" = /tmp ]; then
	TMPDIR=$(mktemp -d) && own_tmp=$TMPDIR
fi
export TMPDIR
SALLYPORT=$BIN/sallyport
ACTOR=$BUILD/tests/scripts/actor
# LeakSanitizer cannot run in a traced process.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"

started=
jobs_started=0

fail()
{
	echo "FAIL: $*"
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

# The time since boot, in hundredths of a second, as $now.
tell_time()
{
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}
}

# holds_within SECONDS COMMAND...: does COMMAND succeed in time?
holds_within()
{
	tell_time
	until_time=$((now + $1 * 100))
	shift
	until "$@"; do
		tell_time
		[ "$now" -lt "$until_time" ] || return 1
		sleep 0.01
	done
}

# wait_for WHAT COMMAND...: waits ten seconds for COMMAND to succeed.
wait_for()
{
	what=$1
	shift
	holds_within 10 "$@" || fail "waited in vain: $what"
}

says() { grep -q -e "$2" "$1" 2>/dev/null; }
ended() { ! grep -q '^State:	[^ZX]' "/proc/$1/status" 2>/dev/null; }

# start NAME COMMAND...: in the background, output in $TMPDIR/NAME.out and
# NAME.err; its process is $started_pid.
start()
{
	name=$1
	shift
	"$@" >"$TMPDIR/$name.out" 2>"$TMPDIR/$name.err" </dev/null &
	started_pid=$!
	started="$started $started_pid"
}

# wait_ready NAME: waits for the ready line; its first address is $ready_addr.
is_ready_or_ended() { says "$TMPDIR/$1.err" ': ready on ' || ended "$2"; }
wait_ready()
{
	wait_for "$1 ready" is_ready_or_ended "$1" "$started_pid"
	says "$TMPDIR/$1.err" ': ready on ' || fail "$1 did not start"
	ready_line=$(grep -m 1 ': ready on ' "$TMPDIR/$1.err")
	ready_addr=${ready_line#*: ready on }
	ready_addr=${ready_addr%%,*}
}

# start_door ARGUMENT...: the door is process $door, listens on $door_addr and
# $door_port, and logs to $log. A command in $door_under runs it (strace, a
# limit); it must keep the process number, as exec does and strace -D.
door_under=
start_door()
{
	log=$TMPDIR/door.err
	# shellcheck disable=SC2086
	start door $door_under "$SALLYPORT" "$@"
	door=$started_pid
	wait_ready door
	door_addr=$ready_addr
	door_port=${ready_addr##*:}
}

# stop_door [SIGNAL]: ends it and sets $door_status; after TERM or INT it must
# not have been killed by a signal.
stop_door()
{
	kill "-${1:-TERM}" "$door"
	wait_for "the door's end" ended "$door"
	wait "$door"
	door_status=$?
	started=$(echo " $started " | sed "s/ $door / /")
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

# client ACTION...: an actor that connects to the door; it must succeed.
client()
{
	"$ACTOR" "$door_addr" con "$@" 2>"$TMPDIR/client.err" ||
		fail "client: $*"
}

# start_client NAME ACTION...: the same, in the background.
start_client()
{
	name=$1
	shift
	start "$name" "$ACTOR" "$door_addr" con "$@"
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

# Every descriptor of the door, with every socket's addresses and state.
descriptors()
{
	find "/proc/$door/fd" -type l -printf 'fd=%f %l\n' | sort
	"$BIN/contrib/debug/socks" --machine "$door" | grep '^socket'
}

# baseline ... back_to_baseline: what the test opened in between is closed
# again within a second.
baseline() { descriptors >"$TMPDIR/baseline"; }
is_at_baseline()
{
	descriptors >"$TMPDIR/descriptors"
	cmp -s "$TMPDIR/baseline" "$TMPDIR/descriptors"
}
back_to_baseline()
{
	holds_within 1 is_at_baseline && return
	diff "$TMPDIR/baseline" "$TMPDIR/descriptors"
	fail "the door's descriptors are not back at their baseline"
}

# logged COUNT PATTERN: so many connection lines match, soon.
has_lines() { [ "$(grep -c -e "$2" "$log")" -eq "$1" ]; }
logged()
{
	holds_within 10 has_lines "$@" ||
		fail "expected $1 log lines with '$2', found $(grep -c -e "$2" "$log")"
}

# The run time of a process in ns: unchanged means not one instruction ran.
run_time() { cut -d ' ' -f 1 "/proc/$1/schedstat"; }
is_at_rest()
{
	before=$(run_time "$1")
	sleep 0.1
	[ "$(run_time "$1")" = "$before" ]
}

# assert_idle PID WHAT: it comes to rest, then does nothing at all for longer
# than any once-a-second habit.
assert_idle()
{
	[ -r "/proc/$1/schedstat" ] || skip "no /proc/PID/schedstat"
	wait_for "rest: $2" is_at_rest "$1"
	before=$(run_time "$1")
	sleep 1.2
	[ "$(run_time "$1")" = "$before" ] || fail "not idle: $2"
}

# Runs the rest of the test in a network namespace of its own.
in_own_network()
{
	if [ -n "${OWN_NETWORK:-}" ]; then
		ip link set lo up
		return
	fi
	as_root=
	[ "$(id -u)" -eq 0 ] || as_root=--map-root-user
	unshare --net $as_root true 2>/dev/null ||
		skip "no right to make a network namespace"
	export OWN_NETWORK=1
	exec unshare --net $as_root sh "$0"
}

is_sanitized() { grep -q __asan_init "$SALLYPORT"; }
