#!/usr/bin/env python3
"""Proves that the Modbus unit bears one connection, keeps what is written,
counts each write, and misbehaves as it is told."""
import shutil
import socket
import struct
import subprocess

from rig import check, check_equal
from standins import (Stand, ends_by_reset, read_until, says_nothing,
                      seconds_of)

dev = Stand("modbus")


class Master:
    def __init__(self, dev):
        self.sock = dev.connect()
        self.tid = 0

    def send(self, *pdu, tid=None):
        self.tid = self.tid + 1 if tid is None else tid
        pdu = b"".join(pdu)
        self.sock.sendall(struct.pack(">HHHB", self.tid, 0, len(pdu) + 1, 1) +
                          pdu)

    def receive(self):
        data = b""
        while len(data) < 6 or len(data) < 6 + struct.unpack(
                ">H", data[4:6])[0]:
            more = self.sock.recv(512)
            check(more, "the end instead of an answer")
            data += more
        check_equal(struct.unpack(">H", data[:2])[0], self.tid, "the id")
        return data[7:]

    def ask(self, *pdu, **how):
        self.send(*pdu, **how)
        return self.receive()


def words(function, *values):
    return struct.pack(">B%dH" % len(values), function, *values)


a = Master(dev)
check_equal(a.ask(words(3, 0, 2)), b"\x03\x04\0\0\0\0", "registers")
check_equal(a.ask(words(6, 7, 515)), words(6, 7, 515), "a write")
check_equal(a.ask(words(16, 8, 2), b"\x04\0\1\0\2"), words(16, 8, 2), "two")
check_equal(a.ask(words(3, 7, 3)), b"\x03\x06\2\3\0\1\0\2", "what was kept")
check_equal(a.ask(words(5, 3, 0xff00)), words(5, 3, 0xff00), "a coil")
check_equal(a.ask(words(15, 10, 3), b"\x01\x05"), words(15, 10, 3), "coils")
check_equal(a.ask(words(1, 0, 16)), b"\x01\x02\x08\x14", "coils as kept")
for pdu, code in ((words(3, 999, 2), 2), (words(3, 0, 126), 3),
                  (words(43, 0, 0), 1), (b"\x03\0", 3)):
    check_equal(a.ask(pdu), bytes((pdu[0] | 0x80, code)), "an exception")
check_equal(dev.stat("writes"), 4, "writes")
a.ask(words(6, 7, 9), tid=77)
a.ask(words(6, 7, 9), tid=77)
check_equal(dev.stat("repeated_writes"), 1, "repeated writes")
check(ends_by_reset(dev.address), "a second master")
a.sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
check_equal(a.sock.recv(1), b"", "an end after garbage")
dev.wait("bad_frames=1", "active=0")

# Silence, pieces, lateness.
a = Master(dev)
dev.set("pieces", 1)
check_equal(a.ask(words(3, 0, 1)), b"\x03\x02\0\0", "piece by piece")
dev.set("silent-every", 1)
a.send(words(3, 0, 1))
check(says_nothing(a.sock), "an answer")
dev.set("silent-every", 0)
dev.set("late-every", 1)
dev.set("late", 0.6)
_, took = seconds_of(a.ask, words(3, 0, 1))
check(took >= 0.6, f"late by {took} s")
a.sock.close()
dev.wait("active=0")

# A unit that takes no notice of a FIN is free again after a reset only.
dev = Stand("modbus", "--ignore-fin", 1, "--blind", 0.5)
a = Master(dev)
a.send(words(3, 0, 1))
check(says_nothing(a.sock), "an answer while it is blind")
a.sock.shutdown(socket.SHUT_WR)
check(ends_by_reset(dev.address), "free after a FIN")
a.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                  struct.pack("ii", 1, 0))
a.sock.close()
dev.wait("active=0")

# Real masters, where they are installed.
if shutil.which("mbpoll"):
    dev = Stand("modbus")
    tcp = ("mbpoll", "-0", "-1", "-t", "4", "-p", str(dev.address[1]))
    subprocess.run([*tcp, "-r", "5", dev.address[0], "77"], check=True,
                   stdout=subprocess.DEVNULL, timeout=30)
    out = subprocess.run([*tcp, "-r", "4", "-c", "3", dev.address[0]],
                         check=True, capture_output=True, text=True,
                         timeout=30).stdout
    check("[5]: \t77\n" in out, "mbpoll", out)
    check_equal(dev.stat("writes"), 1, "writes of mbpoll")
try:
    from pymodbus.client import ModbusTcpClient
except ImportError:
    ModbusTcpClient = None
if ModbusTcpClient:
    dev = Stand("modbus")
    real = ModbusTcpClient(dev.address[0], port=dev.address[1])
    check(real.connect(), "pymodbus cannot connect")
    real.write_register(5, 1234)
    check_equal(real.read_holding_registers(5).registers, [1234], "pymodbus")
    real.close()
