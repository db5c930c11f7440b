#!/usr/bin/env python3
"""Proves that the waiting line is fair and bounded, who keeps a place in it and
who loses it, and that each is told."""
import os
import signal
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client, reset
from sallyport import folder, until
from stand import Scenes

SCENES = Scenes()
BUSY = os.path.join(folder(), "busy")
with open(BUSY, "wb") as f:
    f.write(b"BUSY\0\r\n")
PLACES, GREEDY = 64, "127.0.0.66"  # profile w5500 has so many


def let_go(client, sock):
    sock.answer()
    client.gets("200")


def all_served(device, clients):
    """One after the other, in this order."""
    for client in clients:
        device.serve_page()
        client.gets("200")
    assert device.nobody_waits(), "the device was asked for nobody"


def waits(proxy, **how):
    """A client in the line."""
    before = proxy.counters()["queue"]
    client = Client(proxy, REQUEST, **how)
    proxy.counts(queue=before + 1)
    return client


def refused(client, cause, state="G"):
    client.gets("503", cause=cause, state=state)
    assert b"\r\nRetry-After: " in client.got, client.got


@SCENES.scene("--queue", "2", places=2)
@SCENES.scene("--queue", "0", places=0)
def a_full_line(device, proxy, places):
    first, sock = proxy.exchange()
    line = [waits(proxy) for _ in range(places)]
    refused(Client(proxy, REQUEST), "queue-full")
    let_go(first, sock)
    all_served(device, line)


@SCENES.scene("--queue", "3")
def who_holds_most_is_evicted(device, proxy):
    first, sock = proxy.exchange()
    greedy = [waits(proxy) for _ in range(3)]
    modest = Client(proxy, REQUEST, source="127.0.0.2")
    refused(greedy[2], "evicted", "Q")
    refused(Client(proxy, REQUEST), "queue-full")
    let_go(first, sock)
    # The slot came back from the address that holds most: the other is next.
    all_served(device, [modest, *greedy[:2]])


def asks_for(name):
    return REQUEST.replace(b"/page", name)


@SCENES.scene()
def one_address_with_all_places(device, proxy):
    """Twenty good ones come later: they take the last of its places, and after
    one turn of its own all of them are served."""
    def joins(name, source):
        nonlocal in_line
        client = Client(proxy, asks_for(name), source=source)
        in_line = min(in_line + 1, PLACES)
        until("it has a place", lambda: client.ended() or
              proxy.counters()["queue"] == in_line)
        return client
    in_line = 0
    first, sock = proxy.exchange(asks_for(b"/greedy"), source=GREEDY)
    greedy = [joins(b"/greedy", GREEDY) for _ in range(PLACES)]
    names = [b"/good%d" % n for n in range(20)]
    good = [joins(name, "127.0.1.%d" % n) for n, name in enumerate(names, 1)]
    for client in greedy[-20:]:
        client.gets("503", cause="evicted")
    Client(proxy, asks_for(b"/greedy"), source=GREEDY).gets(
        "503", cause="queue-full")
    for name in names + [b"/greedy"]:
        sock.answer()
        sock = device.accept().expect_only(asks_for(name))
    sock.answer()
    for client in [first] + good:
        client.gets("200")
    for _ in greedy[1:-20]:
        device.serve_page()


@SCENES.scene()
def nobody_overtakes_the_line(device, proxy):
    """The slot comes back in the same turn in which a newcomer asks."""
    first, sock = proxy.exchange()
    second = waits(proxy)
    newcomer = Client(proxy)
    proxy.counts(live=3)
    proxy.signal(signal.SIGSTOP)
    sock.answer()
    newcomer.sendall(asks_for(b"/new"))
    proxy.signal(signal.SIGCONT)
    for client, target in (second, b"/page"), (newcomer, b"/new"):
        let_go(client, device.accept().expect_only(asks_for(target)))
    first.gets("200")


@SCENES.scene()
def a_reset_leaves_the_line(device, proxy):
    first, sock = proxy.exchange()
    gone, stays = waits(proxy), waits(proxy)
    gone.reset()
    proxy.end_of(gone, cause="client-reset")
    let_go(first, sock)
    all_served(device, [stays])


@SCENES.scene("--queue-timeout", "60s", leave=Client.reset,
              cause="client-reset")
@SCENES.scene("--queue-fin", "drop", leave=Client.fin, cause="client-left")
def an_end_with_the_request_gets_no_place(device, proxy, leave, cause):
    first, sock = proxy.exchange()
    gone = Client(proxy)
    proxy.counts(live=2)
    proxy.signal(signal.SIGSTOP)
    gone.sendall(REQUEST)
    leave(gone)
    proxy.signal(signal.SIGCONT)
    proxy.end_of(gone, cause=cause)
    let_go(first, sock)
    all_served(device, [])


@SCENES.scene("--queue-fin", "drop")
def a_fin_leaves_the_line_with_drop(device, proxy):
    first, sock = proxy.exchange()
    gone = waits(proxy)
    gone.fin()
    proxy.end_of(gone, cause="client-left", state="Q")
    let_go(first, sock)
    all_served(device, [])


@SCENES.scene("--queue-fin", "drop")
def a_fin_after_the_wait_changes_nothing(device, proxy):
    first, sock = proxy.exchange()
    second = waits(proxy)
    let_go(first, sock)
    sock = device.take_request()
    second.fin()
    third = waits(proxy)  # the proxy has seen that FIN before
    let_go(second, sock)
    all_served(device, [third])
    for client in first, second:
        proxy.end_of(client, slot="0")


@SCENES.scene("--idle-timeout", "1500ms")
def waiting_is_not_idling(device, proxy):
    first, sock = proxy.exchange()
    second = waits(proxy)
    began = time.monotonic()
    until("the second has waited long", lambda: sock.send(b"x") and
          time.monotonic() - began > 2)  # the first stays active
    sock.close()
    first.outcome()
    all_served(device, [second])


BUSILY = ("--queue", "0", "--busy-reply", BUSY, "--first-byte-timeout", "2s",
          "--probe", "off", "--probe-backoff", "60s..60s", "--reply-buffer",
          "64k", "--idle-timeout", "60s")


@SCENES.scene(*BUSILY, "--gate", "none", greeting=b"")
@SCENES.scene(*BUSILY, "--gate", "data", greeting=b"x")
@SCENES.scene(*BUSILY, "--gate", "line", greeting=b"x\n")
def busy_reply(device, proxy, greeting):
    def gets_busy(cause):
        client = Client(proxy, greeting)
        client.gets("EOF", cause=cause)
        assert client.got == b"BUSY\0\r\n", client.got
    first = Client(proxy, greeting)
    sock = device.accept()
    gets_busy("queue-full")
    if not greeting:
        reset(sock)
        first.outcome()
        return
    first.gets("RST")  # a silent device is not "busy"
    # One silence may be the request's fault; without a probe another address's
    # decides.
    other = Client(proxy, greeting, source="127.0.0.2")
    silent = device.accept()
    other.gets("RST")
    gets_busy("device-down")
    silent.close()


sys.exit(SCENES.main())
