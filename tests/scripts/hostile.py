#!/usr/bin/env python3
"""Proves that a hostile crowd, whatever it does and on more than 2,000
connections, costs good clients no more than its own turns in the line, and no
page: before profile w5500 with its own limits.

hostile.py [SECONDS]: so long with each kind of crowd, and as long without."""
import contextlib
import math
import random
import resource
import select
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, "tests/lib")
from crowd_device import CrowdDevice
from peer import IP_BIND_ADDRESS_NO_PORT, Client, reset
from sallyport import until
from stand import Proxy

GOOD = 20
# And the least that comes.
PATHS = {b"/short": 4, b"/long": 300000, b"/slow": 4, b"/chunked": 4100}
HOSTILE = "127.0.0.66"
# The longest turn of one address, by the settings of the profile:
# first-byte-timeout and the probe behind it, or a stream that has to yield
# after half of queue-timeout.
TURN_S = 5.5
SLOW_READER_BYTES = 2303
# Newcomers are told so while the device is probed, which takes its time on a
# busy machine: some of them may be, but not half.
SUSPECTED, MOST_SUSPECTED = "suspected", 0.5
ODD = (b"GET /short HTTP/1.1\nHost: x\n\n",
       b"POST /silent HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
       b"GET /short HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
       b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n")


def get(path):
    return b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path


class Pest:
    """One connection of the crowd, that comes again when it has ended."""

    def __init__(self, crowd, says=b"", reads=True, drips=b"", source=None,
                 rcvbuf=0, resets=False):
        self.crowd, self.says, self.reads = crowd, says, reads
        self.drips, self.source, self.rcvbuf = drips, source, rcvbuf
        self.resets = resets
        self.sock = None

    def come(self):
        self.sock = sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if self.rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.rcvbuf)
        sock.bind((self.source() if self.source else HOSTILE, 0))
        sock.connect_ex(("127.0.0.1", self.crowd.port))
        with contextlib.suppress(OSError):
            sock.send(self.says)
        if self.resets:
            self.leave()
            return
        self.crowd.here[sock.fileno()] = self
        self.crowd.poll.register(sock, select.EPOLLIN | select.EPOLLRDHUP
                                 if self.reads else 0)

    def leave(self):
        self.crowd.here.pop(self.sock.fileno(), None)
        reset(self.sock)
        self.sock = None

    def on_event(self, events):
        with contextlib.suppress(BlockingIOError):
            try:
                if not events & (select.EPOLLHUP | select.EPOLLERR) and \
                        self.reads and self.sock.recv(65536):
                    return
            except ConnectionError:
                pass
            self.leave()
            self.crowd.gone.append(self)

    def drip(self):
        if self.sock and self.drips:
            with contextlib.suppress(OSError):
                self.sock.send(self.drips)

    def sip(self):
        """Reads a byte a second."""
        if self.sock and self.rcvbuf == SLOW_READER_BYTES:
            with contextlib.suppress(OSError):
                self.sock.recv(1)


def anybody():
    return ".".join(["127"] + [str(DICE.randrange(2, 200)) for _ in range(3)])


def upload(length):
    """1.1 kB a second."""
    return dict(says=b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
                b"\r\n" % length, drips=b"u" * 110)


DICE = random.Random(7)
KINDS = {  # how many, of what
    "odd": [(1, dict(says=request)) for request in ODD],
    "slow_readers": [(4, dict(says=get(b"/huge"), reads=False,
                              rcvbuf=SLOW_READER_BYTES))],
    "events": [(3, dict(says=get(b"/events")))],
    # Without end, and as much as the gate takes.
    "uploads": [(3, upload(length)) for length in (10 ** 9, 16000, 4000)],
    "new_addresses": [(2, dict(says=get(b"/new"), source=anybody))],
    "busy": [(300, dict(says=get(b"/short"), drips=b"x" * 20))],
    "resets": [(20, dict(says=get(b"/short"), resets=True))],
    # Connects, half heads, half bodies, unread replies, refused ones: 2,000.
    "half": [(500, {}), (500, dict(says=b"GET /half HT")),
             (400, dict(says=b"POST /x HTTP/1.1\r\nHost: x\r\n"
                        b"Content-Length: 9000\r\n\r\nx")),
             (200, dict(says=get(b"/long"), reads=False, rcvbuf=2304)),
             (400, dict(says=get(b"/short")))],
}


class Crowd:
    """All of them; runs in a process of its own, as `hostile.py --crowd`."""

    def __init__(self, port, kinds):
        self.port = port
        self.poll = select.epoll()
        self.here = {}
        self.all = [Pest(self, **what) for kind in kinds
                    for count, what in KINDS[kind] for _ in range(count)]
        self.gone = list(self.all)

    def run(self):
        next_drip_s = next_sip_s = 0
        while True:
            now_s = time.monotonic()
            again, self.gone = self.gone[:100], self.gone[100:]
            for pest in again:
                pest.come()
                if pest.resets:
                    self.gone.append(pest)
            if now_s >= next_drip_s:
                next_drip_s = now_s + 0.1
                for pest in self.all:
                    pest.drip()
            if now_s >= next_sip_s:
                next_sip_s = now_s + 1
                for pest in self.all:
                    pest.sip()
            for fd, events in self.poll.poll(0.05):
                if fd in self.here:
                    self.here[fd].on_event(events)


def asks(proxy, number, seconds, times, bad):
    """One page after the other."""
    dice = random.Random(number)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        path = dice.choice(list(PATHS))
        began, came = time.monotonic(), b""
        try:
            client = Client(proxy, get(path), source="127.0.1.%d" % number)
            how = client.outcome()
            came = client.got
        except OSError as error:
            how = str(error)
        times.append(time.monotonic() - began)
        if how == "503" and "cause=device-suspected" in until(
                "its line", lambda: proxy.find("client=%s " % client.name)):
            how = SUSPECTED
        if how not in ("200", "EOF") or b" 200 OK\r\n" not in came[:20] or \
                len(came) < PATHS[path]:
            bad.append((path, how, came[:60]))
        time.sleep(dice.random() * 0.2)  # a reader reads


def good_clients(proxy, seconds):
    """Twenty who ask one page after the other: their times and failures."""
    times, bad = [], []
    threads = [threading.Thread(target=asks, args=(proxy, number, seconds,
                                                   times, bad))
               for number in range(1, GOOD + 1)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if sum(b[1] == SUSPECTED for b in bad) < len(times) * MOST_SUSPECTED:
        bad = [b for b in bad if b[1] != SUSPECTED]
    return sorted(times), bad


def p99(times):
    return times[min(len(times) - 1, math.ceil(len(times) * 0.99) - 1)]


def play(name, kinds, flags, seconds):
    """One crowd. Returns what is wrong."""
    device = CrowdDevice()
    proxy = Proxy(device, *flags)
    proxy.baseline()
    crowd = None
    try:
        calm, wrong = good_clients(proxy, seconds)
        crowd = subprocess.Popen([sys.executable, __file__, "--crowd",
                                  str(proxy.port), *kinds])
        time.sleep(0.5)  # it comes
        times, bad = good_clients(proxy, seconds + TURN_S)
        crowd.kill()
        proxy.back_to_baseline()
        wrong += bad
        limit_s = 2 * (p99(calm) + TURN_S)
        if p99(times) > limit_s:
            wrong.append("p99 %.2f s, at most %.2f s" % (p99(times), limit_s))
        if device.most > 1:
            wrong.append("%d device connections" % device.most)
        if device.empty:
            wrong.append("%d connects without a request" % device.empty)
        if b"/half" in device.seen:
            wrong.append("half a request has come through")
        wrong += [line for line in proxy.lines if "device down" in line]
        print("%s: calm %d p99 %.2f s, crowd %d p99 %.2f s (limit %.2f), "
              "device most %d %s, wrong %s" % (
                  name, len(calm), p99(calm), len(times), p99(times), limit_s,
                  device.most, dict(device.seen), wrong[:4]), flush=True)
        if wrong:
            print("\n".join(proxy.lines[-5:]))
        return wrong
    finally:
        if crowd:
            crowd.kill()
            crowd.wait()
        proxy.stop()
        device.stop()


def main():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    if sys.argv[1:2] == ["--crowd"]:
        Crowd(int(sys.argv[2]), sys.argv[3:]).run()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4
    crowds = [("all", KINDS, ["--device-abort", "fin"])]
    if len(sys.argv) > 1:
        crowds += [("all", KINDS, [])] + [(k, [k], []) for k in KINDS]
    bad = [c[0] for c in crowds if play(*c, seconds)]
    print("wrong:", *bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
