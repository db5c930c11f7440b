#!/usr/bin/env python3
"""Proves S13: a device that is switched off and on leaves its connections
silent; the next byte on one is answered with a reset."""
from rig import Device, GET, check, check_equal

dev = Device("--fault", "power-cycle=every:20")
dev.advance(4.5)
served = refused = 0
held = None
for second in range(300):
    if held is not None and dev.stat("boots") > boots:
        check_equal(held.read_now(), b"", "bytes after the power cycle")
        orphans = dev.stat("orphans")
        held.sock.sendall(b"hello?")
        dev.wait(f"orphans={orphans - 1}")
        try:
            check(not held.sock.recv(1), "an answer after the power cycle")
            check(False, "an end instead of a reset")
        except ConnectionResetError:
            held = None
    if dev.refuses_all():
        refused += 1
    else:
        check(dev.get(GET).startswith(b"HTTP/1.1 200"), "not served")
        served += 1
    if held is None and not dev.refuses_all():
        held, boots = dev.connect(), dev.stat("boots")
    dev.advance(1)
check_equal(served + refused, 300, "tries")
check(served >= 225, f"only {served} of 300 served")
check(dev.stat("boots") >= 15, "boots")
check_equal(dev.stat("requests_total"), served, "requests over all boots")
