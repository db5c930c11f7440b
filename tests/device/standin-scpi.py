#!/usr/bin/env python3
"""Proves that the instrument answers queries and not commands, works on one
line at a time, has two sockets, and leaves answers behind."""
import socket
import struct

from rig import check, check_equal
from standins import (Stand, ends_by_reset, read_until, says_nothing,
                      seconds_of)

dev = Stand("scpi")


def ask(sock, line):
    sock.sendall(line.encode() + b"\n")
    return read_until(sock, b"\n").decode().strip()


a, b = dev.connect(), dev.connect()
check_equal(ask(a, "*IDN?"), "EXAMPLE,PSU-1,0001,1.0", "the name")
a.sendall(b"VOLT 3.3\nVOLT?\n")
check_equal(read_until(a, b"\n"), b"3.300\n", "behind a command")
b.sendall(b"FOO\n")
check(says_nothing(b), "an answer to a command")
check_equal(ask(b, "SYST:ERR?"), '-113,"Undefined header"', "the error")
check_equal(ask(b, "SYST:ERR?"), '0,"No error"', "the next error")
dev.wait("active=2")
check(ends_by_reset(dev.address), "a third client")

# A long query of one holds up the other.
dev.set("measure-ms", 600)
a.sendall(b"MEAS?\n")
dev.wait("measures=1")
_, took = seconds_of(ask, b, "VOLT?")
check_equal(read_until(a, b"\n"), b"3.300\n", "what was measured")
check(took >= 0.2, f"held up for {took} s")

# Who leaves before the answer leaves it to the next, or nobody.
for shared in (0, 1):
    dev.set("shared-output", shared)
    lost = dev.stat("lost_answers")
    a.sendall(b"MEAS?\n")
    a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 0))
    a.close()
    dev.wait(f"lost_answers={lost + 1}", "active=1")
    a = dev.connect()
    if shared:
        check_equal(ask(a, "VOLT?"), "3.300", "an answer meant for another")
        check_equal(ask(a, "SYST:ERR?"), "3.300", "its own, one late")
    else:
        check_equal(ask(a, "SYST:ERR?"), '-410,"Query INTERRUPTED"', "error")
