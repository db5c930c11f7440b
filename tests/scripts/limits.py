#!/usr/bin/env python3
"""Proves that places follow the descriptor limit, and that running out of
descriptors for real, at accept and at connect, passes by itself."""
import itertools
import os
import resource
import sys

sys.path.insert(0, "tests/lib")
from peer import Client, Crowd, echoed
from sallyport import ECHOD, Listening, assert_calm, own_network
from stand import Proxy

own_network()


def places():
    """Two descriptors each, less what the proxy itself needs."""
    crowd = Crowd()
    proxy = crowd.proxy = Proxy(crowd, "--max-clients", "40", profile="raw",
                                under=("prlimit", "--nofile=20:64"))
    proxy.logged(1, r"max-clients lowered to \d+: the limit is 64 descriptors")
    proxy.baseline()
    crowd.fill()
    pairs = len(crowd.clients)
    assert 12 <= pairs <= 31, "%d places in 64 descriptors" % pairs
    proxy.logged(1, "in=0 out=0 .* cause=client-limit")
    crowd.ask()
    crowd.leave(1)
    crowd.open(1)
    crowd.refused(3)
    proxy.logged(4, "in=0 out=0 .* cause=client-limit")
    crowd.leave(pairs)
    proxy.back_to_baseline()
    proxy.terminate()


def allow_descriptors(proxy, count):
    """So many more than the proxy holds now. The limit is on the number of a
    new descriptor, and free numbers may lie between used ones."""
    held = set(os.listdir("/proc/%d/fd" % proxy.pid))
    free = (n for n in itertools.count() if str(n) not in held)
    limit = next(itertools.islice(free, count, None))
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (limit, 64))


def descriptors_run_out():
    proxy = Proxy(Listening(ECHOD, "--fork"), "--connect-timeout", "300ms",
                  profile="raw", under=("prlimit", "--nofile=64:64"))
    proxy.baseline()
    holder = Client(proxy, b"foo").expect(b"foo")

    # None for an accept: the listener pauses, whoever waits is served once one
    # comes free, and meanwhile the proxy hardly runs.
    allow_descriptors(proxy, 0)
    waiter = Client(proxy, b"bar")
    assert_calm(proxy.pid, "no descriptor for an accept")
    holder.fin().ends()
    waiter.expect(b"bar").fin().ends()
    proxy.logged(2, "in=3 out=3 .* cause=done")
    proxy.back_to_baseline()

    # One for an accept, none for the connect: tried until connect-timeout.
    allow_descriptors(proxy, 1)
    Client(proxy, b"foo").drain()
    end = proxy.logged(1, "cause=no-descriptor state=D")
    assert int(end["total_ms"]) >= 300, end
    proxy.back_to_baseline()
    allow_descriptors(proxy, 2)
    echoed(proxy)
    proxy.back_to_baseline()
    proxy.terminate()


places()
descriptors_run_out()
