#!/usr/bin/env python3
"""Proves that the device never sees more connections than slots, whatever
clients do, and that the proxy is as it was when they have gone."""
import os
import random
import select
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../device"))
import rig  # noqa: E402
sys.path.insert(0, "tests/lib")
from crowd_device import CrowdDevice
from stand import Proxy, REQUEST, reset

AT_ONCE = 40
PATIENCE_S = 60


class Visitor:
    """One short connection, which may be broken off at any point."""

    def __init__(self, proxy, chance):
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.connect_ex(("127.0.0.1", proxy.port))
        self.part = REQUEST[:chance.randrange(1, len(REQUEST))]
        self.whole = chance.random() < 0.7
        self.leaves = not self.whole or chance.random() < 0.3
        self.patience_s = time.monotonic() + chance.random() * 0.05
        self.asked = False
        self.got = b""

    def step(self, readable, writable):
        """Returns whether it has gone."""
        try:
            if not self.asked and writable:
                self.sock.send(REQUEST if self.whole else self.part)
                self.asked = True
            if readable:
                piece = self.sock.recv(65536)
                self.got += piece
                if not piece:
                    self.sock.close()
                    return True
        except ConnectionError:
            self.sock.close()
            return True
        if self.leaves and time.monotonic() > self.patience_s:
            reset(self.sock)
            return True
        return False


def crowd(proxy, count, chance):
    """Returns how many were answered what."""
    answers = {}
    here = []
    made = 0
    moved_s = time.monotonic()
    while made < count or here:
        assert time.monotonic() - moved_s < 2 * PATIENCE_S, \
            "%d of %d are stuck" % (len(here), made)
        while made < count and len(here) < AT_ONCE:
            here.append(Visitor(proxy, chance))
            made += 1
        socks = [v.sock for v in here]
        can_read, can_write, _ = select.select(
            socks, [v.sock for v in here if not v.asked], [], 0.05)
        can_read, can_write = set(can_read), set(can_write)
        stay = []
        for v in here:
            if not v.step(v.sock in can_read, v.sock in can_write):
                stay.append(v)
            elif not v.leaves:
                status = v.got[9:12].decode()
                answers[status] = answers.get(status, 0) + 1
        if len(stay) < len(here):
            moved_s = time.monotonic()
        here = stay
    return answers


def play(slots, count, seed):
    device = rig.Device("--sockets", "8", "--instant", "--uptime", "100",
                        speed=100)
    proxy = Proxy(device, "--slots", str(slots), "--queue", "100",
                "--queue-timeout", "%ds" % PATIENCE_S, "--connect-retry", "5",
                "--down-after", "0", "--first-byte-timeout", "30s",
                # The emulator's kernel drops a SYN now and then.
                "--connect-timeout", "%ds" % PATIENCE_S)
    try:
        proxy.baseline()
        answers = crowd(proxy, count, random.Random(seed))
        proxy.back_to_baseline()
        stat = device.stat()
        told = proxy.counters()["accepted"]
        print("slots %d: %d clients, answers %s, device: at most %d of %d "
              "connections at a time, %d requests" %
              (slots, told, answers, stat["max_active"], stat["conns"],
               stat["requests"]))
        assert told == count, told
        # How many the emulator refuses or resets at this speed is chance.
        assert 2 * answers["200"] > sum(answers.values()), answers
        assert stat["max_active"] <= slots, stat
        # Some are gone between connect and the first byte.
        assert 50 * stat["zero_byte_conns"] <= 50 + stat["conns"], stat
    finally:
        proxy.stop()
        device.end()


def play_counting(slots, count, seed):
    """The same before a device that would take more: the limit is met."""
    device = CrowdDevice(time_s=0.003)
    proxy = Proxy(device, "--slots", str(slots), "--queue", "100",
                "--queue-timeout", "%ds" % PATIENCE_S, "--down-after", "0")
    try:
        proxy.baseline()
        answers = crowd(proxy, count, random.Random(seed))
        proxy.back_to_baseline()
        assert device.most == slots, (device.most, slots)
        assert set(answers) == {"200"}, answers
    finally:
        proxy.stop()
        device.stop()


if __name__ == "__main__":
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for limit in (1, 2, 3, 8):
        play(limit, total // 8, seed)
        play_counting(limit, total // 8, seed)
