#!/usr/bin/env python3
"""Proves S11: a client that never speaks holds its slot for a day."""
from rig import Device, check, check_equal

dev = Device("--uptime", 100)
client = dev.connect()
dev.advance(86400)
slot = dev.command("slots")[0]
check_equal(slot["sr"], "Establ", "the slot")
check_equal(slot["age_ms"], 86400000, "its age")
check_equal(len([e for e in dev.events() if e["slot"] == 0]), 4, "changes")
check(dev.get().startswith(b"HTTP/1.1 200"), "the other slots do not serve")
check_equal(client.read_now(), b"", "bytes for the idle client")
