#!/usr/bin/env python3
"""Proves S3: four idle clients take all slots: every connect is refused
at once and the library says that all sockets are in use."""
import time

from rig import Client, Device, check, check_equal

dev = Device("--uptime", 135581, "--era", "E3")
idle = []
for _ in range(4):
    idle.append(dev.connect())
    dev.advance(0.02)
durations = []
refused = 0
for _ in range(20):
    before = time.monotonic()
    try:
        Client(dev)
    except ConnectionRefusedError:
        refused += 1
    durations.append(time.monotonic() - before)
    dev.advance(3)
check_equal(refused, 20, "refused")
check(min(durations) <= 0.010, "refusals are slow:", durations)
check_equal(dev.conns(), 4, "connections")
check(dev.console().count("All 4 Sockets in use") > 1000, "no flood")
check_equal(dev.console().count("All 4 Sockets in use"),
            dev.stat("all_in_use"), "the count of the flood")
check_equal(dev.states(), ["Establ"] * 4, "slots")

# One idle client less, and the device hears again.
idle[2].reset()
dev.advance(0.02)
check(dev.get().startswith(b"HTTP/1.1 200"), "still refused")
