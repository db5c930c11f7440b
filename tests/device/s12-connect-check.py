#!/usr/bin/env python3
"""Proves S12: a health check that only connects takes all slots of the
stock library after four; the fork and version 2 reclaim the slots."""
from rig import Device, check, check_equal


def checked(lib):
    """How many of ten checks, one each 2 s, found the device listening."""
    dev = Device("--uptime", 100, "--lib", lib)
    passed = 0
    for _ in range(10):
        if not dev.refuses_all():
            client = dev.connect()
            dev.advance(0.05)
            client.close()
            passed += 1
        dev.advance(1.95)
    return dev, passed


dev, passed = checked("stock2017")
check_equal(passed, 4, "checks that passed with stock2017")
check_equal(dev.states(), ["ClsWait"] * 4, "slots")
check("W5000socket step3" not in dev.console(), "step3 with stock2017")

dev, passed = checked("systronix")
check_equal(passed, 10, "checks that passed with systronix")
check("W5000socket step3\nW5000socket close\n" in dev.console(), "no step3")
check_equal(dev.states().count("ClsWait"), 3, "slots half-closed")

dev, passed = checked("v2")
check_equal(passed, 10, "checks that passed with v2")
check_equal(dev.states().count("ClsWait"), 0, "slots half-closed with v2")
check_equal(dev.stat("zero_byte_conns"), 10, "connections without a byte")
