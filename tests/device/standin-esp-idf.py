#!/usr/bin/env python3
"""Proves that the ESP-IDF stand-in answers in chunks, keeps its connections,
leaves the eighth client unanswered, and refuses a long head."""
import http.client

from rig import check, check_equal
from standins import (Stand, curl, read_until, request, says_nothing)

dev = Stand("esp-idf")
status, body, rc = curl(dev.url + "/", dev.url + "/style.css")
check_equal((status, len(body), rc), ("200", 4000, 0), "two pages by curl")
dev.wait("active=0")
check_equal(dev.stat("conns"), 1, "connections for both")

session = http.client.HTTPConnection(*dev.address, timeout=20)
for _ in range(3):
    session.request("GET", "/")
    reply = session.getresponse()
    check(reply.read().endswith(b"</html>\n"), "a torn page")
    check_equal(reply.getheader("Transfer-Encoding"), "chunked", "framing")
session.request("HEAD", "/")
check_equal(session.getresponse().read(), b"", "the body of a HEAD")
session.close()
dev.wait("active=0")

# Seven clients that keep their connection take all; the eighth waits until
# one of them leaves.
kept = [dev.connect(request("/")) for _ in range(7)]
for sock in kept:
    read_until(sock, b"\r\n0\r\n\r\n")
check_equal(dev.stat("active"), 7, "slots")
eighth = dev.connect(request("/"))
check(says_nothing(eighth), "the eighth is answered")
kept[3].close()
read_until(eighth, b"\r\n0\r\n\r\n")

for sock in kept + [eighth]:
    sock.close()
dev.wait("active=0")
status, _, _ = curl("-H", "Cookie: s=" + "x" * 1500, dev.url + "/")
check_equal(status, "431", "a long head")
dev.set("length", 1)
check(b"Content-Length: 2000\r\n" in
      read_until(dev.connect(request("/")), b"</html>\n"), "a length")
check_equal(dev.end()["max_active"], 7, "the counters at the end")
