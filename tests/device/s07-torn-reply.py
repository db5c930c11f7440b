#!/usr/bin/env python3
"""Proves S7: a bus that hangs after the first line of the page leaves the
client with 149 bytes of a 200 and silence."""
from rig import Device, GET, check, check_equal

dev = Device("--uptime", 154844)
dev.fault("spi-hang", "req:1,write:15")
client = dev.connect()
client.send(GET)
dev.advance_until("fw=hung")
got = b""
while len(got) < 149:
    got += client.sock.recv(4096)
check_equal(len(got), 149, "bytes")
check(got.startswith(b"HTTP/1.1 200 OK\r\n"), got)
check(dev.console().endswith("Sent 17\n"), dev.console()[-80:])
dev.advance(86400)
check_equal(client.read_now(), b"", "bytes a day later")
check_equal(dev.states()[0], "Establ", "the slot a day later")
