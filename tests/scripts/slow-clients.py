#!/usr/bin/env python3
"""Proves that a client which does not read, or talks on and on, is given up
in time, gets what is its own, and is nobody else's fault."""
import contextlib
import sys

sys.path.insert(0, "tests/lib")
from peer import PAGE, REQUEST, Client
from sallyport import until
from stand import Scenes

SCENES = Scenes()


@SCENES.scene("--send-timeout", "1s", "--reply", "stream", "--reply-timeout",
              "0", "--first-byte-timeout", "0", "--sndbuf", "4k")
def an_unread_reply_of_a_slow_device(device, proxy):
    """The client takes nothing of what is there, and more is to come."""
    client, sock = proxy.exchange(rcvbuf=2048)
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" +
                 b"x" * 40000)
    proxy.end_of(client, cause="send-timeout")
    sock.close()
    client.reset()
    proxy.serves(source="127.0.0.9")
    assert not proxy.find("suspected"), proxy.find("suspected")


@SCENES.scene("--send-timeout", "300ms", "--sndbuf", "4k", profile="raw")
def a_raw_reply_that_nobody_reads(device, proxy):
    """Both directions of the device are over; only the client is left."""
    client = Client(proxy, b"ask", rcvbuf=2304).fin()
    sock = device.accept().expect(b"ask")
    assert sock.recv(1) == b""
    sock.answer(b"y" * 20000)
    proxy.end_of(client, cause="send-timeout", state="L")


@SCENES.scene("--linger-timeout", "60s")
def behind_its_answer_the_rest_is_read(device, proxy):
    """Unread, it would turn the end into a reset and the answer to nothing;
    but not more than 64k of it."""
    def talks(client, count):
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
        with contextlib.suppress(ConnectionError):
            client.sendall(b"x" * count)
    client = Client(proxy, b"bad\r\n")
    talks(client, 60000)
    assert proxy.counters()["live"] == 1
    client.fin().gets("EOF", **{"in": str(5 + 60000)})
    client = Client(proxy, b"bad\r\n")
    talks(client, 4000000)
    end = proxy.end_of(client, cause="bad-head")
    assert 60000 < int(end["in"]) <= 5 + 65536, end


@SCENES.scene("--linger-timeout", "300ms", request=b"bad\r\n",
              cause="bad-head")
@SCENES.scene("--fin-timeout", "300ms", request=REQUEST, cause="fin-timeout")
def talking_on_gains_no_time(device, proxy, request, cause):
    """Behind the proxy's answer, behind the device's: one byte after another,
    and only the proxy's clock can stop it."""
    client = Client(proxy, request)
    if request == REQUEST:
        device.serve_page()
    assert client.recv(4096).startswith(b"HTTP/1.1 ")
    client.setblocking(False)

    def ended():
        with contextlib.suppress(OSError):
            client.send(b"x")
        return any(e["client"] == client.name for e in proxy.ends())
    until("the proxy has ended it", ended)
    proxy.end_of(client, cause=cause)


@SCENES.scene("--sndbuf", "4k", "--share", "on")
def talking_on_costs_no_part_of_a_reply(device, proxy):
    """Neither of the device's own nor of a copy."""
    base = proxy.descriptors()
    client, sock = proxy.exchange(rcvbuf=2304)
    follower = Client(proxy, REQUEST, rcvbuf=2304)
    until("it follows", lambda: proxy.descriptors() == base + 3)
    page = PAGE + b"y" * 60000
    sock.answer(page)
    for talker in (client, follower):
        talker.sendall(b"x" * 400000)
        talker.outcome()
        assert talker.got == page, len(talker.got)
        proxy.end_of(talker, cause="done")


sys.exit(SCENES.main())
