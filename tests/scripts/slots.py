#!/usr/bin/env python3
"""Proves that the device never sees more connections than slots, whatever
clients do, nor one sooner than it can bear, and that slots come back.

CONNECTIONS: how many the crowd makes, 2000."""
import concurrent.futures
import os
import random
import resource
import socket
import sys
import time

sys.path.insert(0, "tests/lib")
from crowd_device import CrowdDevice
from peer import REQUEST, Client
from stand import Proxy, Scenes

SCENES = Scenes()
CONNECTIONS = int(os.environ.get("CONNECTIONS", "2000"))
AT_ONCE = 40
REST_S = 2
REST = "--probe-backoff", "%ds..30s" % REST_S, "--down-after", "0"


@SCENES.scene("--connect-gap", "300ms", waits=("queue_ms", 300))
@SCENES.scene("--settle", "300ms", waits=("first_ms", 300))
def a_pause_for_the_device(device, proxy, waits):
    """Before the next connect, and before the first byte."""
    first, sock = proxy.exchange()
    second = Client(proxy, REQUEST)
    proxy.counts(queue=1)
    sock.answer()
    first.gets("200")
    device.serve_page()
    second.gets("200")
    assert int(proxy.end_of(second)[waits[0]]) >= waits[1]


def the_next_waits(device, proxy, began_s, wait_s):
    """For its slot, until so long after `began_s`, when nothing had begun."""
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    waited_s = time.monotonic() - began_s
    assert waited_s >= wait_s, "only %.3f s" % waited_s
    sock.answer()
    client.gets("200")


@SCENES.scene(*REST, "--first-byte-timeout", "1s", "--device-abort", "fin")
def a_device_that_was_told_by_fin_only(device, proxy):
    """It was given up and may not have noticed: its slot rests."""
    began_s = time.monotonic()
    first, sock = proxy.exchange()
    first.gets("504", cause="device-silent")
    the_next_waits(device, proxy, began_s, 1 + REST_S)
    sock.ends("EOF")


@SCENES.scene(*REST, "--gate", "data", "--slots", "1", profile="raw")
def a_device_that_ends_with_much_unread(device, proxy):
    """It has sent its FIN, but ours waits behind what it has not taken."""
    device.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    began_s = time.monotonic()
    client, sock = Client(proxy).put(100000).fin(), device.accept().fin()
    client.gets("EOF", cause="done", **{"in": "100000"})
    the_next_waits(device, proxy, began_s, REST_S)
    sock.get(100000).ends("EOF")


@SCENES.scene(*REST, "--connect-timeout", "1s")
def a_connect_that_timed_out(device, proxy):
    """It may have reached the device, which is well: its slot rests."""
    device.listener.listen(0)
    fillers = device.fill_backlog()
    began_s = time.monotonic()
    Client(proxy, REQUEST).gets("504", cause="connect-timeout")
    for filler in fillers:
        filler.close()
    device.stop()
    device.listen()
    the_next_waits(device, proxy, began_s, 1 + REST_S)


@SCENES.scene("--connect-timeout", "60s")
def a_descriptor_comes_back(device, proxy):
    client = Client(proxy, REQUEST[:10])
    proxy.counts(live=1)
    was = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)
    used = set(os.listdir("/proc/%d/fd" % proxy.pid))
    free = next(n for n in range(len(used) + 1) if str(n) not in used)
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (free, was[1]))
    client.sendall(REQUEST[10:])
    proxy.counts(slots=1)
    assert device.nobody_waits()
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, was)
    device.serve_page()
    client.gets("200")


@SCENES.scene("--probe-backoff", "20s..30s", "--connect-timeout", "10s",
              "--queue-timeout", "20s")
def an_abandoned_connect(device, proxy):
    """Its slot comes back as soon as the device has answered, and the device
    is reset then; it is not held for a pause that a client can bring about."""
    device.listener.listen(0)
    fillers = device.fill_backlog()
    client = Client(proxy, REQUEST, source="127.0.0.5")
    proxy.counts(slots=1)
    client.reset()
    proxy.end_of(client, cause="client-reset")
    assert proxy.counters()["slots"] == 1
    second = Client(proxy, REQUEST)
    for filler in fillers:
        filler.close()
    seen = b""
    while not seen:  # the fillers, and the abandoned one
        sock = device.accept()
        try:
            seen = sock.recv(4096)
        except ConnectionResetError:
            pass
        if not seen:
            sock.close()
    sock.answer()
    second.gets("200")
    assert int(proxy.end_of(second)["total_ms"]) < 10000


def visit(proxy, seed):
    """One short connection, which may be broken off at any point, or what it
    was answered."""
    chance = random.Random(seed)
    asks = chance.random() < 0.7
    client = Client(proxy, REQUEST if asks else
                    REQUEST[:chance.randrange(1, len(REQUEST))])
    if asks and chance.random() < 0.7:
        return client.outcome()
    time.sleep(chance.random() * 0.05)  # and then it leaves
    client.reset()
    return "left"


@SCENES.alone
def crowds():
    """The device would take more: the limit is met, and kept."""
    each = CONNECTIONS // 4
    for slots in (1, 2, 3, 8):
        device = CrowdDevice(time_s=0.003)
        proxy = Proxy(device, "--slots", str(slots), "--queue", "100",
                      "--queue-timeout", "60s", "--down-after", "0")
        proxy.baseline()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = set(pool.map(lambda n: visit(proxy, n), range(each)))
        proxy.back_to_baseline()
        assert device.most == slots, (device.most, slots)
        assert answers == {"200", "left"}, answers
        assert proxy.counters()["accepted"] == each
        # Some are gone between connect and the first byte.
        assert 50 * device.empty <= 50 + each, device.empty
        proxy.stop()
        device.stop()


sys.exit(SCENES.main())
