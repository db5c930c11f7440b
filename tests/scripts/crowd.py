#!/usr/bin/env python3
"""Proves that 9,500 pairs fit into 20,000 descriptors and 512 bytes of memory
each, that those beyond are refused, and served as soon as one leaves."""
import sys

sys.path.insert(0, "tests/lib")
from peer import Crowd
from sallyport import is_sanitized, memory_kb, own_network, skip, works
from stand import Proxy

own_network()
PAIRS = 9500
LIMITED = "prlimit", "--nofile=20000:20000"
if not works(*LIMITED, "true"):
    skip("the descriptor limit cannot be 20000")

crowd = Crowd()
proxy = crowd.proxy = Proxy(crowd, "--max-clients", str(PAIRS), profile="raw",
                            under=LIMITED)
proxy.baseline()
at_start_kb = memory_kb(proxy.pid)
assert is_sanitized() or at_start_kb <= 3072, "%d kB at start" % at_start_kb

crowd.open(PAIRS)
crowd.ask()
proxy.assert_idle("%d idle pairs" % PAIRS)
each_bytes = (memory_kb(proxy.pid) - at_start_kb) * 1024 // PAIRS
print("resident at start %d kB, then %d bytes for each of %d" % (
    at_start_kb, each_bytes, PAIRS))
assert is_sanitized() or each_bytes <= 500

# Full is not broken.
crowd.refused(20)
proxy.logged(20, "in=0 out=0 .* cause=client-limit")
crowd.leave(1)
proxy.logged(1, "cause=client-reset state=R")
crowd.open(1)
crowd.ask()
crowd.refused(1)
crowd.leave(PAIRS)
proxy.logged(PAIRS + 1, "cause=client-reset state=R")
proxy.back_to_baseline()
