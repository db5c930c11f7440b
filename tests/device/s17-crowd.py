#!/usr/bin/env python3
"""Proves S17: of fifty clients at once at most two are served."""
import errno
import select
import socket

from rig import Device, GET, check, check_equal

CROWD = 50

dev = Device("--uptime", 100)
crowd = []
for _ in range(CROWD):
    s = socket.socket()
    s.setblocking(False)
    check(s.connect_ex(dev.address) in (0, errno.EINPROGRESS), "connect")
    crowd.append(s)
dev.wait("conns>=1")
served = 0
for s in crowd:
    # Nothing arrives on a connection that hangs, refused ones end here.
    writable = select.select([], [s], [], 0)[1]
    if writable and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
        try:
            s.sendall(GET)
            continue
        except OSError:
            pass
    s.close()
crowd = [s for s in crowd if s.fileno() >= 0]
dev.wait("slot0.rx>0")
dev.advance(5)
for s in crowd:
    try:
        served += s.recv(65536).startswith(b"HTTP/1.1 200")
    except (BlockingIOError, ConnectionError):
        pass
check(1 <= served <= 2, f"{served} of {CROWD} served")
check_equal(dev.stat("requests"), served, "requests")
