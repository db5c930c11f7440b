# shellcheck shell=sh disable=SC2154 # lib.sh sets them
# Sourced after lib.sh by tests that change the proxy under load.

# under_load MODE CLIENTS MOST COUNT CHANGE ARGUMENT...: CHANGE is called COUNT
# times, in equal steps of the load, while so many CLIENTS of handover.py, who
# begin anew as soon as they are served, come through a proxy of these
# ARGUMENTs, in mode http with slots. None is refused, reset or lost, and the
# device's own count is never above MOST (0: no limit).
: "${CONNECTIONS:=4000}"
under_load()
{
	mode=$1 crowd=$2 most=$3 count=$4 change=$5
	shift 5
	# On a busy machine 50 may wait for longer than the 10 s of the profile.
	[ "$mode" = raw ] ||
		set -- --profile w5500 --queue 100 --queue-timeout 50s "$@"
	rm -f "$TMPDIR/orders"
	mkfifo "$TMPDIR/orders"
	input=$TMPDIR/orders
	start load python3 tests/scripts/handover.py "$crowd" "$CONNECTIONS" \
		"$count" "$mode"
	load=$started_pid
	exec 5>"$TMPDIR/orders"
	wait_for "the device" test -s "$TMPDIR/load.out"
	device_addr=127.0.0.1:$(head -n 1 "$TMPDIR/load.out")
	start_proxy "$@" 127.0.0.1:0 "$device_addr"
	echo "$proxy_addr" >&5
	exec 5>&-
	i=0
	while [ $i -lt "$count" ]; do
		i=$((i + 1))
		wait_for "step $i" has_come_to $i
		"$change"
	done
	wait_for_load "$load"
	result=$(tail -n 1 "$TMPDIR/load.out")
	echo "$mode: $i times, $result"
	case $result in
	"served=$CONNECTIONS failed=0 "*) ;;
	*) fail "$mode: $result" ;;
	esac
	had=${result#*most=}
	[ "$most" -eq 0 ] || [ "${had%% *}" -le "$most" ] ||
		fail "$mode: the device had ${had%% *} connections"
	stop_proxy
}

has_come_to() { [ "$(grep -c step "$TMPDIR/load.out")" -ge "$1" ]; }

# As long as it takes: 100,000 connections to a device of one slot.
wait_for_load()
{
	holds_within "${LOAD_PATIENCE_S:-120}" ended "$1" || fail "a load without end"
	finish "$1" "the load"
}
