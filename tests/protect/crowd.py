#!/usr/bin/env python3
"""Proves that a hostile crowd, and a thousand sources, keep nobody from being
served, and that the device sees good requests only."""
import contextlib
import os
import resource
import select
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../device"))
import rig  # noqa: E402
from stand import Client, Device, Door, REQUEST, until  # noqa: E402

IDLE, DRIPPING, NEVER_READING, GOOD = 200, 200, 50, 20
ROUNDS = 5
DRIP_EVERY_S = 5
ATTACK = b"GET / HTTP/1.1\r\nX: " + b"x" * 200


class Address:
    """A running emulator, as the stand's doors know their device."""

    def __init__(self, device):
        self.port = device.address[1]


def serve_all(clients, each_turn):
    """Reads all to their end; returns their replies."""
    replies = {c: b"" for c in clients}
    left = {c.sock: c for c in clients}
    end = time.monotonic() + 60
    while left:
        assert time.monotonic() < end, "%d are not served" % len(left)
        each_turn()
        for sock in select.select(list(left), [], [], 0.1)[0]:
            piece = sock.recv(65536)
            replies[left[sock]] += piece
            if not piece:
                left.pop(sock).sock.close()
    return list(replies.values())


def hostile_crowd():
    device = rig.Device("--uptime", "100", speed=20)
    door = Door(Address(device), "--queue-timeout", "60s", "--gate-timeout",
                "60s", "--connect-timeout", "60s", "--down-after", "0",
                "--queue", "100")
    base = door.descriptors()
    hostile = [Client(door) for _ in range(IDLE)]
    dripping = [Client(door) for _ in range(DRIPPING)]
    deaf = [Client(door, REQUEST, rcvbuf=2304) for _ in range(NEVER_READING)]
    next_drip = [0, time.monotonic()]

    def drip():
        if time.monotonic() < next_drip[1]:
            return
        next_drip[0] += 1
        next_drip[1] += DRIP_EVERY_S
        for client in dripping:
            with contextlib.suppress(ConnectionError):
                client.sock.send(ATTACK[next_drip[0]:next_drip[0] + 1])
    try:
        for _ in range(ROUNDS):
            replies = serve_all(
                [Client(door, REQUEST) for _ in range(GOOD)], drip)
            bad = [r for r in replies if not r.startswith(b"HTTP/1.1 200")]
            assert not bad, (len(bad), bad[0])
        for client in hostile + dripping + deaf:
            client.reset()
        until("all is given back", lambda: door.is_at_rest() and
              door.descriptors() == base)
        stat = device.stat()
        assert stat["requests"] == stat["conns"], stat
        assert stat["zero_byte_conns"] == stat["timeouts"] == 0, stat
        assert stat["max_active"] == 1, stat
        assert stat["requests"] <= NEVER_READING + ROUNDS * GOOD, stat
    finally:
        door.stop()
        device.end()


SOURCES, EACH, ALLOWED = 1000, 8, 8


def thousand_sources():
    """Each opens as many as it may, and one too many; then a good client of
    each is served although the others stay."""
    device = Device(backlog=512)
    door = Door(device, "--per-source", str(ALLOWED), "--gate-timeout", "60s")
    base = door.descriptors()
    names = ["127.%d.%d.7" % (1 + n // 250, n % 250) for n in range(SOURCES)]
    here = []
    try:
        for name in names:
            here += [Client(door, source=name) for _ in range(EACH - 1)]
        until("all are in", lambda: door.counters()["live"] == len(here))
        assert door.counters()["sources"] == SOURCES
        for name in names[::50]:
            good = Client(door, REQUEST, source=name)
            device.serve_page()
            assert good.outcome() == "200", (name, good.got)
        last = [Client(door, source=name) for name in names]
        until("all are in", lambda: door.counters()["live"] ==
              SOURCES * ALLOWED)
        for name in names[::50]:
            refused = Client(door, REQUEST, source=name)
            assert refused.outcome() == "503", refused.got
            assert door.end_of(refused)["cause"] == "source-limit"
        other = Client(door, REQUEST)  # who is no part of it
        device.serve_page()
        assert other.outcome() == "200"
        for client in here + last:
            client.reset()
        until("all is given back", lambda: door.is_at_rest() and
              door.descriptors() == base)
    finally:
        door.stop()
        device.stop()


if __name__ == "__main__":
    need = SOURCES * ALLOWED + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * need:
        print("the descriptor limit is below", 2 * need)
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * need), hard))
    hostile_crowd()
    thousand_sources()
