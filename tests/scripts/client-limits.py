#!/usr/bin/env python3
"""Proves that only those come in who may, and no more than may: allow and deny,
max-clients, per-source, request-limit, and that who has to go is told."""
import resource
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client
from sallyport import proc, until
from stand import Scenes

SCENES = Scenes()
EVICTING = ("--max-clients", "24", "--queue", "64", "--gate-timeout", "60s",
            "--queue-timeout", "60s", "--first-byte-timeout", "60s")


@SCENES.scene("--deny", "127.0.0.3", "--allow", "127.0.0.2/31")
def who_may_come_in(device, proxy):
    for source in ("127.0.0.1", "127.0.0.3"):
        client = Client(proxy, source=source)
        assert client.outcome() in ("EOF", "RST"), client.got
        proxy.end_of(client, cause="denied")
    proxy.serves(source="127.0.0.2")


@SCENES.scene("--request-limit", "2/1h")
def too_many_requests(device, proxy):
    for _ in range(2):
        proxy.serves()
    client = Client(proxy, REQUEST)
    client.gets("429", cause="request-limit", state="G")
    assert b"\r\nRetry-After: " in client.got, client.got
    assert device.nobody_waits(), "the device was connected"
    proxy.serves(source="127.0.0.9")


@SCENES.scene("--per-source", "1")
def one_for_each_source(device, proxy):
    first, sock = proxy.exchange()
    refused = Client(proxy, REQUEST)
    refused.gets("503", cause="source-limit", state="G")
    assert b"\r\nRetry-After: " in refused.got, refused.got
    second = Client(proxy, REQUEST, source="127.0.0.2")
    proxy.counts(queue=1)
    sock.answer()
    first.gets("200")
    device.serve_page()
    second.gets("200")


def fill(proxy, count, data, source):
    """`count` clients of one address who all have a place."""
    before = proxy.counters()["live"]
    crowd = [Client(proxy, data, source=source) for _ in range(count)]
    proxy.counts(live=before + count)
    return crowd


@SCENES.scene(*EVICTING)
def who_is_evicted_is_told(device, proxy):
    """From the gate and from the line alike."""
    Client(proxy, REQUEST, source="127.0.0.7")
    sock = device.take_request()
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
    modest[0].sendall(REQUEST[5:])
    for sock in relaying:
        sock.close()
    device.serve_page()
    modest[0].gets("200")
    for client in greedy + modest:
        client.reset()


SOURCES, ALLOWED = 1000, 8


def thousand_sources(device, proxy):
    """Each opens as many as it may, and one too many; then a good client of
    each is served although the others stay."""
    def address_space():
        return proc(proxy.pid, "statm").split()[0]
    size = address_space()
    names = ["127.%d.%d.7" % (1 + n // 250, n % 250) for n in range(SOURCES)]
    here = [Client(proxy, source=name) for name in names * (ALLOWED - 1)]
    proxy.counts(live=len(here), sources=SOURCES)
    for name in names[::50]:
        proxy.serves(source=name)
    here += [Client(proxy, source=name) for name in names]
    proxy.counts(live=len(here))
    for name in names[::50]:
        refused = Client(proxy, REQUEST, source=name)
        refused.gets("503", cause="source-limit")
    proxy.serves()  # who is no part of it
    proxy.counts(sources=SOURCES)
    assert address_space() == size, "the table has grown"
    assert not any(c.ended() for c in here[::400])
    for client in here:
        client.reset()


need = 2 * SOURCES * ALLOWED + 1000
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
if most >= need:
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, most))
    SCENES.scene("--per-source", str(ALLOWED), "--gate-timeout",
                 "60s")(thousand_sources)
else:
    print("the descriptor limit is below", need)

sys.exit(SCENES.main())
