#!/usr/bin/env python3
"""Proves S6: tabs that wait for the power find refusals for 1.25 s, then take
slots 0 to 2 with one request between them."""
from rig import Device, check, check_equal

dev = Device()
for moment in (0.4, 0.8, 1.2):
    dev.advance(0.4)
    check(dev.refuses_all(), f"listens at {moment} s")
dev.advance_until("slot0=Listen")
tabs = [dev.connect()]
check(dev.refuses_all(), "a second slot listens before the loop runs")
dev.advance(2.1)
for _ in range(2):
    tabs.append(dev.connect())
    dev.advance(0.01)
check_equal(dev.states(), ["Establ", "Establ", "Establ", "Listen"], "slots")
reply = dev.serve(tabs[0])
check(reply.startswith(b"HTTP/1.1 200"), "the first tab is not served")
check(dev.advance(0) <= 4, "the first reply came late")
check_equal(dev.states(), ["Closed", "Establ", "Establ", "Listen"], "slots")
boot = dev.console().split("\n")
check_equal(boot[2], "689 msec to start serial", "the third line")
