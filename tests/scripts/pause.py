#!/usr/bin/env python3
"""Proves that no timer expires for want of bytes that have arrived: clients
that spoke while the proxy was stopped for longer than idle-timeout are
served."""
import signal
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client, Device
from sallyport import own_network, proc, until
from stand import Proxy

PAIRS = 600  # more than the 256 events that one wait reports

own_network()
device = Device(backlog=PAIRS)
proxy = Proxy(device, "--idle-timeout", "4s", profile="raw")
clients = [Client(proxy) for _ in range(PAIRS)]
socks = [device.accept() for _ in clients]


def speak():
    for client in clients:
        client.say(b"x")


def hear():
    for sock in socks:
        sock.expect(b"x")


speak()
hear()
proxy.signal(signal.SIGSTOP)
until("it is stopped", lambda: "\nState:\tT" in proc(proxy.pid, "status"))
speak()
time.sleep(4.5)  # longer than idle-timeout
proxy.signal(signal.SIGCONT)
hear()
assert not proxy.find("cause=idle-timeout"), "one that had spoken was idle"
