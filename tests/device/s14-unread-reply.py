#!/usr/bin/env python3
"""Proves S14: a client that reads nothing of a long reply stops the firmware
in its send for ever, and all others with it."""
from rig import Client, Device, GET, check, check_equal

dev = Device("--uptime", 100, "--fault", "reply-size=32768")
client = Client(dev, rcvbuf=1)
dev.wait("conns=1")
dev.advance(0.002)
client.send(GET)
dev.advance(1)
check_equal(dev.stat("fw"), "send", "the firmware")
other = dev.connect()
other.sock.sendall(GET)
dev.advance(60)
check_equal(dev.stat("fw"), "send", "the firmware a minute later")
check_equal(dev.stat("requests"), 1, "requests")
check_equal(other.read_now(), b"", "bytes for the other client")
check(dev.refuses_all(), "a slot listens")
check("done" not in dev.console(), "the reply is done")

# It goes on as soon as the client is gone.
client.reset()
dev.advance_until("requests=2")
