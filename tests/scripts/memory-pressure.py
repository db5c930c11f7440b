#!/usr/bin/env python3
"""Proves that a proxy which is short of memory spins for nobody and starves
nobody: who waits keeps little, who does not read makes room, and what goes
straight through needs none."""
import contextlib
import socket
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import PAGE, REQUEST, Client
from sallyport import assert_calm, is_at_rest, until
from stand import Scenes

SCENES = Scenes()
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
SMALL = ("--reply-buffer", "4k", "--head-limit", "1k", "--body-limit", "1k")


def reset_all(clients):
    for client in clients:
        client.reset()


@SCENES.scene("--memory", "92k")
def it_is_no_spin(device, proxy):
    crowd = [Client(proxy, b"G") for _ in range(20)]
    assert_calm(proxy.pid, "20 clients want memory")
    reset_all(crowd)


@SCENES.scene("--memory", "128k", "--sndbuf", "4k")
def who_makes_room_is_not_who_needs_it(device, proxy):
    """The oldest in the gate is the one that is to be served."""
    oldest = Client(proxy, REQUEST[:10])
    proxy.counts(chunks=1)
    others = []
    while not proxy.ends() and len(others) < 15:
        others.append(Client(proxy, REQUEST[:8]))
        proxy.counts(chunks=1 + len(others))
    oldest.sendall(REQUEST[10:])
    device.serve_page()
    oldest.gets("200")
    proxy.end_of(others[0], cause="no-memory", state="G")
    reset_all(others)


@SCENES.scene("--memory", "128k", "--sndbuf", "4k")
def slow_readers_do_not_stop_the_gate(device, proxy):
    slow = []
    for _ in range(4):
        slow.append(Client(proxy, REQUEST, rcvbuf=2304))
        device.serve_page(PAGE + b"x" * 60000)
    proxy.says("cause=no-memory")
    reset_all(slow)


@SCENES.scene("--gate", "data", "--slots", "1", "--memory", "64k", *SMALL,
              profile="raw")
def who_waits_keeps_little(device, proxy):
    """What a client sends meanwhile stays in the kernel."""
    job = b"x" * 20000
    clients = [Client(proxy, job).fin() for _ in range(12)]
    for _ in clients:
        sock = device.accept().expect(job)
        assert sock.recv(1) == b""
        sock.answer()
    for client in clients:
        client.gets("200")


@SCENES.scene("--gate", "http", "--probe", "GET /", "--down-after", "300ms",
              "--memory", "64k", "--probe-backoff", "100ms..200ms",
              profile="raw")
def a_probe_waits_for_a_chunk(device, proxy):
    device.stop()

    def is_down():
        Client(proxy, REQUEST).outcome()
        return proxy.find("device down")
    until("the device is down", is_down)
    crowd = [Client(proxy, b"G") for _ in range(40)]
    time.sleep(1)  # until probes have fallen due
    reset_all(crowd)
    device.listen()
    device.serve_page()  # the probe
    proxy.says("device up")


def stuff(proxy, client):
    """Sends until nothing on the way takes more."""
    client.setblocking(False)

    def is_full():
        with contextlib.suppress(BlockingIOError):
            while True:
                client.send(b"x" * 65536)
        return is_at_rest(proxy.pid)
    until("all is full", is_full)
    client.settimeout(30)


@SCENES.scene("--memory", "96k", "--reply-buffer", "16k", "--head-limit", "1k",
              "--body-limit", "1k", "--body-max", "0",
              "--request-timeout", "0", "--request-rate", "0",
              "--first-byte-timeout", "60s", "--fin-timeout", "60s",
              "--idle-timeout", "60s", "--queue-timeout", "60s")
def a_reply_before_the_end_of_a_request(device, proxy):
    """Bytes that were to pass straight through are wanted by nobody now."""
    device.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    client = Client(proxy, b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n"
                    b"\r\n")
    sock = device.take_request()
    hoarders = []
    while proxy.counters()["live"] == len(hoarders) + 1:
        hoarders.append(Client(proxy, REQUEST))
        until("it waits, or makes room", lambda: proxy.counters()["queue"] +
              len(proxy.ends()) == len(hoarders))
    stuff(proxy, client)
    sock.sendall(LENGTH)
    client.expect(LENGTH)
    sock.drain()  # FIN; or RST, if it reads for longer than 200 ms
    until("the proxy rests", lambda: is_at_rest(proxy.pid))
    reset_all(hoarders)
    client.reset()
    sock.close()


sys.exit(SCENES.main())
