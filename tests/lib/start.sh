# shellcheck shell=sh
# The one place that starts a program and knows the line it writes when it is
# ready, waits for conditions with a deadline, and lists what a process holds.
# Sourced by tests/lib.sh for tests in shell; sallyport.py is Python's. Who
# sources it says what `fail` does.

# The time since boot, in hundredths of a second, as $now.
tell_time()
{
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}
}

# holds_until TIME COMMAND...: does COMMAND succeed before it is $now?
holds_until()
{
	until without_first "$@"; do
		tell_time
		[ "$now" -lt "$1" ] || return 1
		sleep 0.01
	done
}
without_first() { shift && "$@"; }

# holds_within SECONDS COMMAND...: does it succeed in time?
holds_within()
{
	tell_time
	deadline=$((now + $1 * 100))
	shift
	holds_until $deadline "$@"
}

# wait_for WHAT COMMAND...: waits for COMMAND to succeed; only a test that is
# about to fail ever waits so long.
patience_s=60
wait_for()
{
	holds_within $patience_s without_first "$@" || fail "waited in vain: $1"
}

says() { grep -q -e "$2" "$1" 2>/dev/null; }
ended() { ! grep -q '^State:	[^ZX]' "/proc/$1/status" 2>/dev/null; }

# was_ready LOG: has who writes it been ready?
was_ready() { says "$1" ': ready on '; }
is_ready_or_ended() { was_ready "$1" || ended "$2"; }

# take_ready LINE: the first address of a ready line is $ready_addr.
take_ready()
{
	ready_addr=${1#*: ready on }
	ready_addr=${ready_addr%%,*}
}

# read_ready LOG PID: waits for the ready line of PID in LOG; its first address
# is $ready_addr. Empty: it has ended.
read_ready()
{
	wait_for "the ready line" is_ready_or_ended "$1" "$2"
	ready_line=$(grep -m 1 ': ready on ' "$1")
	take_ready "$ready_line"
}

socks() { "$BIN/contrib/debug/socks" "$@"; }

# descriptors PID: every descriptor, with every socket's addresses and state.
# Pipes are left out: those for splice stay in a pool of bounded size.
descriptors()
{
	find "/proc/$1/fd" -type l -printf 'fd=%f %l\n' | grep -v pipe: | sort
	socks --machine "$1" | grep '^socket'
}
