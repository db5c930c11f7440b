#!/usr/bin/env python3
"""Proves that replies pass unchanged and end where they end, that a held one
is never passed on torn, and that the slot waits for the device's own end."""
import contextlib
import select
import sys
import threading

sys.path.insert(0, "tests/lib")
from peer import PAGE, REQUEST, Client, Peer
from sallyport import WAIT_S, ready, until
from stand import Scenes

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


def arrives(client, reply, cause="done"):
    """It, and no other byte."""
    client.outcome()
    assert client.got == reply, (client.got[:99], len(client.got), reply[:99])
    client.proxy.end_of(client, cause=cause)


@SCENES.scene()
@SCENES.scene("--on-device-fin", "half")
def odd_replies_pass_unchanged(device, proxy):
    """And end with the device, also where its FIN is half an end."""
    for reply in ODD:
        client, sock = proxy.exchange()
        sock.answer(reply)
        arrives(client, reply)


@SCENES.scene(end=Peer.close, cause="device-empty")
@SCENES.scene(end=Peer.reset, cause="device-reset")
def no_reply_at_all(device, proxy, end, cause):
    """An end before any byte is said to be one, and is nobody's silence."""
    client, sock = proxy.exchange()
    end(sock)
    client.gets("502", cause=cause)
    assert not proxy.find("suspected")


@SCENES.scene("--first-byte-timeout", "1s")
def silence_before_any_byte(device, proxy):
    client, sock = proxy.exchange(HEAD)
    client.gets("504", cause="device-silent")
    assert client.got.endswith(b"\r\n\r\n"), "a body for HEAD"
    sock.ends("RST")


CHUNKS = CHUNKED + b"5\r\n0\r\n\r\n\r\n0\r\n"


@SCENES.scene(request=REQUEST, reply=LENGTH)
@SCENES.scene("--reply", "stream", request=REQUEST, reply=LENGTH)
@SCENES.scene(request=REQUEST, reply=LENGTH, more=b"GARBAGE")
@SCENES.scene(request=REQUEST, reply=CHUNKS + b"\r\n", more=b"MORE")
@SCENES.scene(request=REQUEST, reply=CHUNKS + b"X: y\r\n\r\n", more=b"MORE")
@SCENES.scene(request=HEAD, reply=b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n"
              b"\r\n")
@SCENES.scene(request=REQUEST, reply=b"HTTP/1.1 204 No Content\r\n\r\n")
@SCENES.scene(request=REQUEST, reply=b"HTTP/1.1 304 Not Modified\r\n"
              b"Content-Length: 9\r\n\r\n")
@SCENES.scene(request=REQUEST, reply=b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH)
def complete_without_fin(device, proxy, request, reply, more=b""):
    """The proxy ends the device's side, and waits for the device's FIN before
    it uses the slot again."""
    client, sock = proxy.exchange(request)
    waiting = Client(proxy, REQUEST)
    sock.sendall(reply + more)
    arrives(client, reply)
    assert sock.recv(1) == b"", "no FIN"
    assert device.has_only(sock), "the slot was used before the device's FIN"
    sock.close()
    device.serve_page()
    waiting.gets("200")


@SCENES.scene("--reply", "stream")
def bytes_behind_a_streamed_reply_stay_out(device, proxy):
    """In the read that ends the reply, whatever was read before it."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    for request, reply in (
            (REQUEST, LENGTH), (REQUEST, head % 0),
            (REQUEST, CHUNKS + b"X: y\r\n\r\n"),
            (REQUEST, head % 1000000 + b"x" * 1000000),
            (HEAD, head % 500), (HEAD, CHUNKED.split(b"5\r\n", 1)[0]),
            (REQUEST, b"HTTP/1.1 204 No Content\r\n\r\n"),
            (REQUEST, b"HTTP/1.1 304 Not Modified\r\n" + (head % 9)[17:])):
        end_of_head = reply.index(b"\r\n\r\n") + 4
        for cut in {0, 20, end_of_head - 1, end_of_head, len(reply) - 1}:
            if cut == len(reply):
                continue  # what comes later was never passed on
            client, sock = proxy.exchange(request)
            sock.sendall(reply[:cut])
            client.expect(reply[:cut])
            sock.sendall(reply[cut:] + b"HTTP/1.1 200 OK\r\n\r\nMORE")
            arrives(client, reply[cut:])
            sock.close()


@SCENES.scene()
def the_device_resets_after_its_reply(device, proxy):
    client, sock = proxy.exchange()
    waiting = Client(proxy, REQUEST)
    sock.sendall(LENGTH)
    client.gets("200")
    sock.reset()
    device.serve_page()
    waiting.gets("200")
    proxy.end_of(client, cause="done")


@SCENES.scene("--fin-timeout", "2s")
def a_device_that_never_ends(device, proxy):
    """It is waited for, then reset, and only then is the slot used again."""
    client, sock = proxy.exchange()
    waiting = Client(proxy, REQUEST)
    sock.sendall(LENGTH)
    client.gets("200")
    assert sock.recv(1) == b"", "no FIN"
    assert device.has_only(sock), "the slot was used before the device's end"
    assert ready(sock, events=select.POLLERR, within_s=WAIT_S), "no reset"
    device.serve_page()
    waiting.gets("200")


@SCENES.scene()
def a_page_is_held(device, proxy):
    client, sock = proxy.exchange()
    sock.sendall(PAGE)
    # A whole exchange of the proxy with others later, still nothing.
    proxy.counters()
    Client(proxy, b"bad\r\n").gets("400")
    client.quiet(0)
    sock.close()
    arrives(client, PAGE)


@SCENES.scene("--reply", "stream")
def a_page_is_streamed(device, proxy):
    client, sock = proxy.exchange()
    sock.sendall(PAGE)
    client.expect_only(PAGE)
    sock.close()
    client.gets("EOF")


@SCENES.scene("--reply-buffer", "8k", "--splice", "off")
def a_reply_longer_than_the_buffer_is_passed_on(device, proxy):
    client, sock = proxy.exchange()
    page = PAGE + b"x" * 8192
    sock.sendall(page)
    client.expect(page[:1])  # the device has not ended it
    sock.answer(b"y" * 100000)
    arrives(client, page[1:] + b"y" * 100000)


@SCENES.scene("--gate", "http", profile="raw")
def a_head_without_end_is_spliced_by_nobody(device, proxy):
    client, sock = proxy.exchange()
    head = b"HTTP/1.1 200 OK\r\nX: " + b"a" * 4000000
    sender = threading.Thread(target=sock.answer, args=(head,))
    sender.start()
    arrives(client, head)
    sender.join()


HEADS = [b"H", b"HTTP/1.1 200 OK\r\n", LENGTH[:-5]]
PARTS = [PAGE[:-4], LENGTH[:-1], CHUNKED, b"not HTTP at all"]


@SCENES.scene()
def a_held_reply_that_is_reset(device, proxy):
    """Behind a head and some of the body what came is passed on, and then the
    reset; without any of the body it is said."""
    for part in HEADS + PARTS:
        client, sock = proxy.exchange()
        sock.sendall(part)
        until("the proxy has it", lambda: proxy.counters()["chunks"] > 0)
        sock.reset()
        client.gets("RST" if part in PARTS else "502", cause="device-reset",
                    state="R")
        if part in PARTS:
            assert client.got == part, client.got
        else:
            assert client.got.count(b"HTTP/1.1") == 1, client.got


@SCENES.scene("--reply-timeout", "200ms")
def a_held_reply_that_stops(device, proxy):
    for part in HEADS + PARTS:
        client, sock = proxy.exchange()
        sock.sendall(part)
        client.gets("504", cause="reply-timeout", state="R")
        sock.ends("RST")


@SCENES.scene("--reply", "stream", cause="device-reset")
@SCENES.scene("--reply", "stream", "--reply-timeout", "200ms",
              cause="reply-timeout")
def a_streamed_reply_that_is_cut(device, proxy, cause):
    """Some of the reply is out: a reset, and no answer in the middle of it."""
    client, sock = proxy.exchange()
    sock.sendall(LENGTH[:-1])
    if cause == "device-reset":
        client.expect(LENGTH[:-1])
        sock.reset()
    client.gets("RST", cause=cause)
    assert client.got in (b"", LENGTH[:-1]), client.got


def well(proxy):
    proxy.serves(source="127.0.0.9")
    assert not proxy.find("suspected"), proxy.find("suspected")


@SCENES.scene("--reply-max", "300ms", "--reply", "stream")
def a_reply_that_takes_too_long_in_all(device, proxy):
    """It never pauses for long, and has an end, but not soon."""
    client, sock = proxy.exchange()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n")

    def has_ended():
        with contextlib.suppress(OSError):
            sock.send(b"x")
        return proxy.ends()
    until("it is ended", has_ended)
    client.gets("RST", cause="reply-max")
    sock.close()
    well(proxy)


sys.exit(SCENES.main())
