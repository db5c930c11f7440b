#!/usr/bin/env python3
"""Proves that what once broke the proxy under pressure does so no more: short
memory, endless heads, a full queue. Each scene failed before it was mended."""
import contextlib
import os
import re
import socket
import sys
import threading
import time
import traceback

sys.path.insert(0, "tests/lib")
from stand import Client, Device, Proxy, PAGE, REQUEST, until

ROUND_S = 0.5


def run_time(proxy):
    with open("/proc/%d/schedstat" % proxy.process.pid) as stat:
        return int(stat.read().split()[0]) / 1e9


def a_blank_line_hides_no_connect_timeout():
    """Bytes that the gate drops do not mean that the device took any."""
    device = Device(backlog=0)
    fillers = device.fill_backlog()
    proxy = Proxy(device, "--connect-timeout", "300ms")
    client = Client(proxy, b"\r\n" + REQUEST)
    client.gets("504", cause="connect-timeout", state="D")
    return proxy, device, fillers


def a_head_without_end_is_spliced_by_nobody():
    device = Device()
    proxy = Proxy(device, "--gate", "http", profile="raw")
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    head = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 4000000

    def send():
        sock.answer(head)
    sender = threading.Thread(target=send)
    sender.start()
    client.outcome()
    sender.join()
    assert client.got == head, len(client.got)
    return proxy, device, []


def a_probe_waits_for_a_chunk():
    device = Device()
    device.stop()
    proxy = Proxy(device, "--gate", "http", "--probe", "GET /", "--down-after",
                "300ms", "--memory", "64k", "--probe-backoff", "100ms..200ms",
                profile="raw")
    def down():
        Client(proxy, REQUEST).outcome()
        return proxy.find("device down")
    until("the device is down", down)
    crowd = [Client(proxy, b"G") for _ in range(40)]
    began = time.monotonic()
    until("probes have fallen due",
          lambda: time.monotonic() - began > 2 * ROUND_S)
    assert proxy.process.poll() is None, "the proxy has died"
    return proxy, device, [c.sock for c in crowd]


def short_memory_is_no_spin():
    device = Device()
    proxy = Proxy(device, "--memory", "92k")
    crowd = [Client(proxy, b"G") for _ in range(20)]
    began, used = time.monotonic(), run_time(proxy)
    until("a while has passed",
          lambda: time.monotonic() - began > 2 * ROUND_S)
    share = (run_time(proxy) - used) / (time.monotonic() - began)
    assert share < 0.2, "the proxy ran %d %% of the time" % (share * 100)
    return proxy, device, [c.sock for c in crowd]


def slow_readers_do_not_stop_the_gate():
    device = Device()
    proxy = Proxy(device, "--memory", "128k", "--sndbuf", "4k")
    slow = []
    for _ in range(4):
        slow.append(Client(proxy, REQUEST, rcvbuf=2304))
        device.serve_page(PAGE + b"x" * 60000)
    until("a slow reader is given up", lambda: any(
        e["cause"] == "no-memory" for e in proxy.ends()))
    return proxy, device, [c.sock for c in slow]


def who_waits_keeps_little():
    """What a client sends meanwhile stays in the kernel."""
    device = Device()
    proxy = Proxy(device, "--gate", "data", "--slots", "1", "--memory", "64k",
                  "--reply-buffer", "4k", "--head-limit", "1k",
                  "--body-limit", "1k", profile="raw")
    job = b"x" * 20000
    clients = [Client(proxy, job) for _ in range(12)]
    for client in clients:
        client.fin()
    for _ in clients:
        sock, got = device.accept(), b""
        while piece := sock.recv(65536):
            got += piece
        assert got == job, len(got)
        sock.answer()
    assert {c.outcome() for c in clients} == {"200"}, proxy.ends()
    return proxy, device, []


def a_displaced_leader_displaces_nobody_twice():
    device = Device()
    proxy = Proxy(device, "--share", "on", "--queue", "3")

    def ask(source, target):
        sock = socket.socket()
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", proxy.port))
        before = proxy.descriptors()
        sock.sendall(REQUEST.replace(b"/page", target))
        until("taken in", lambda: proxy.process.poll() is None and
              (proxy.descriptors() >= before or proxy.ends()))
        return sock
    a, b, c = "127.0.0.2", "127.0.0.3", "127.0.0.4"
    socks = [ask(*who) for who in (
        (a, b"/busy"), (b, b"/b1"), (a, b"/y"), (a, b"/x"), (c, b"/x"),
        (b, b"/b2"))]
    until("somebody is displaced", lambda: proxy.ends() or proxy.process.poll())
    assert proxy.process.poll() is None, "the proxy has died"
    return proxy, device, socks


def logs_to_a_fifo():
    """The FIFO and its reader, the proxy, and its device, which refuses."""
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), "log.%d" %
                        os.getpid())
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    device = Device()
    device.stop()
    return path, reader, Proxy(device, "--log", path, profile="raw"), device


def a_fifo_log_goes_on_when_it_is_read_again():
    path, reader, proxy, device = logs_to_a_fifo()

    def drain():
        got = b""
        try:
            while piece := os.read(reader, 65536):
                got += piece
        except BlockingIOError:
            pass
        return got

    def be_refused():  # quickly enough to meet the reset while connecting
        with contextlib.suppress(ConnectionResetError):
            Client(proxy).outcome()
    for _ in range(1000):
        be_refused()
    drain()
    be_refused()
    until("lines come again", lambda: b"cause=" in drain())
    os.close(reader)
    os.unlink(path)
    return proxy, device, []


def a_log_whose_reader_left_counts_what_it_lost():
    path, reader, proxy, device = logs_to_a_fifo()
    os.close(reader)
    ends = 5
    for _ in range(ends):
        with contextlib.suppress(ConnectionResetError):
            Client(proxy).outcome()
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    got = b""

    def all_are_accounted_for():
        nonlocal got, ends
        with contextlib.suppress(ConnectionResetError):
            Client(proxy).outcome()
        ends += 1
        with contextlib.suppress(BlockingIOError):
            got += os.read(reader, 65536)
        lost = re.search(rb"(\d+) lines lost", got)
        return lost and got.count(b"cause=") + int(lost[1]) == ends
    until("all are accounted for", all_are_accounted_for)
    os.close(reader)
    os.unlink(path)
    return proxy, device, []


SCENES = [
    a_blank_line_hides_no_connect_timeout,
    a_head_without_end_is_spliced_by_nobody,
    a_probe_waits_for_a_chunk,
    short_memory_is_no_spin,
    slow_readers_do_not_stop_the_gate,
    who_waits_keeps_little,
    a_displaced_leader_displaces_nobody_twice,
    a_fifo_log_goes_on_when_it_is_read_again,
    a_log_whose_reader_left_counts_what_it_lost,
]


def main():
    bad = 0
    for scene in SCENES:
        try:
            proxy, device, socks = scene()
            proxy.stop()
            device.stop()
            for sock in socks:
                sock.close()
        except Exception:
            bad += 1
            print("%s:\n%s" % (scene.__name__, traceback.format_exc()))
    print("%d scenes, %d wrong" % (len(SCENES), bad))
    return 1 if bad else 0


sys.exit(main())
