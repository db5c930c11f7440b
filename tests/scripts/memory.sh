#!/bin/sh
# Proves that slow clients use up the proxy's memory and no more, stop nobody
# else, and lose nothing.
. tests/lib.sh

resident_kib() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) .*/\1/p' "/proc/$proxy/status"; }

start_echod --fork
start_proxy --memory 512k --reply-buffer 256k --sndbuf 16k --splice off \
	127.0.0.1:0 "$echod_addr"
baseline
before=$(resident_kib)

# Each sends until nobody takes any more, and reads nothing.
slow=
for i in $(seq 20); do
	start_client "slow$i" fill mark="$TMPDIR/full.$i" wait="$TMPDIR/go" shw \
		drain=eof
	slow="$slow $started_pid"
done
for i in $(seq 20); do
	wait_for "a full proxy" test -e "$TMPDIR/full.$i"
done

# Whoever reads is served meanwhile, and the rest cost no time.
client put=100000 get=100000 shw eof
wait_for "rest: twenty slow clients" is_at_rest "$proxy"
after=$(resident_kib)
is_sanitized || [ $((after - before)) -le 1024 ] ||
	fail "$((after - before)) KiB more, of 512 allowed"

touch "$TMPDIR/go"
for pid in $slow; do
	finish "$pid" "a slow client"
done
for i in $(seq 20); do
	sed 'N; s/\n/ /' "$TMPDIR/slow$i.out" | grep -q '^\([0-9]*\) \1 eof$' ||
		fail "sent, received: $(cat "$TMPDIR/slow$i.out")"
done
logged 21 "cause=done"
back_to_baseline
exit 0
