#!/usr/bin/env python3
"""Proves that megabytes pass unchanged both ways, with and without splice, and
that a reader who is slow holds the sender back instead of filling memory."""
import os
import subprocess
import sys
import threading

sys.path.insert(0, "tests/lib")
from peer import Client, Device
from sallyport import (ECHOD, Listening, is_sanitized, memory_kb, needs,
                       own_network, until)
from stand import Proxy

needs("ncat")
own_network()
ECHO = Listening(ECHOD, "--fork")
SENT = os.urandom(4000000)


def pipes(proxy):
    here = "/proc/%d/fd/" % proxy.pid
    return sum(os.readlink(here + name).startswith("pipe:")
               for name in os.listdir(here))


def both_directions_at_once(splice):
    proxy = Proxy(ECHO, "--splice", splice, profile="raw")
    proxy.baseline()
    before = pipes(proxy)
    for times in 1, 2:
        assert subprocess.run(["ncat", "127.0.0.1", str(proxy.port)],
                              input=SENT, capture_output=True,
                              check=True).stdout == SENT, "other bytes"
        proxy.logged(times, "in=4000000 out=4000000 .* cause=done")
        proxy.back_to_baseline()
    # The pipes of two directions, two ends each, are all it keeps.
    assert pipes(proxy) <= before + 4, "pipes are left behind"
    proxy.terminate()


def one_direction_to_a_reader_that_starts_late(splice):
    device = Device()
    proxy = Proxy(device, "--splice", splice, "--sndbuf", "64k", profile="raw")
    before_kb = memory_kb(proxy.pid)
    late, sock = Client(proxy), device.accept()
    sender = threading.Thread(target=lambda: sock.put(20000000).fin())
    sender.start()
    until("the first bytes have come", late.ended)
    proxy.assert_idle("a reader that has not started, splice " + splice)
    assert sender.is_alive(), "it is not held back"
    more_kb = memory_kb(proxy.pid) - before_kb
    assert is_sanitized() or more_kb <= 512, "%d kB for a late reader" % more_kb
    late.get(20000000).ends().close()
    sender.join()
    sock.ends()
    proxy.logged(1, "in=0 out=20000000 .* cause=done")
    proxy.terminate()


def many_small_pieces_as_they_come():
    device = Device()
    proxy = Proxy(device, profile="raw")
    client, sock = Client(proxy), device.accept()
    for count, answer in (1000, b"a"), (1000, b"b"), (1, b"c"):
        client.put(count)
        sock.get(count).say(answer)
        client.expect(answer)
    client.fin()
    sock.ends().close()
    client.ends()
    proxy.logged(1, "in=2001 out=3 .* cause=done")


for how in "auto", "off":
    both_directions_at_once(how)
    one_direction_to_a_reader_that_starts_late(how)
many_small_pieces_as_they_come()
