#!/usr/bin/env python3
"""Proves S1: browsers refreshing beside connect checks are all served by the
fork of the log, while the stock library refuses everyone after the fourth check."""
import re
import sys
import threading
import time

from rig import Client, Device, GET, FAVICON, check, check_equal

REQUESTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
BROWSERS = 4
CHECK_EVERY = 100 if REQUESTS >= 10000 else 10

dev = Device("--uptime", 10, "--era", "E1", "--instant",
             "--refuse", "accept-rst", speed=1)
served = [0] * BROWSERS
control = threading.Lock()  # of the one control connection


def is_served(visit):
    """Whether a try that may find no slot succeeds."""
    try:
        return visit()
    except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
        time.sleep(0.001)
        return False


def request(data):
    client = Client(dev)
    dev.clients.remove(client)
    with client.sock as sock:
        sock.sendall(data)
        return client.read_to_end().endswith(b"</html>\r\n")


def connect_check():
    """A connection that ends without a byte once the listener has moved on."""
    with control:
        conns = dev.conns()
        client = Client(dev)
        dev.clients.remove(client)
        wait = f"wait conns>{conns},listening=1 200"
        taken_in = dev.try_command(wait)["ok"]
        client.sock.close()
    return taken_in


def browse(number):
    for n in range(REQUESTS // BROWSERS):
        if n % CHECK_EVERY == 0:
            while not is_served(connect_check):
                pass
        while not is_served(lambda: request(FAVICON if n % 2 else GET)):
            pass
        served[number] += 1


threads = [threading.Thread(target=browse, args=(n,)) for n in range(BROWSERS)]
for t in threads:
    t.start()
for t in threads:
    t.join()
check_equal(sum(served), REQUESTS, "served")
check_equal(dev.stat("timeouts"), 0, "timeouts")
check(dev.stat("requests") >= REQUESTS, "the device counted fewer")
tables = re.findall(r"(?: +Socket.*\n){8}", dev.console())
zombies = [t.count("0x1c") for t in tables]
check(max(zombies) >= 1, "no slot was seen half-closed")
check(max(zombies) <= 3, "more than three slots half-closed:", max(zombies))

dev = Device("--uptime", 10, "--era", "E1", "--lib", "stock2017")
for n in range(4):
    check(not dev.refuses_all(), f"refuses all after {n} checks")
    client = dev.connect()
    dev.advance(0.05)
    client.close()
    dev.advance(1)
check(dev.refuses_all(), "still listens after 4 checks")
dev.advance(86400)
check(dev.refuses_all(), "heard again after a day")
