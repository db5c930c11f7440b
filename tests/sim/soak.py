#!/usr/bin/env python3
"""Proves that in real time, on the real kernel, nothing grows: a mixed crowd
before a device that is sometimes slow, silent or resetting, and a reload every
three minutes; resident memory and descriptors stay flat, and every counter
returns.

soak.py [MINUTES]"""
import os
import random
import select
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, "tests/lib")
from peer import reset
from sallyport import memory_kb, ready, until
from stand import Proxy

MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 60
RATE = 20  # clients a second
SLACK_KIB, SLACK_FDS = 1024, 40
RELOAD_S = 180
chance = random.Random(1)


def serve(s):
    """One connection of the device."""
    with s:
        s.settimeout(20)
        try:
            while b"\r\n\r\n" not in s.recv(65536, socket.MSG_PEEK):
                time.sleep(0.01)
            s.recv(65536)
            luck = chance.random()
            if luck < 0.01:
                reset(s)
                return
            time.sleep(7 if luck < 0.012 else luck / 20)  # the device works
            size = chance.choice((10, 500, 5000, 100000))
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
                      + b"x" * size)
            s.shutdown(socket.SHUT_WR)
            s.recv(1)
        except OSError:
            pass


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],),
                         daemon=True).start()


def size(proxy):
    """Resident KiB and descriptors, of all its processes."""
    pids = proxy.pids()
    return (sum(memory_kb(pid) for pid in pids),
            sum(len(os.listdir("/proc/%d/fd" % pid)) for pid in pids))


def client(port):
    """A fresh one, and when it leaves."""
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", port))
    kind = chance.random()
    ready(s, events=select.POLLOUT, within_s=1)
    ask = b"GET /%s HTTP/1.1\r\nHost: soak\r\n\r\n"
    try:
        if kind < 0.7:
            s.send(ask % b"page")
        elif kind < 0.8:
            s.send(ask % b"on?now=1")
        elif kind < 0.9:
            s.send(b"GET /half")
    except OSError:
        pass
    return s, time.monotonic() + chance.uniform(0.05, 15), kind


def step(here, now):
    """Reads what has come, and lets leave whose time it is."""
    over = set()
    for s in ready(*[c[0] for c in here], within_s=0.02):
        try:
            if not s.recv(65536):
                over.add(s)
        except OSError:
            over.add(s)
    for s, leaves, kind in here:
        if s in over or leaves < now:
            reset(s) if kind > 0.95 or kind < 0.05 else s.close()
            over.add(s)
    return [c for c in here if c[0] not in over]


def main():
    if not os.path.exists("/proc/self/task/%d/children" % os.getpid()):
        print("no /proc/PID/task/PID/children here")
        return 77
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    proxy = Proxy("127.0.0.1:%d" % listener.getsockname()[1], single=False)
    began = last = reloaded = time.monotonic()
    warm = began + MINUTES * 60 * 0.2
    here, base, most, came = [], (0, 0), (0, 0), 0
    while (now := time.monotonic()) < began + MINUTES * 60:
        if len(here) < 400 and came < (now - began) * RATE:
            here.append(client(proxy.port))
            came += 1
        here = step(here, now)
        if now - reloaded > RELOAD_S:
            reloaded = now
            proxy.signal(signal.SIGHUP)
        if now - last > 1:
            last, now_has = now, size(proxy)
            if now < warm:
                base = tuple(map(max, base, now_has))
            else:
                most = tuple(map(max, most, now_has))
    for s, _, _ in here:
        s.close()
    until("every counter has returned", lambda: not any(
        proxy.counters()[name] for name in ("live", "chunks", "queue",
                                            "slots")), 60)
    proxy.signal(signal.SIGTERM)
    proxy.finish()
    print("%d clients, %.0f min: %d KiB then %d, %d descriptors then %d" %
          (came, MINUTES, base[0], most[0], base[1], most[1]))
    return 0 if most[0] <= base[0] * 1.1 + SLACK_KIB and \
        most[1] <= base[1] * 1.5 + SLACK_FDS else 1


sys.exit(main())
