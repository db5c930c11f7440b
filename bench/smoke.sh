#!/bin/sh
# Proves that the comparison of proxies runs and fills in every figure.
. tests/lib.sh

for tool in wrk nginx haproxy strace taskset python3; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
is_sanitized && skip "figures of a sanitized proxy mean nothing"
python3 bench/bench.py --quick --idle 200 --traced 20 \
	--only sallyport,bare,haproxy --out "$TMPDIR/results" ||
	fail "bench.py"
# Cost, memory, rate and delay of each, and rate and delay without a proxy.
[ "$(grep -c '^| [a-z].*[0-9] (1\.00) |$' "$TMPDIR/results")" -eq 4 ] ||
	fail "HAProxy is not its own measure in four tables"
[ "$(grep -c '^| \(sallyport\|bare\|direct\) .*[0-9]) |$' \
	"$TMPDIR/results")" -eq 10 ] || fail "a figure is missing"
