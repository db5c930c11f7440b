#!/usr/bin/env python3
"""Proves S9: a header without end holds the device for as long as it comes,
and no timeout counts it."""
import contextlib
import threading

from rig import Device, check, check_equal

FULL = 2048

dev = Device("--uptime", 100)
client = dev.connect()
other = dev.connect() if dev.advance(0.01) else None
start = dev.advance(0)
other.send(b"GET / HTTP/1.0\r\n\r\n")
client.sock.sendall(b"GET / HTTP/1.1\r\n")
total = 0
while dev.advance(0) < start + 10:
    rx = dev.command("slots")[0]["rx"]
    client.sock.sendall(b"a" * (FULL - rx))
    total += FULL - rx
    dev.wait(f"slot0.rx={FULL}")
    dev.advance(0.02)
    check_equal(dev.stat("fw"), "read", "the firmware")
check(total >= 400000, f"only {total} bytes in 10 s")
check_equal(dev.stat("timeouts"), 0, "timeouts")
check_equal(dev.stat("requests"), 0, "requests")
check_equal(other.read_now(), b"", "bytes for the other client")
check("!" not in dev.console(), "it waited for a byte")

# Where a byte costs no time at all, the socket for commands is still heard.
dev = Device("--uptime", 100, "--instant")
client = dev.connect()
stopped = threading.Event()


def send_for_ever():
    with contextlib.suppress(ConnectionError):
        while not stopped.is_set():
            client.sock.sendall(b"a" * 65536)


sender = threading.Thread(target=send_for_ever)
sender.start()
dev.wait("fw=read")
for _ in range(100):
    check_equal(dev.stat("requests"), 0, "requests")
stopped.set()
dev.try_command("quit")
sender.join()
