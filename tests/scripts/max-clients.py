#!/usr/bin/env python3
"""Proves that places and slots go to who may have them: full, evicted,
abandoned, draining, and with a device of two addresses."""
import sys

sys.path.insert(0, "tests/lib")
from stand import Client, PAGE, REQUEST, Scenes, until

SCENES = Scenes()
EVICTING = ("--max-clients", "24", "--queue", "64", "--gate-timeout", "60s",
            "--queue-timeout", "60s", "--first-byte-timeout", "60s")


def fill(proxy, count, data, source):
    """`count` clients of one address who all have a place."""
    before = proxy.counters()["live"]
    crowd = [Client(proxy, data, source=source) for _ in range(count)]
    proxy.counts(live=before + count)
    return crowd


def holds_the_slot(device, proxy):
    client = Client(proxy, REQUEST, source="127.0.0.7")
    return client, device.take_request()


@SCENES.scene(*EVICTING)
def who_is_evicted_is_told(device, proxy):
    """From the gate and from the line alike."""
    _, sock = holds_the_slot(device, proxy)
    for data in (b"GET /", REQUEST):
        crowd = fill(proxy, 24 - proxy.counters()["live"], data, "127.0.0.2")
        newcomer = Client(proxy, REQUEST, source="127.0.0.3")
        until("one had to go", lambda: any(c.ended() for c in crowd))
        gone = [c for c in crowd if c.ended()]
        assert len(gone) == 1, len(gone)
        gone[0].gets("503", cause="evicted")
        for client in crowd + [newcomer]:
            client.reset()
        proxy.counts(live=1)
    sock.close()


@SCENES.scene(*EVICTING, "--slots", "22")
def a_greedy_newcomer_evicts_nobody_else(device, proxy):
    """An address whose connections relay cannot be evicted, nor may it evict
    those who hold less."""
    greedy = [Client(proxy, REQUEST, source="127.0.0.66") for _ in range(22)]
    relaying = [device.take_request() for _ in greedy]
    modest = fill(proxy, 2, b"GET /", "127.0.0.2")
    for _ in range(5):
        one_more = Client(proxy, REQUEST, source="127.0.0.66")
        one_more.gets("503", cause="client-limit")
    assert not any(c.ended() for c in modest)
    modest[0].sock.sendall(REQUEST[5:])
    for sock in relaying:
        sock.close()
    device.serve_page()
    modest[0].gets("200")
    for client in greedy + modest:
        client.reset()


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
        if seen:
            sock.sendall(PAGE)
        sock.close()
    second.gets("200")
    assert int(proxy.end_of(second)["total_ms"]) < 10000


@SCENES.scene("--first-byte-timeout", "1s", "--queue-timeout", "10s")
def draining_while_suspected(device, proxy):
    """Who waits is served still, when the probe has passed."""
    silent, sock = holds_the_slot(device, proxy)
    waiting = Client(proxy, REQUEST)
    proxy.counts(queue=1)
    proxy.process.terminate()
    silent.gets("504")
    sock.close()
    device.serve_page()  # the probe
    device.serve_page()
    waiting.gets("200")
    assert proxy.process.wait(10) == 0


@SCENES.scene("--slots", "4", "--share", "on", "--drain-timeout", "10s")
def draining_with_followers(device, proxy):
    leader, sock = holds_the_slot(device, proxy)
    followers = [Client(proxy, REQUEST, source="127.0.0.%d" % n)
                 for n in range(8, 12)]
    proxy.counts(live=5)
    leader.reset()
    proxy.process.terminate()
    sock.answer()
    assert [f.outcome() for f in followers] == ["200"] * 4
    assert proxy.process.wait(10) == 0
    for follower in followers:  # each one's own times
        end = proxy.end_of(follower)
        waits = [int(end[name]) for name in ("queue_ms", "connect_ms",
                                             "first_ms") if end[name] != "-"]
        assert sum(waits) <= int(end["total_ms"]) + 1, end


sys.exit(SCENES.main())
