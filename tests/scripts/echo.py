#!/usr/bin/env python3
"""Proves that behind the proxy a sequential server serves one client at a time
and loses none, a forking one two at once, and no zombie or SIGPIPE death."""
import concurrent.futures
import signal
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import ECHOD, Listening, own_network, proc, until
from stand import Proxy

CLIENTS = 6

own_network()


def echoes(proxy):
    Client(proxy).put(100000).fin().get(100000).ends("EOF")


# One at a time, and nobody is lost.
echod = Listening(ECHOD, "--sequential")
proxy = Proxy(echod, profile="raw")
proxy.baseline()
with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
    list(pool.map(echoes, [proxy] * CLIENTS))
echod.says("done with .*, 100000 bytes, eof", CLIENTS)
steps = [line.split(": ")[2].split()[0] for line in
         echod.matching(": (serves|done) ")]
assert steps == ["serves", "done"] * CLIENTS, "two were served at once"
proxy.logged(CLIENTS, "in=100000 out=100000 .* cause=done")
proxy.back_to_baseline()
proxy.terminate()

# Two at once.
echod = Listening(ECHOD, "--fork")
proxy = Proxy(echod, profile="raw")
proxy.baseline()
first = Client(proxy, b"one").expect(b"one")
second = Client(proxy, b"two").expect(b"two")
for client in first, second:
    client.say(b"more").fin()
    client.expect(b"more").ends("EOF").close()
proxy.logged(2, "cause=done")
until("all children are reaped", lambda: not proc(
    echod.pid, "task/%d/children" % echod.pid))

# Clients that send and leave without reading: nobody dies of SIGPIPE.
for _ in range(20):
    Client(proxy).put(50000).reset()


def still_serves():
    client = Client(proxy, b"still").expect(b"still").fin()
    client.ends("EOF").close()


still_serves()
proxy.logged(23, "cause=(done|client-reset)")
proxy.signal(signal.SIGPIPE)
still_serves()
proxy.back_to_baseline()
