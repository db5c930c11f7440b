#!/usr/bin/env python3
"""Proves that replies pass unchanged and end where they end, that a held one
is never passed on torn, and that the slot waits for the device's own end."""
import contextlib
import select
import signal
import socket
import sys
import time

sys.path.insert(0, "tests/lib")
from stand import (Client, PAGE, REQUEST, Scenes, end_seen_by, reset, until)

SCENES = Scenes("--down-after", "0")
HEAD = REQUEST.replace(b"GET", b"HEAD")
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           b"5\r\nhello\r\n")
EVENTS = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Type: "
                         b"text/event-stream\r\n\r\n", 1)
ODD = [
    PAGE,
    b"not HTTP at all\n",
    b"HTTP/1.1 200 OK\r\nX: a\r\r\nno colon\r\nContent-Length: x\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\n",  # the device's own end, in the middle of a head
    b"\0",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
    CHUNKED,
    EVENTS,
    b"HTTP/1.1 101 not asked for\r\n\r\nabc",
]


def exchange(device, proxy, request=REQUEST):
    client = Client(proxy, request)
    return client, device.take_request()


def seen_through(proxy, client, sock):
    """The device has said all: what the client got, how the slot ended."""
    sock.close()
    client.outcome()
    return client.got, proxy.end_of(client)["cause"]


@SCENES.scene()
def odd_replies_pass_unchanged(device, proxy):
    for reply in ODD:
        client, sock = exchange(device, proxy)
        sock.sendall(reply)
        assert seen_through(proxy, client, sock) == (reply, "done"), reply


@SCENES.scene("--on-device-fin", "half")
def and_end_with_the_device_where_its_fin_is_half_an_end(device, proxy):
    odd_replies_pass_unchanged(device, proxy)


@SCENES.scene()
def no_reply_at_all(device, proxy):
    """An end before any byte is said to be one, and is nobody's silence."""
    client, sock = exchange(device, proxy)
    sock.close()
    client.gets("502", cause="device-empty")
    assert not proxy.find("suspected")


def complete_without_fin(device, proxy, request, reply, more=b""):
    """The proxy ends the device's side, and waits for the device's FIN before
    it uses the slot again."""
    client, sock = exchange(device, proxy, request)
    waiting = Client(proxy, REQUEST)
    sock.sendall(reply + more)
    client.outcome()
    assert client.got == reply, client.got
    assert sock.recv(1) == b"", "no FIN"
    assert device.nobody_waits(), "the slot was used before the device's FIN"
    sock.close()
    device.serve_page()
    waiting.gets("200")
    proxy.end_of(client, cause="done")


@SCENES.scene()
def content_length(device, proxy):
    complete_without_fin(device, proxy, REQUEST, LENGTH)


@SCENES.scene()
def bytes_beyond_content_length_stay_out(device, proxy):
    complete_without_fin(device, proxy, REQUEST, LENGTH, b"GARBAGE")


@SCENES.scene("--reply", "stream")
def content_length_streamed(device, proxy):
    complete_without_fin(device, proxy, REQUEST, LENGTH)


@SCENES.scene()
def replies_without_a_body(device, proxy):
    for request, reply in (
            (HEAD, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
            (REQUEST, b"HTTP/1.1 204 No Content\r\n\r\n"),
            (REQUEST, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n"
             b"\r\n"),
            (REQUEST, b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH)):
        complete_without_fin(device, proxy, request, reply)


def read(sock, length):
    got = b""
    while len(got) < length:
        piece = sock.recv(length - len(got))
        assert piece, (got[-100:], length)
        got += piece
    return got


@SCENES.scene("--reply", "stream")
def bytes_behind_a_streamed_reply_stay_out(device, proxy):
    """In the read that ends the reply, whatever was read before it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    chunks = CHUNKED + b"5\r\n0\r\n\r\n\r\n0\r\nX: y\r\n\r\n"
    for request, reply in (
            (REQUEST, LENGTH), (REQUEST, head % 0), (REQUEST, chunks),
            (REQUEST, head % 1000000 + b"x" * 1000000),
            (HEAD, head % 500), (HEAD, CHUNKED.split(b"5\r\n", 1)[0]),
            (REQUEST, b"HTTP/1.1 204 No Content\r\n\r\n"),
            (REQUEST, b"HTTP/1.1 304 Not Modified\r\n" + (head % 9)[17:])):
        end_of_head = reply.index(b"\r\n\r\n") + 4
        for cut in {0, 20, end_of_head - 1, end_of_head, len(reply) - 1}:
            if cut == len(reply):
                continue  # what comes later was never passed on
            client, sock = exchange(device, proxy, request)
            sock.sendall(reply[:cut])
            got = read(client.sock, cut)
            sock.sendall(reply[cut:] + b"HTTP/1.1 200 OK\r\n\r\nMORE")
            client.outcome()
            got += client.got
            assert got == reply, (got[:99], got[-99:], len(got), cut)
            proxy.end_of(client, cause="done")
            sock.close()


@SCENES.scene()
def the_device_resets_after_its_reply(device, proxy):
    client, sock = exchange(device, proxy)
    waiting = Client(proxy, REQUEST)
    sock.sendall(LENGTH)
    client.gets("200")
    reset(sock)
    device.serve_page()
    waiting.gets("200")
    proxy.end_of(client, cause="done")


@SCENES.scene()
def chunks_end_a_reply(device, proxy):
    for trailer in (b"", b"X: y\r\n"):
        complete_without_fin(device, proxy, REQUEST, CHUNKED + b"5\r\n0\r\n\r\n"
                             b"\r\n0\r\n" + trailer + b"\r\n", b"MORE")


@SCENES.scene()
def an_event_stream_streams(device, proxy):
    client, sock = exchange(device, proxy)
    for part in (EVENTS, b"5\r\nhello\r\n", b"5\r\nhello\r\n"):
        sock.sendall(part)
        got = b""
        while len(got) < len(part):
            got += client.recv(4096)
        assert got == part, got
    assert seen_through(proxy, client, sock) == (b"", "done")


@SCENES.scene()
def a_page_is_held(device, proxy):
    client, sock = exchange(device, proxy)
    sock.sendall(PAGE)
    # A whole exchange of the proxy with others later, still nothing.
    proxy.counters()
    other = Client(proxy, b"bad\r\n")
    other.gets("400")
    client.setblocking(False)
    try:
        raise AssertionError("not held: %r" % client.recv(4096))
    except BlockingIOError:
        client.settimeout(30)
    assert seen_through(proxy, client, sock) == (PAGE, "done")


@SCENES.scene("--reply", "stream")
def a_page_is_streamed(device, proxy):
    client, sock = exchange(device, proxy)
    sock.sendall(PAGE)
    assert client.recv(len(PAGE)), "held"
    sock.close()
    client.gets("EOF")


@SCENES.scene("--reply-buffer", "8k", "--splice", "off")
def a_reply_longer_than_absorb_is_passed_on(device, proxy):
    client, sock = exchange(device, proxy)
    page = PAGE + b"x" * 8192
    sock.sendall(page)
    got = client.recv(4096)  # the device has not ended it
    assert page.startswith(got)
    sock.sendall(b"y" * 100000)
    rest, cause = seen_through(proxy, client, sock)
    assert (got + rest, cause) == (page + b"y" * 100000, "done")


HEADS = [b"H", b"HTTP/1.1 200 OK\r\n", LENGTH[:-5]]
PARTS = [PAGE[:-4], LENGTH[:-1], CHUNKED, b"not HTTP at all"]


@SCENES.scene()
def a_held_reply_that_is_reset(device, proxy):
    """Behind a head and some of the body what came is passed on, and then the
    reset; without any of the body it is said."""
    for part in HEADS + PARTS:
        client, sock = exchange(device, proxy)
        sock.sendall(part)
        until("the proxy has it", lambda: proxy.counters()["chunks"] > 0)
        reset(sock)
        if part in PARTS:
            client.gets("RST")
            assert client.got == part, client.got
        else:
            client.gets("502")
            assert client.got.count(b"HTTP/1.1") == 1, client.got
        proxy.end_of(client, cause="device-reset", state="R")


@SCENES.scene("--reply-timeout", "200ms")
def a_held_reply_that_stops(device, proxy):
    for part in HEADS + PARTS:
        client, sock = exchange(device, proxy)
        sock.sendall(part)
        client.gets("504")
        assert end_seen_by(sock) == "RST"
        proxy.end_of(client, cause="reply-timeout", state="R")


@SCENES.scene("--reply", "stream")
def a_streamed_reply_that_is_reset(device, proxy):
    client, sock = exchange(device, proxy)
    sock.sendall(LENGTH[:-1])
    assert client.recv(4096)
    reset(sock)
    # Some of the reply is out: a reset, and no answer in the middle of it.
    client.gets("RST")
    assert LENGTH.startswith(client.got), client.got
    proxy.end_of(client, cause="device-reset")


@SCENES.scene("--reply", "stream", "--reply-timeout", "200ms")
def a_streamed_reply_that_stops(device, proxy):
    client, sock = exchange(device, proxy)
    sock.sendall(LENGTH[:-1])
    client.gets("RST")
    assert client.got in (b"", LENGTH[:-1]), client.got
    proxy.end_of(client, cause="reply-timeout")


@SCENES.scene()
def reset_before_any_byte(device, proxy):
    client, sock = exchange(device, proxy)
    reset(sock)
    client.gets("502")


@SCENES.scene("--first-byte-timeout", "1s")
def silence_before_any_byte(device, proxy):
    client, sock = exchange(device, proxy, HEAD)
    client.gets("504")
    assert client.got.endswith(b"\r\n\r\n"), "a body for HEAD"
    assert end_seen_by(sock) == "RST"
    proxy.end_of(client, cause="device-silent")


@SCENES.scene("--fin-timeout", "2s")
def a_device_that_never_ends(device, proxy):
    """It is waited for, then reset, and only then is the slot used again."""
    client, sock = exchange(device, proxy)
    waiting = Client(proxy, REQUEST)
    sock.sendall(LENGTH)
    client.gets("200")
    assert sock.recv(1) == b"", "no FIN"
    assert device.nobody_waits(), "the slot was used before the device's end"
    gone = select.poll()
    gone.register(sock, select.POLLERR)
    assert gone.poll(30000), "no reset"
    device.serve_page()
    waiting.gets("200")


def drips_until_the_proxy_ends(proxy, client):
    """One byte after another; only the proxy's clock can stop it."""
    client.setblocking(False)

    def ended():
        with contextlib.suppress(OSError):
            client.send(b"x")
        return any(e["client"] == client.name for e in proxy.ends())
    until("the proxy has ended it", ended)
    return proxy.end_of(client)["cause"]


@SCENES.scene("--linger-timeout", "300ms")
def talking_on_behind_its_answer_gains_no_time(_, proxy):
    client = Client(proxy, b"bad\r\n")
    assert client.recv(4096).startswith(b"HTTP/1.1 400")
    assert drips_until_the_proxy_ends(proxy, client) == "bad-head"


@SCENES.scene("--fin-timeout", "300ms")
def talking_on_behind_the_devices_reply_gains_no_time(device, proxy):
    client, sock = exchange(device, proxy)
    sock.answer()
    assert client.recv(4096)
    assert drips_until_the_proxy_ends(proxy, client) == "fin-timeout"


@SCENES.scene("--sndbuf", "4k", "--share", "on")
def talking_on_costs_no_part_of_a_reply(device, proxy):
    """Neither of the device's own nor of a copy."""
    base = proxy.descriptors()
    client = Client(proxy, REQUEST, rcvbuf=2304)
    sock = device.take_request()
    follower = Client(proxy, REQUEST, rcvbuf=2304)
    until("it follows", lambda: proxy.descriptors() == base + 3)
    page = PAGE + b"y" * 60000
    sock.answer(page)
    for talker in (client, follower):
        talker.sendall(b"x" * 400000)
        talker.outcome()
        assert talker.got == page, len(talker.got)
        proxy.end_of(talker, cause="done")


def is_at_work(proxy):
    """Does it run, or wait for a processor, at all in the next moment?"""
    def seen():
        proc = "/proc/%d/" % proxy.process.pid
        with open(proc + "schedstat") as run, open(proc + "stat") as state:
            return run.read().split()[0], state.read().split()[2]
    before = seen()
    time.sleep(0.2)  # the moment
    return seen() != before or before[1] != "S"


def stuff(proxy, client):
    """Sends until nothing on the way takes more."""
    client.setblocking(False)

    def is_full():
        with contextlib.suppress(BlockingIOError):
            while True:
                client.send(b"x" * 65536)
        return not is_at_work(proxy)
    until("all is full", is_full)
    client.settimeout(30)


@SCENES.scene("--memory", "96k", "--reply-buffer", "16k", "--head-limit", "1k",
              "--body-limit", "1k", "--body-max", "0",
              "--request-timeout", "0", "--request-rate", "0",
              "--first-byte-timeout", "60s", "--fin-timeout", "60s",
              "--idle-timeout", "60s", "--queue-timeout", "60s")
def a_reply_before_the_end_of_a_request_without_memory(device, proxy):
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
    assert client.recv(4096) == LENGTH
    end_seen_by(sock)  # FIN; or RST, if it reads for longer than 200 ms
    until("the proxy rests", lambda: not is_at_work(proxy))
    for hoarder in hoarders:
        hoarder.reset()
    client.reset()
    sock.close()


def cut(device, proxy, cause, signals):
    """Within a reply that only the device's FIN would end."""
    client = Client(proxy)
    sock = device.accept()
    sock.sendall(b"half")
    assert client.recv(10) == b"half"
    for number in signals:
        proxy.signal(number)
        until("it is heard", lambda: proxy.find("draining"))
    client.gets("RST")
    assert end_seen_by(sock) == "RST"
    proxy.end_of(client, cause=cause)
    until("it is gone", lambda: proxy.process.poll() is not None)


@SCENES.scene("--max-age", "500ms", profile="raw")
def what_is_cut_for_its_age_looks_cut(device, proxy):
    client = Client(proxy)
    sock = device.accept()
    sock.sendall(b"half")
    client.gets("RST")
    assert end_seen_by(sock) == "RST"
    proxy.end_of(client, cause="max-age")


@SCENES.scene("--drain-timeout", "300ms", profile="raw")
def so_does_what_a_drain_cuts(device, proxy):
    cut(device, proxy, "shutdown", [signal.SIGTERM])


@SCENES.scene("--drain-timeout", "60s", profile="raw")
def and_what_a_second_term_cuts(device, proxy):
    cut(device, proxy, "forced", [signal.SIGTERM, signal.SIGTERM])


@SCENES.scene("--send-timeout", "300ms", "--sndbuf", "4k", profile="raw")
def a_raw_reply_that_nobody_reads(device, proxy):
    """Both directions of the device are over; only the client is left."""
    client = Client(proxy, b"ask", rcvbuf=2304)
    client.fin()
    sock = device.accept()
    while sock.recv(10):
        pass
    sock.answer(b"y" * 20000)
    proxy.end_of(client, cause="send-timeout", state="L")


sys.exit(SCENES.main())
