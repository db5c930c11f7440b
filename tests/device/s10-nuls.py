#!/usr/bin/env python3
"""Proves S10: a flood of NULs is read to its end, waited for, and given up."""
from rig import Device, check, check_equal

dev = Device("--uptime", 100)
client = dev.connect()
for _ in range(10):
    client.send(b"\0" * 1024)
    dev.advance_until("slot0.rx=0")
check_equal(dev.stat("fw"), "read", "the firmware")
dev.advance_until("fw=stop")
dev.advance_until("fw=loop")
check_equal(dev.stat("timeouts"), 1, "timeouts")
check_equal(dev.stat("requests"), 0, "requests")
console = dev.console()
check_equal(console.count("\0"), 10240, "NULs on the console")
check(console.count("!") > 50, "no flood of '!'")
check("0 http requests, 0.00 per sec, 1 timeouts\n" in console, "counters")
