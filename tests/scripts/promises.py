#!/usr/bin/env python3
"""Proves promises 1 to 7 of the protection, a scene for each; the eighth is
tests/scripts/reload.py.

promises.py promise_NUMBER: that one only."""
import os
import random
import resource
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, "tests/lib")
from crowd_device import CrowdDevice
from peer import PAGE, REQUEST, Client, Device
from sallyport import Started, folder, proc, until
from stand import Proxy, Scenes

SCENES = Scenes()
TIMES = ("--first-byte-timeout", "1s", "--reply-timeout", "1s",
         "--queue-timeout", "10s", "--fin-timeout", "1s")


def many(proxy, paths, count):
    """`count` clients of many addresses; half of them leave early."""
    dice = random.Random(count)
    clients = [Client(proxy, b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" %
                      dice.choice(paths), source="127.0.0.%d" % (2 + n % 40))
               for n in range(count)]
    for client in clients[::2]:
        time.sleep(dice.random() * 0.02)  # and leave when they like
        client.reset()
    for client in clients[1::2]:
        client.outcome()


@SCENES.alone
def promise_1_no_more_than_slots():
    """Whatever device-abort says, with silent, slow and cut exchanges."""
    for abort in ("rst", "fin"):
        for slots in (1, 3):
            device = CrowdDevice()
            proxy = Proxy(device, *TIMES, "--slots", str(slots),
                          "--device-abort", abort)
            many(proxy, (b"/short", b"/long", b"/chunked", b"/silent"), 30)
            assert 0 < device.most <= slots, (abort, slots, device.most)
            assert device.empty == 0, device.empty
            proxy.stop()
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


@SCENES.scene("--body-max", "0", "--slots", "4", cut=None)
@SCENES.scene("--body-max", "0", "--slots", "4", cut="device")
@SCENES.scene("--body-max", "0", "--slots", "4", cut="client")
def promise_3_bytes_in_order_once_unchanged(device, proxy, cut):
    data = random.Random(3).randbytes(300000)
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(data)
    sent = data[:200000] if cut == "client" else data
    client = Client(proxy, head)
    sock = device.accept()
    client.sendall(sent)
    sock.expect_only(head + sent)
    if cut == "client":
        client.reset()
        sock.ends("RST")
        return
    reply = PAGE + data[::-1]
    sock.sendall(reply)
    if cut == "device":
        sock.reset()
        client.gets("RST")
        return
    sock.close()
    client.gets("200")
    assert client.got == reply


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
        proxy = Proxy(device, "--splice", "auto", profile="raw")
        for parts in replies:
            client = Client(proxy)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            client.gets("EOF")
            assert client.got == b"!".join(parts) + b"!", len(client.got)
        proxy.stop()
    device.stop()


@SCENES.alone
def promise_3_behind_passed_descriptors():
    """A read of a Unix socket stops where one was passed: that is no end."""
    device = Device()
    path = os.path.join(folder(), "s")
    proxy = Proxy(device, "--listen", path, profile="raw")
    for _ in range(10):
        client = Client(path)
        for part in (b"abc", b"def", b"ghi"):
            socket.send_fds(client, [part], [0])
        client.fin()
        sock = device.accept().expect(b"abcdefghi").ends("EOF")
        sock.close()
        client.close()
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
    device.serve_page()
    if not client.ended():
        device.serve_page()
    client.gets("200")
    silent = device.take_request()  # one of the crowd's is not answered
    late = Client(proxy, REQUEST, source="127.0.0.3")
    silent.ends("RST")
    device.serve_page()  # the probe
    for _ in range(2):
        if not late.ended():
            device.serve_page()
    late.gets("200")
    assert not proxy.find("device down")
    for pest in pests:
        pest.reset()


@SCENES.scene("--gate-timeout", "500ms", "--queue-timeout", "1s",
              "--first-byte-timeout", "2s", "--linger-timeout", "300ms",
              "--probe", "off", "--down-after", "0")
def promise_5_every_wait_ends_with_its_cause(device, proxy):
    gate = Client(proxy, b"GET /")
    first, sock = proxy.exchange()
    second = Client(proxy, REQUEST)
    assert gate.outcome() == "408" and second.outcome() == "503"
    first.gets("504")
    sock.close()
    proxy.signal(signal.SIGUSR1)
    assert b"\r\nRetry-After: " in second.got, second.got
    for client, cause, state in ((gate, "gate-timeout", "G"),
                                 (first, "device-silent", "R"),
                                 (second, "queue-timeout", "Q")):
        proxy.end_of(client, cause=cause, state=state)
        until("it is counted", lambda: proxy.find("ended %s=" % cause))
    # Bytes that arrived while the proxy was stopped come before its timers.
    client = Client(proxy, REQUEST[:9])
    proxy.counts(live=1)

    def becomes(state):
        until("it is " + state, lambda: ("\nState:\t" + state) in
              proc(proxy.pid, "status"))
    becomes("S")
    proxy.signal(signal.SIGSTOP)
    becomes("T")
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
    proxy = Proxy(device)
    Client(proxy, REQUEST).gets("200")
    hanging = Client(proxy, b"GET /")
    proxy.stop()
    again = Started("--profile", "w5500", proxy.listen,
                    "127.0.0.1:%d" % device.port)
    Client(again, REQUEST).gets("200")
    again.stop()
    hanging.close()
    device.stop()


sys.exit(SCENES.main())
