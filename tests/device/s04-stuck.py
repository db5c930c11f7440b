#!/usr/bin/env python3
"""Proves S4: a handshake that hangs holds its slot for 31.8 s; with two idle
clients beside it one request at a time is served and a second refused."""
from rig import Device, check, check_equal

dev = Device("--uptime", 177100, "--era", "E3")
dev.fault("syn-stuck", "nth:3")
for _ in range(3):
    stuck = dev.connect()
    dev.advance(0.02)
check_equal(dev.states(), ["Establ", "Establ", "SynRecv", "Listen"], "slots")
stuck.sock.sendall(b"unheard")
for _ in range(5):
    client = dev.connect()
    check(dev.refuses_all(), "a second client found a slot")
    check(dev.serve(client).startswith(b"HTTP/1.1 200"), "not served")
check("    Socket(2) SnSr = 0x16   SnMR = TCP\n" in dev.console(), "no 0x16")
dev.advance_until("slot2=Closed", 60)
at = {e["to"]: e["t"] for e in dev.events() if e["slot"] == 2}
lasted = at["Closed"] - at["SynRecv"]
check(31.3 <= lasted <= 32.3, f"stuck for {lasted} s")
check(dev.command("slots")[2]["ir"] & 0x08, "no TIMEOUT interrupt")

# A reset frees the slot at once; end:establ makes a connection of it.
dev = Device("--uptime", 100)
dev.fault("syn-stuck", "nth:1,ms:forever")
stuck = dev.connect()
dev.advance(86400)
check_equal(dev.states()[0], "SynRecv", "stuck for ever")
stuck.reset()
check_equal(dev.states()[0], "Closed", "after the reset")
dev.fault("syn-stuck", "nth:1,ms:500,end:establ")
late = dev.connect()
late.sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
dev.advance(0.4)
check_equal(dev.stat("requests"), 0, "requests while stuck")
dev.advance_until("requests=1,fw=stop")
check(late.read_to_end().startswith(b"HTTP/1.1 200"), "late, but not served")
