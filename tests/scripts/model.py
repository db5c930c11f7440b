#!/usr/bin/env python3
"""Proves, for random devices and clients, that each side sees what it may.

Each seed plays a proxy with a device that is slow, chunked, silent, resets or
half-closes at random points, and clients of every kind. The model:
what the device sees of a connection begins with a request, whole and once, or
a beginning of it whose client was cut; a client that got a reply got the
device's bytes, in order and unchanged, whole at FIN, and never a part of them
with a clean end; everybody gets an end; the device never has more connections
than `slots` that it has not finished with; a device that answers its probe is
never down.

model.py [FIRST_SEED [COUNT]]"""
import contextlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, "tests/lib")
from crowd_device import CrowdDevice
from peer import Client, reset
from stand import Proxy

CLIENTS = 24
FLAGS = {
    "w5500": ["--first-byte-timeout", "1s", "--reply-timeout", "1s",
              "--request-timeout", "1s", "--fin-timeout", "1s",
              "--send-timeout", "2s", "--queue-timeout", "20s",
              "--body-max", "0", "--linger-timeout", "500ms"],
    "raw": ["--gate", "http", "--slots", "2", "--queue-timeout", "20s",
            "--idle-timeout", "3s", "--first-byte-timeout", "1s",
            "--fin-timeout", "1s"],
}


class Exchange:
    """One request, what its client does and what the device is to do."""

    def __init__(self, dice, number):
        self.number = number
        self.body = dice.choice([0, 0, 0, 10, 5000, 30000])
        method = b"POST" if self.body else b"GET"
        pad = b"p" * dice.choice([0, 0, 300, 2500])
        self.head = (b"%s /%d HTTP/1.1\r\nHost: x\r\nX: %s\r\n" %
                     (method, number, pad))
        if self.body:
            self.head += b"Content-Length: %d\r\n" % self.body
        self.head += b"\r\n"
        self.request = self.head + dice.randbytes(self.body)
        self.client_cut = dice.choice(
            [None] * 6 + [dice.randrange(len(self.request) + 1)])
        self.client_end = dice.choice(["fin", "rst"])
        self.client_slow = dice.random() < 0.2
        self.half_close = dice.random() < 0.15
        self.reads_until = dice.choice([None] * 8 + [dice.randrange(3000)])
        self.reply, self.framing = self.make_reply(dice)
        self.device_does = dice.choice(
            ["answer"] * 6 + ["silent", "rst", "fin", "rst-unread"])
        self.device_cut = dice.randrange(len(self.reply) + 1)
        self.device_slow = dice.random() < 0.3
        self.device_closes = self.framing == "fin" or dice.random() < 0.5
        self.seen = b""
        self.got, self.end = b"", None

    @staticmethod
    def make_reply(dice):
        data = dice.randbytes(dice.choice([0, 1, 700, 20000, 200000]))
        framing = dice.choice(["length", "chunked", "fin"])
        head = b"HTTP/1.1 200 OK\r\nX-From: device\r\n"
        if framing == "length":
            return head + b"Content-Length: %d\r\n\r\n" % len(data) + data, \
                framing
        if framing == "fin":
            return head + b"\r\n" + data, framing
        out = head + b"Transfer-Encoding: chunked\r\n\r\n"
        while data:
            size = dice.randrange(1, 9000)
            out += b"%x\r\n%s\r\n" % (len(data[:size]), data[:size])
            data = data[size:]
        return out + b"0\r\n\r\n", framing


def send_in_pieces(sock, data, dice, slow):
    while data:
        size = dice.randrange(1, 20000 if not slow else len(data) // 4 + 2)
        sock.sendall(data[:size])
        data = data[size:]
        if slow and data:
            time.sleep(0.05)  # a slow sender


class ModelDevice(CrowdDevice):
    """Plays what each exchange says; answers the probe."""

    def __init__(self, seed, exchanges):
        self.seed, self.exchanges, self.wrong = seed, exchanges, []
        super().__init__()

    def _answer(self, sock):
        got = b""
        while b"\r\n\r\n" not in got:
            piece = sock.recv(3000)
            if not piece:
                self.wrong.append("no request, but %r" % got[:60])
                return
            got += piece
        path = got.split(b" ")[1][1:]
        if not path:  # the probe
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            self._rest(sock)
            return
        x = self.exchanges[int(path)]
        dice = random.Random("%d device %d" % (self.seed, x.number))
        if x.seen:
            self.wrong.append("request %d comes twice" % x.number)
        x.seen = got
        if x.device_does == "rst-unread":
            reset(sock)
            return
        while len(x.seen) < len(x.request):
            piece = sock.recv(65536)
            if not piece:
                return  # its client was cut
            x.seen += piece
        if x.device_does == "silent":
            x.seen += self._rest(sock)
            return
        reply = x.reply if x.device_does == "answer" else \
            x.reply[:x.device_cut]
        send_in_pieces(sock, reply, dice, x.device_slow)
        if x.device_does == "rst":
            reset(sock)
            return
        if x.device_does == "fin" or x.device_closes:
            sock.shutdown(socket.SHUT_WR)
        x.seen += self._rest(sock)

    @staticmethod
    def _rest(sock):
        rest = b""
        with contextlib.suppress(ConnectionError):
            while piece := sock.recv(65536):
                rest += piece
        return rest


def play_client(x, proxy, seed):
    dice = random.Random("%d client %d" % (seed, x.number))
    time.sleep(dice.random() * 0.5)  # clients come when they like
    client = Client(proxy, source="127.0.0.%d" % dice.randrange(2, 9))
    with contextlib.suppress(OSError):  # an answer before the request's end
        send_in_pieces(client, x.request[:x.client_cut], dice, x.client_slow)
        if x.client_cut is not None and x.client_end == "rst":
            client.reset()
            x.end = "left"
            return
        if x.client_cut is not None or x.half_close:
            client.fin()
    try:
        while x.reads_until is None or len(x.got) < x.reads_until:
            piece = client.recv(2000 if x.client_slow else 65536)
            if not piece:
                x.end = "FIN"
                break
            x.got += piece
        else:
            client.reset()
            x.end = "left"
    except ConnectionError:
        x.end = "RST"
    except TimeoutError:
        x.end = "none"
    client.close()


def is_whole(x):
    if x.device_does == "answer":
        return x.got == x.reply
    return x.device_does == "fin" and (
        x.got == x.reply[:x.device_cut] or x.got == x.reply)


def judge(x):
    """What is wrong with what both sides saw."""
    if not x.request.startswith(x.seen):
        return "the device saw %r" % x.seen[:200]
    if x.end in (None, "none"):
        return "the client got no end"
    if x.end == "left":
        return None if x.reply.startswith(x.got) or b"X-From" not in x.got \
            else "the client saw other bytes"
    if b"X-From" not in x.got and not x.reply.startswith(x.got):
        # the proxy's own answer, or a device's cut head
        return None if x.got.startswith(b"HTTP/1.1 ") and (
            b"</html>" in x.got) else "an odd answer: %r" % x.got[:80]
    if not x.reply.startswith(x.got):
        return "the client saw other bytes"
    if x.end == "FIN" and x.got and not is_whole(x):
        return "%d of %d bytes look whole (%s)" % (
            len(x.got), len(x.reply), x.device_does)
    if x.end == "FIN" and not x.got and x.client_cut is None:
        return "a clean end and no answer"
    return None


def play(seed, profile):
    dice = random.Random(seed)
    exchanges = [Exchange(dice, n) for n in range(CLIENTS)]
    device = ModelDevice(seed, exchanges)
    flags = FLAGS[profile] + ["--reply", dice.choice(["hold", "stream"]),
                              "--device-abort", dice.choice(["rst", "fin"]),
                              "--sndbuf", dice.choice(["4k", "64k"])]
    slots = 2
    if profile == "w5500":
        slots = dice.choice([1, 2, 4])
        flags += ["--slots", str(slots)]
    proxy = Proxy(device, *flags, profile=profile)
    threads = [threading.Thread(target=play_client, args=(x, proxy, seed))
               for x in exchanges]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    wrong = ["%d: %s (client %s, cut %s, end %s; device %s)" % (
        x.number, fault, x.end, x.client_cut, x.client_end, x.device_does)
        for x in exchanges for fault in [judge(x)] if fault]
    wrong += device.wrong
    if device.most > slots:
        wrong.append("%d device connections" % device.most)
    if proxy.find("device down"):
        wrong.append("the device was down")
    if proxy.process.poll() is not None:
        wrong.append("the proxy died")
    if wrong:
        print("seed %d, %s %s:\n  %s" % (seed, profile, " ".join(flags),
                                         "\n  ".join(wrong)))
        print("\n".join(proxy.lines[-CLIENTS - 6:]))
    proxy.stop()
    device.stop()
    return bool(wrong)


def main():
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    bad = [(seed, profile) for seed in range(first, first + count)
           for profile in FLAGS if play(seed, profile)]
    print("seeds %d..%d: %s" % (first, first + count - 1, bad or "well"))
    return 1 if bad else 0


sys.exit(main())
