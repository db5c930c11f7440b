#!/usr/bin/env python3
"""Proves promises 1 to 7 of the protection, a scene for each; the eighth is
tests/scripts/reload.py.

promises.py promise_NUMBER: that one only."""
import contextlib
import os
import random
import resource
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, "tests/lib")
from crowd_device import CrowdDevice
from sallyport import Started
from stand import (Client, Device, Proxy, PAGE, REQUEST, Scenes, end_seen_by,
                   reset, until)

SCENES = Scenes()
TIMES = ("--first-byte-timeout", "1s", "--reply-timeout", "1s",
         "--queue-timeout", "10s", "--fin-timeout", "1s")


@contextlib.contextmanager
def proxied(device, *flags, profile="w5500"):
    """For what is no scene: it has a device of its own."""
    proxy = None
    try:
        proxy = Proxy(device, *flags, profile=profile)
        yield proxy
    finally:
        if proxy:
            proxy.stop()


def many(port, paths, count):
    """`count` clients of many addresses; half of them leave early."""
    dice = random.Random(count)
    clients = []
    for number in range(count):
        sock = socket.socket()
        sock.bind(("127.0.0.%d" % (2 + number % 40), 0))
        sock.settimeout(30)
        sock.connect(("127.0.0.1", port))
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" %
                     dice.choice(paths))
        clients.append(sock)
    for sock in clients[::2]:
        time.sleep(dice.random() * 0.02)  # and leave when they like
        reset(sock)
    for sock in clients[1::2]:
        assert b" " in end_of(sock)
        sock.close()


def end_of(sock):
    got = b" "
    try:
        while True:
            piece = sock.recv(65536)
            if not piece:
                return got
            got += piece
    except ConnectionResetError:
        return got


@SCENES.alone
def promise_1_no_more_than_slots():
    """Whatever device-abort says, with silent, slow and cut exchanges."""
    for abort in ("rst", "fin"):
        for slots in (1, 3):
            device = CrowdDevice()
            with proxied(device, *TIMES, "--slots", str(slots),
                         "--device-abort", abort) as proxy:
                many(proxy.port,
                     (b"/short", b"/long", b"/chunked", b"/silent"), 30)
                assert 0 < device.most <= slots, (abort, slots, device.most)
                assert device.empty == 0, device.empty
            device.stop()


@SCENES.scene()
def promise_2_no_connect_without_a_request(device, proxy):
    for part in (b"", b"\r\n", b"GET / HT", REQUEST[:-2],
                 b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n12345678"):
        for leaves in (Client.fin, Client.reset, lambda client: None):
            client = Client(proxy, part)
            leaves(client)
    time.sleep(0.2)  # long enough for a connect that ought not to be
    assert device.nobody_waits()
    proxy.serves()


@SCENES.scene("--body-max", "0", "--slots", "4")
def promise_3_bytes_in_order_once_unchanged(device, proxy):
    data = random.Random(3).randbytes(300000)
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(data)
    reply = PAGE + data[::-1]
    for cut in (None, "device", "client"):
        client = Client(proxy, head)
        sock = device.accept()
        client.sendall(data[:200000] if cut == "client" else data)
        got = b""
        while len(got) < len(head) + (200000 if cut == "client"
                                      else len(data)):
            got += sock.recv(65536)
        assert (head + data).startswith(got)
        if cut == "client":
            client.reset()
            assert end_seen_by(sock) == "RST"
            continue
        sock.sendall(reply)
        if cut == "device":
            reset(sock)
            client.gets("RST")
        else:
            sock.close()
            assert client.outcome() == "200" and client.got == reply


@SCENES.alone
def promise_3_urgent_bytes_in_a_bulk():
    """Marks behind bulks, at the end, and at once one after the other; each
    time before a proxy that does not know yet that they come."""
    device = Device()
    bulk = random.Random(4).randbytes(300000)
    replies = [[bulk], 3 * [bulk], [b"a", b"bcd"] + 20 * [b"e"]]

    def serve():
        for parts in 30 * replies:
            sock = device.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                sock.sendall(part)
                sock.send(b"!", socket.MSG_OOB)
            sock.close()
    threading.Thread(target=serve, daemon=True).start()
    for _ in range(30):
        with proxied(device, "--splice", "auto", profile="raw") as proxy:
            for parts in replies:
                client = Client(proxy)
                client.setsockopt(socket.SOL_SOCKET,
                                       socket.SO_OOBINLINE, 1)
                client.gets("EOF")
                assert client.got == b"!".join(parts) + b"!", len(client.got)
    device.stop()


@SCENES.alone
def promise_3_behind_passed_descriptors():
    """A read of a Unix socket stops where one was passed: that is no end."""
    device = Device()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        proxy = Started("--single", "--listen", "127.0.0.1:0", "--listen",
                        path, "--device", "127.0.0.1:%d" % device.port)
        try:
            for _ in range(10):
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                for part in (b"abc", b"def", b"ghi"):
                    socket.send_fds(client, [part], [0])
                client.shutdown(socket.SHUT_WR)
                sock = device.accept()
                assert end_of(sock) == b" abcdefghi"
                sock.close()
                client.close()
        finally:
            proxy.stop()
            device.stop()


@SCENES.scene(*TIMES)
def promise_4_nobody_is_delayed_by_another(device, proxy):
    """Twenty of one address wait, send halves or do not read: one of another
    address has one request before it."""
    pests = [Client(proxy, REQUEST, source="127.0.0.66")]
    held = device.take_request()
    pests += [Client(proxy, data, source="127.0.0.66")
              for data in [REQUEST] * 10 + [b"GET"] * 10]
    client = Client(proxy, REQUEST, source="127.0.0.2")
    proxy.counts(queue=11)
    held.answer()
    served = [device.take_request() for _ in range(1)]
    served[0].sendall(PAGE)
    served[0].close()
    if not client.ended():
        device.serve_page()
    client.gets("200")
    silent = device.take_request()  # one of the crowd's is not answered
    late = Client(proxy, REQUEST, source="127.0.0.3")
    assert end_seen_by(silent) == "RST"
    silent.close()
    device.serve_page()  # the probe
    for _ in range(2):
        if not late.ended():
            device.serve_page()
    late.gets("200")
    assert not proxy.find("device down")
    for pest in pests:
        pest.reset()
    proxy.counts(live=0)


def state_of(proxy):
    with open("/proc/%d/stat" % proxy.worker()) as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


@SCENES.scene("--gate-timeout", "500ms", "--queue-timeout", "1s",
              "--first-byte-timeout", "2s", "--linger-timeout", "300ms",
              "--probe", "off", "--down-after", "0")
def promise_5_every_wait_ends_with_its_cause(device, proxy):
    gate = Client(proxy, b"GET /")
    first = Client(proxy, REQUEST)
    sock = device.take_request()
    second = Client(proxy, REQUEST)
    assert gate.outcome() == "408" and second.outcome() == "503"
    first.gets("504")
    sock.close()
    proxy.signal(signal.SIGUSR1)
    for client, cause in ((gate, "gate-timeout"), (first, "device-silent"),
                          (second, "queue-timeout")):
        proxy.end_of(client, cause=cause)
        until("it is counted", lambda: proxy.find("ended %s=" % cause))
    # Bytes that arrived while the proxy was stopped come before its timers.
    client = Client(proxy, REQUEST[:9])
    proxy.counts(live=1)
    until("it sleeps", lambda: state_of(proxy) == "S")
    proxy.signal(signal.SIGSTOP)
    until("it is stopped", lambda: state_of(proxy) == "T")
    client.sendall(REQUEST[9:])
    time.sleep(0.8)  # beyond gate-timeout
    proxy.signal(signal.SIGCONT)
    device.serve_page()
    client.gets("200")


@SCENES.scene("--max-clients", "8", "--memory", "96k", "--reply-buffer",
              "16k", "--head-limit", "1k", "--body-limit", "1k")
def promise_6_full_is_not_broken(device, proxy):
    """Connections, memory, descriptors: refused aloud, and then well."""
    crowd = [Client(proxy, b"GET /") for _ in range(30)]
    until("some are refused", lambda: len(proxy.ends()) >= 22)
    told = [c.outcome() for c in crowd if c.ended()]
    assert set(told) == {"503"}, told
    for client in crowd:
        client.reset()
    proxy.counts(live=0)
    crowd = [Client(proxy, b"GET /", source="127.0.0.%d" % n)
             for n in range(2, 10)]
    proxy.counts(live=8)
    client = Client(proxy, b"GET /", source="127.0.0.9")
    client.gets("503", cause="client-limit")
    for client in crowd:
        client.reset()
    proxy.counts(live=0)
    pid, limits = proxy.worker(), resource.getrlimit(resource.RLIMIT_NOFILE)
    used = set(os.listdir("/proc/%d/fd" % pid))
    free = next(n for n in range(len(used) + 1) if str(n) not in used)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free + 1, limits[1]))
    client = Client(proxy, REQUEST)
    client.gets("503", cause="no-descriptor")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
    proxy.serves()


@SCENES.alone
def promise_7_killed_and_serving_again():
    device = CrowdDevice()
    with proxied(device) as proxy:
        client = Client(proxy, REQUEST)
        client.gets("200")
        hanging = Client(proxy, b"GET /")
        proxy.process.kill()
        proxy.process.wait()
        again = Started("--profile", "w5500", "127.0.0.1:%d" % proxy.port,
                        "127.0.0.1:%d" % device.port)
        try:
            client = Client(again, REQUEST)
            client.gets("200")
        finally:
            again.stop()
            hanging.close()
    device.stop()


sys.exit(SCENES.main())
