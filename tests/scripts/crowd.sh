#!/bin/sh
# Proves that 9,500 pairs fit into 20,000 descriptors and 512 bytes of memory
# each, that those beyond are refused, and served as soon as one leaves.
. tests/lib.sh

pairs=9500
limited="prlimit --nofile=20000:20000"
$limited true 2>/dev/null || skip "the descriptor limit cannot be 20000"

rss_bytes() { echo $(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) .*/\1/p' "/proc/$proxy/status") * 1024)); }

start_crowd
proxy_under=$limited
start_proxy --max-clients $pairs 127.0.0.1:0 "$device_addr"
baseline
rss_at_start=$(rss_bytes)
is_sanitized || [ "$rss_at_start" -le $((3 << 20)) ] ||
	fail "$rss_at_start bytes resident at start"

crowd proxy "$proxy_addr"
crowd open $pairs
crowd ask
assert_idle "$proxy" "$pairs idle pairs"
each=$((($(rss_bytes) - rss_at_start) / pairs))
echo "resident at start $rss_at_start, then $each bytes for each of $pairs"
is_sanitized || [ "$each" -le 500 ] || fail "$each bytes for each pair"

# Full is not broken.
crowd refused 20
logged 20 "in=0 out=0 .* cause=client-limit"
crowd leave 1
logged 1 "cause=client-reset state=R"
crowd open 1
crowd ask
crowd refused 1
crowd leave $pairs
logged $((pairs + 1)) "cause=client-reset state=R"
back_to_baseline
exit 0
