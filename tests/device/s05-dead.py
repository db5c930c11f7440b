#!/usr/bin/env python3
"""Proves S5: three connections at once and a bus that hangs before the second
reply: one more connect succeeds, then none, and the console is silent."""
from rig import Device, GET, FAVICON, check, check_equal

dev = Device("--uptime", 73544)
dev.fault("spi-hang", "req:2,write:1")
clients = []
for _ in range(3):
    clients.append(dev.connect())
    dev.advance(0.02)
first, second, third = clients
third.send(FAVICON)
third.fin()
dev.wait("slot2=ClsWait")
reply = dev.serve(first, then="fw=hung")
check(reply.endswith(b"</html>\r\n\r\n"), "the first is not served")
console = dev.console()
check(console.endswith("Socket(3) SnSr = Listen SnMR = TCP\n"), console[-200:])
dev.command("key s")
dev.advance(3600)
connected = 0
for _ in range(10):
    if not dev.is_refused():
        connected += 1
    dev.advance(1)
check(connected <= 1, f"{connected} connects succeeded")
check(dev.refuses_all(), "the dead firmware opened a slot")
check_equal(dev.console(), console, "the console")
check_equal(third.read_now(), b"", "bytes for the third client")
check_equal(second.read_now(), b"", "bytes for the second client")

# Only a reset brings it back.
dev.command("reset")
dev.advance(4)
check(dev.get(GET).startswith(b"HTTP/1.1 200"), "not back after the reset")
