#!/usr/bin/env python3
"""Proves that the ESPAsyncWebServer stand-in serves page, images, events and
WebSocket from three sockets, and resets the fourth client."""
import base64
import os

from rig import check, check_equal
from standins import (Stand, curl, ends_by_reset, read_until, request)

dev = Stand("esp-async", "--event-ms", 50)
status, body, rc = curl(dev.url + "/")
check_equal((status, rc), ("200", 0), "the page")
check_equal(body.count(b"<img"), 4, "its images")
for path, begins in (("/image0.gif", b"GIF89a"), ("/style.css", b"p {")):
    status, body, rc = curl(dev.url + path)
    check_equal((status, rc), ("200", 0), path)
    check(body.startswith(begins), path, body)
check_equal(curl(dev.url + "/favicon.ico")[0], "404", "an unknown path")

stream = dev.connect(request("/events"))
check(b"text/event-stream" in read_until(stream, b"data: 2\n\n"), "events")

KEY = base64.b64encode(os.urandom(16)).decode()
ws = dev.connect(request("/ws", fields="Upgrade: websocket\r\nConnection: "
                         f"Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
                         "Sec-WebSocket-Version: 13\r\n"))
check(b" 101 " in read_until(ws, b"\r\n\r\n"), "no 101")
ws.sendall(b"\x81\x85\1\2\3\4" + bytes(b ^ (i % 4 + 1)
                                       for i, b in enumerate(b"hello")))
check_equal(read_until(ws, b"hello"), b"\x81\x05hello", "the echo")
try:
    import websockets.sync.client as client
    with client.connect("ws://%s:%d/ws" % dev.address) as real:
        real.send("again")
        check_equal(real.recv(), "again", "the echo of a real client")
except ImportError:
    pass
dev.wait("active=2")

# A third stream takes the last socket: the page is gone for everybody.
third = dev.connect(request("/events"))
read_until(third, b"data: 0\n\n")
check(all(ends_by_reset(dev.address) for _ in range(3)), "a fourth client")
check_equal(dev.stat("turned_away"), 3, "turned away")
third.close()
dev.wait("active=2")
check_equal(curl(dev.url + "/")[0], "200", "the page beside two streams")
ws.sendall(b"\x88\x80\0\0\0\0")
check_equal(read_until(ws, b"\x88\0"), b"\x88\0", "the closing frame")
dev.wait("active=1")
check_equal(dev.end()["max_active"], 3, "connections at a time")
