#!/usr/bin/env python3
"""Proves that 24 virtual hours with 100,000 requests leak nothing and that
the counters line adds up exactly."""
import os
import socket
import sys
import time

from rig import Device, check, check_equal
from sallyport import memory_kb

REQUESTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
DAY_S = 86400 * REQUESTS / 100000
HALF_EVERY = 1000  # one client in so many never completes its request
SERVICE_S = 0.02   # about what one takes
PASS_S = 0.005     # enough to be back in the loop after stop()
LIMIT_S = 90
GET = b"GET / HTTP/1.0\r\n\r\n"
HALF = b"GET / HTTP/1.0\r\n"


def footprint(dev):
    """Descriptors, and resident kilobytes."""
    pid = dev.process.pid
    return len(os.listdir(f"/proc/{pid}/fd")), memory_kb(pid)


def visit(dev, number, data, pause):
    """One client, then a pause; returns the device time. It is not woken for
    each of the 53 writes: it reads when the device has sent its FIN."""
    with socket.socket() as s:
        s.connect(dev.address)
        s.sendall(data)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        dev.send(f"wait conns={number},rx_waiting={len(data)} 20000",
                 "advance 2.5 until fw=stop", "wait active=0 20000",
                 f"advance {pause:.6f}")
        answers = [dev.answer(), dev.answer()]
        reply = b""
        while more := s.recv(4096):
            reply += more
    check(data is HALF or reply.endswith(b"</html>\r\n\r\n"), reply)
    answers += [dev.answer(), dev.answer()]
    check(all(a["ok"] for a in answers), answers)
    return answers[-1]["t"]


dev = Device("--uptime", 0)
dev.command("key h")
began = time.monotonic()
t = 0
halves = 0
for n in range(REQUESTS + REQUESTS // HALF_EVERY):
    is_half = n % (HALF_EVERY + 1) == HALF_EVERY // 2
    halves += is_half
    due = (n + 1) * DAY_S / (REQUESTS + REQUESTS // HALF_EVERY)
    t = visit(dev, n + 1, HALF if is_half else GET,
              max(PASS_S, due - t - SERVICE_S))
    if n == REQUESTS // 10:
        before = footprint(dev)
dev.advance(f"{DAY_S - t:.6f}")
took = time.monotonic() - began

descriptors, resident = footprint(dev)
check_equal(descriptors, before[0], "descriptors")
check(resident <= before[1] + 64, f"{before[1]} KB grew to {resident} KB")
dev.expect(requests=REQUESTS, timeouts=halves, conns=REQUESTS + halves,
           forced_close=0, all_in_use=0, zero_byte_conns=0, orphans=0,
           touched_mask=3, max_active=1)
dev.command("table")
dev.advance(0.1)
line = (f"{REQUESTS} http requests, {REQUESTS / DAY_S:.2f} per sec, "
        f"{halves} timeouts\n")
check(line in dev.console(), "no line", line, dev.console()[-300:])
print(f"{REQUESTS} requests in {took:.0f} s; {descriptors} descriptors, "
      f"{resident} KB")
check(took < LIMIT_S or os.getloadavg()[0] > os.cpu_count(), "too slow")
