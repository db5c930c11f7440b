#!/usr/bin/env python3
"""Proves that under virtual time the same arguments and the same clients give
the same console, byte for byte."""
from rig import Device, GET, FAVICON, check, check_equal

ARGS = ("--port-shown", 8080, "--crlf", "--fault", "syn-stuck=nth:2,ms:900",
        "--fault", "power-cycle=at:40", "--fault", "slow-reply=3")


def play():
    """Half an hour of visitors of every kind; returns the console."""
    dev = Device(*ARGS)
    dev.advance(4)
    idle = dev.connect(then=0.5)
    dev.connect()  # hangs in its handshake
    dev.advance(0.5)
    for n in range(12):
        dev.get(FAVICON if n % 2 else GET)
        dev.advance(0.37 * n)
    idle.fin()
    dev.wait("slot0!=Establ")
    half = dev.connect(GET[:10])
    dev.advance(0.7)
    half.reset()
    dev.command("table")
    dev.advance(60)
    late = dev.connect(GET)
    late.fin()
    dev.advance(1800)
    dev.stat()
    return dev.console()


first = play()
check("power" not in first and first.count("Teensy Temperature") == 2,
      "no power cycle")
check(first.count("Request is complete") >= 13, "few requests")
for _ in range(3):
    check_equal(play(), first, "the console")
