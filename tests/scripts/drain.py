#!/usr/bin/env python3
"""Proves that after TERM whoever waits or is served is served to the end, that
the device is asked for nobody else, and that what is cut looks cut."""
import signal
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client
from sallyport import until
from stand import Scenes

SCENES = Scenes()


def drain(proxy):
    proxy.signal(signal.SIGTERM)
    until("it drains", lambda: proxy.find("draining"))


def drain_two(proxy):
    """One is served, with the device's side, the other waits, and TERM."""
    served, sock = proxy.exchange()
    waiting = Client(proxy, REQUEST)
    proxy.counts(queue=1)
    drain(proxy)
    return served, sock, waiting


@SCENES.scene("--drain-timeout", "60s")
def all_finish(device, proxy):
    first, sock, second = drain_two(proxy)
    sock.answer()
    first.gets("200")
    device.serve_page()
    second.gets("200")
    proxy.finish()


@SCENES.scene("--first-byte-timeout", "1s")
def who_waits_for_a_suspected_device(device, proxy):
    """Is served still, when the probe has passed."""
    silent, sock, waiting = drain_two(proxy)
    silent.gets("504")
    sock.close()
    device.serve_page()  # the probe
    device.serve_page()
    waiting.gets("200")
    proxy.finish()


@SCENES.scene("--slots", "4", "--share", "on", "--drain-timeout", "10s")
def followers_whose_leader_has_left(device, proxy):
    leader, sock = proxy.exchange()
    followers = [Client(proxy, REQUEST, source="127.0.0.%d" % n)
                 for n in range(8, 12)]
    proxy.counts(live=5)
    leader.reset()
    drain(proxy)
    sock.answer()
    for follower in followers:
        follower.gets("200")
    proxy.finish()
    for follower in followers:  # each one's own times
        end = proxy.end_of(follower)
        waits = [int(end[name]) for name in ("queue_ms", "connect_ms",
                                             "first_ms") if end[name] != "-"]
        assert sum(waits) <= int(end["total_ms"]) + 1, end


@SCENES.scene("--first-byte-timeout", "300ms", "--probe-backoff",
              "100ms..100ms", "--drain-timeout", "60s")
def no_probe(device, proxy):
    stays = Client(proxy, b"GET")
    proxy.counts(live=1)
    silent, _sock = proxy.exchange()
    silent.gets("504")
    drain(proxy)

    def probes_are_over():
        while not device.nobody_waits():
            device.accept().close()
        return proxy.counters()["slots"] == 0
    until("probes are over", probes_are_over)
    ended = time.monotonic()
    until("another is due", lambda: time.monotonic() - ended > 0.5)
    assert device.nobody_waits(), "the device was probed"
    stays.reset()
    proxy.finish()


@SCENES.scene("--slots", "2", "--share", "on")
def a_second_term_serves_nobody(device, proxy):
    clients = [Client(proxy, REQUEST) for _ in range(4)]
    sock = device.take_request()
    proxy.counts(live=4)
    drain(proxy)
    proxy.terminate()
    for client in clients:
        client.outcome()
    sock.close()
    assert device.nobody_waits(), "the device was connected by a dying proxy"


@SCENES.scene("--drain-timeout", "300ms", profile="raw", terms=1,
              cause="shutdown")
@SCENES.scene("--drain-timeout", "60s", profile="raw", terms=2,
              cause="forced")
@SCENES.scene("--max-age", "500ms", profile="raw", terms=0, cause="max-age")
@SCENES.scene("--max-age", "2s", terms=0, cause="max-age", outcome="503")
def what_is_cut_looks_cut(device, proxy, terms, cause, outcome="RST"):
    """Within a reply that only the device's FIN would end; a held one, of which
    nothing was passed on, is answered."""
    client, sock = proxy.exchange()
    if outcome == "RST":
        sock.sendall(b"half")
        client.expect_only(b"half")
    for _ in range(terms):
        drain(proxy)
    client.gets(outcome, cause=cause, state="R")
    assert client.got == b"" or outcome == "503", client.got
    sock.ends("RST")
    if terms:
        proxy.finish()


sys.exit(SCENES.main())
