#!/usr/bin/env python3
"""Proves that slow clients use up the proxy's memory and no more, stop nobody
else, and lose nothing."""
import concurrent.futures
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import (ECHOD, Listening, is_at_rest, is_sanitized, memory_kb,
                       own_network, until)
from stand import Proxy

own_network()
SLOW = 20
proxy = Proxy(Listening(ECHOD, "--fork"), "--memory", "512k",
              "--reply-buffer", "256k", "--sndbuf", "16k", "--splice", "off",
              profile="raw")
proxy.baseline()
before_kb = memory_kb(proxy.pid)

# Each sends until nobody takes any more, and reads nothing.
pool = concurrent.futures.ThreadPoolExecutor(SLOW)
slow = list(pool.map(lambda _: Client(proxy).fill(), range(SLOW)))

# Whoever reads is served meanwhile, and the rest cost no time.
Client(proxy).put(100000).get(100000).fin().ends()
until("it rests beside the slow", lambda: is_at_rest(proxy.pid))
more_kb = memory_kb(proxy.pid) - before_kb
assert is_sanitized() or more_kb <= 1024, "%d kB more, of 512" % more_kb

list(pool.map(lambda client: client.fin().get(client.sent).ends(), slow))
proxy.logged(SLOW + 1, "cause=done")
proxy.back_to_baseline()
