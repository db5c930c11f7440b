#!/bin/sh
# Proves that a reload loses no connection, that the settings in force change,
# that faults change nothing and are all reported, and that across the change
# the device never has more connections than slots.
PROXY_MODE=
. tests/lib.sh
. tests/load.sh
command -v python3 >/dev/null || skip "python3 is not installed"
: "${CHANGES:=100}"

served() { client snd=foo rcv=foo clo; }
settings() { printf '%s\n' "$@" >"$TMPDIR/proxy.conf"; }
loads() { [ "$(grep -c 'settings loaded' "$log")" -ge "$loaded" ]; }
reload()
{
	loaded=$(($(grep -c 'settings loaded' "$log") + 1))
	kill -HUP "$proxy"
	wait_for "the reload" loads
	find_worker
}

start_echod --fork
base="listen 127.0.0.1:0
device $echod_addr"

# What is in force changes; who is connected keeps what it began with.
settings "$base" "idle-timeout 10m"
start_proxy -c "$TMPDIR/proxy.conf"
start_client stays snd=foo rcv=foo mark="$TMPDIR/live" wait="$TMPDIR/go" \
	snd=bar rcv=bar shw eof
stays=$started_pid
wait_for "a live pair" test -e "$TMPDIR/live"
settings "$base" "deny 127.0.0.1"
reload
client drain=any
logged 1 "cause=denied"
touch "$TMPDIR/go"
finish "$stays" "who was connected"
logged 1 "in=6 out=6 .* cause=done"
wait_for "the end of the older worker" says "$log" "after its last client"

# Faults: each is reported, and nothing changes.
settings "$base" "idle-timeout many" "slots -1" "no-such 1"
kill -HUP "$proxy"
logged 3 "reload refused: .*proxy.conf:"
client drain=any
logged 2 "cause=denied"
rm "$TMPDIR/proxy.conf"
kill -HUP "$proxy"
logged 1 "reload refused: .* cannot be read"
settings "$base" "log /no/such/directory"
kill -HUP "$proxy"
logged 1 "reload refused: cannot open the log /no/such/directory"
settings "$base" "events /no/such/fifo"
kill -HUP "$proxy"
logged 1 "reload refused: cannot open events /no/such/fifo"
settings "$base" "listen 192.0.2.1:80"
kill -HUP "$proxy"
logged 1 "reload refused: cannot listen on 192.0.2.1:80"
settings "$base"
reload
served

# Sockets come and go.
settings "$base" "listen $TMPDIR/other.sock"
reload
"$ACTOR" "$TMPDIR/other.sock" con snd=foo rcv=foo clo || fail "the new address"
settings "$base"
reload
wait_for "the old name's end" test ! -e "$TMPDIR/other.sock"
served
kill -USR1 "$proxy"
wait_for "counters that go on" says "$log" "accepted=[6-9]"
stop_proxy

# has_and_waits END [FLAG]...: a proxy with one slot, a client that has it until
# "go" and then does END, and one that waits for it.
has_and_waits()
{
	end=$1
	shift
	start_proxy --slots 1 --queue-timeout 10m --drain-timeout 10m "$@" \
		127.0.0.1:0 "$echod_addr"
	rm -f "$TMPDIR/live" "$TMPDIR/go"
	start_client has snd=foo rcv=foo mark="$TMPDIR/live" \
		wait="$TMPDIR/go" "$end"
	has=$started_pid
	wait_for "a live pair" test -e "$TMPDIR/live"
	start_client waits snd=foo rcv=foo clo
	waits=$started_pid
	wait_for "a client in the queue" accepts
}
accepts() { kill -USR1 "$proxy" && says "$log" "live=[23] .*queue=1"; }
both_served()
{
	touch "$TMPDIR/go"
	finish "$has" "who had the slot"
	finish "$waits" "who waited"
}

# Who waits in a worker that has been replaced twice gets the next slot.
has_and_waits clo
reload
reload
both_served
stop_proxy

# Nor is who waits there forgotten when TERM comes next: the newest worker ends
# at once, with no client of its own.
has_and_waits clo
reload
kill -TERM "$proxy"
wait_for "the end of the newest" sh -c "! kill -0 $worker 2>/dev/null"
both_served
finish "$proxy" "the proxy"

# A slot that rests reaches who waits in the worker before, though the newest,
# which has it, has no client; or who waits in the newest, though the one before
# goes on.
rest="--device-abort fin --probe-backoff 3s..3s"
# shellcheck disable=SC2086 # words
has_and_waits rst $rest
touch "$TMPDIR/go"
logged 1 "cause=client-reset"
reload
both_served
stop_proxy
rm -f "$TMPDIR/live" "$TMPDIR/go"
# shellcheck disable=SC2086 # words
start_proxy --slots 2 --drain-timeout 10m $rest 127.0.0.1:0 "$echod_addr"
start_client stays snd=foo rcv=foo mark="$TMPDIR/stays" wait="$TMPDIR/end" clo
stays=$started_pid
start_client has snd=foo rcv=foo mark="$TMPDIR/live" wait="$TMPDIR/go" rst
wait_for "two live pairs" test -e "$TMPDIR/live" -a -e "$TMPDIR/stays"
reload
start_client late snd=foo rcv=foo clo
late=$started_pid
wait_for "a client in the queue" accepts
touch "$TMPDIR/go"
finish "$late" "who came late"
touch "$TMPDIR/end"
finish "$stays" "who has stayed"
stop_proxy

# Reload after reload takes no memory and no descriptor: 20 of them may find
# room for what they need, the others find it there.
takes() { sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
start_proxy --profile w5500 127.0.0.1:0 "$echod_addr"
i=0
all_ended() { wait_for "the end of the older workers" has_lines "$i" "after its last client"; }
while [ $i -lt 20 ]; do
	i=$((i + 1))
	reload
done
all_ended
took_kb=$(takes "$proxy")
open_fds=$(ls "/proc/$proxy/fd")
while [ $i -lt "${FLAT:-60}" ]; do
	i=$((i + 1))
	reload
done
all_ended
# A sanitizer keeps what was freed.
is_sanitized || [ "$(takes "$proxy")" -le $((took_kb + 64)) ] ||
	fail "$took_kb kB after 20 reloads, $(takes "$proxy") after $i"
[ "$(ls "/proc/$proxy/fd")" = "$open_fds" ] || fail "descriptors are left"
echo "memory: $took_kb kB after 20 reloads, $(takes "$proxy") kB after $i"
stop_proxy

under_load raw 50 0 "$CHANGES" reload
under_load http 50 1 "$CHANGES" reload
under_load http 50 3 "$CHANGES" reload --slots 3
exit 0
