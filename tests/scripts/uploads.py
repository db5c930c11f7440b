#!/usr/bin/env python3
"""Proves that a body beyond body-limit passes as it comes, that only the end
whose turn it is can be late with it, that a cut or late one is the client's
fault, and one that the device stops taking the device's."""
import concurrent.futures
import random
import socket
import sys
import threading
import time

sys.path.insert(0, "tests/lib")
from crowd_device import is_open
from peer import REQUEST, Client, Peer
from sallyport import until
from stand import Scenes

SCENES = Scenes()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
ASKS = b"HTTP/1.1 100 Continue\r\n\r\n"
MORE = b"HTTP/1.1 102 Processing\r\n\r\n"


def upload(length):
    return (b"POST /up HTTP/1.1\r\nHost: device\r\nContent-Length: %d\r\n\r\n"
            % length)


def serves(proxy):
    """The next visitor finds the device well."""
    proxy.serves(source="127.0.0.9")
    assert not proxy.find("suspected"), proxy.find("suspected")
    assert not proxy.find("device down")


@SCENES.scene("--body-max", "0")
def a_long_body_is_passed_on(device, proxy):
    client = Client(proxy, b"\r\n" + upload(200000))
    # A blank line is no part of it; connected although the body is not there.
    sock = device.accept().expect_only(upload(200000))
    client.sendall(b"b" * 200000 + b"and more")
    sock.expect_only(b"b" * 200000)
    sock.answer(OK)
    assert client.outcome() in ("200", "RST")
    assert int(proxy.end_of(client)["in"]) >= len(upload(200000)) + 200000


def asked_for(proxy, length=20000):
    """Both ends of an upload whose client has got the device's 100 Continue."""
    head = upload(length).replace(b"Host", b"Expect: 100-continue\r\nHost")
    client, sock = proxy.exchange(head)
    sock.sendall(ASKS)
    return client.expect(ASKS), sock


def passed_on(client, sock, body=b"b" * 20000):
    client.sendall(body)
    return sock.expect_only(body)


@SCENES.scene("--body-max", "0")
def the_device_may_ask_for_the_body(device, proxy):
    """A reply that is held is not for a client that waits for a word of it."""
    client, sock = asked_for(proxy, 100000)
    passed_on(client, sock, b"b" * 100000).answer(OK)
    client.gets("200", cause="done")


@SCENES.scene("--body-max", "0", "--reply-max", "500ms", "--reply-timeout",
              "300ms", "--first-byte-timeout", "60s")
def its_word_is_no_reply(device, proxy):
    """Neither the limits of a reply nor its first byte count from there."""
    client, sock = asked_for(proxy)
    time.sleep(0.6)  # until reply-max would be over
    passed_on(client, sock).sendall(MORE)
    time.sleep(0.6)  # until reply-timeout would be, too
    sock.answer(OK)
    client.expect(MORE).gets("200", cause="done")
    assert int(proxy.end_of(client)["first_ms"]) >= 1200, proxy.ends()


@SCENES.scene("--body-max", "0", "--down-after", "0")
def it_ends_behind_its_word(device, proxy):
    """The client is told: behind a whole head, not behind half a one."""
    for body in b"", b"b" * 50, b"b" * 20000:
        for end, cause in ((Peer.fin, "device-empty"),
                           (Peer.reset, "device-reset")):
            client, sock = asked_for(proxy)
            end(passed_on(client, sock, body))
            client.gets("502", cause=cause, first_ms="-")
    client, sock = asked_for(proxy)
    passed_on(client, sock).answer(ASKS + OK[:9])
    client.expect(ASKS + OK[:9]).ends()


@SCENES.scene("--body-max", "0", "--down-after", "0")
def behind_its_word_the_reply_is_held(device, proxy):
    """So one that is cut in its head is no reply."""
    client, sock = asked_for(proxy)
    passed_on(client, sock).say(OK[:20]).reset()
    client.gets("502", cause="device-reset")


@SCENES.scene("--first-byte-timeout", "1s", "--down-after", "0")
def words_without_end_are_no_reply(device, proxy):
    client, sock = proxy.exchange()
    until("they do not help", lambda: sock.say(MORE) and proxy.ends())
    client.gets("504", cause="device-silent", first_ms="-")


LATE = ("--request-timeout", "3s", "--first-byte-timeout", "2s", "--body-max",
        "0")


@SCENES.scene(*LATE)
def nothing_behind_its_word(device, proxy):
    """Late is whoever is late without one, and the client is told so."""
    client, sock = asked_for(proxy)
    client.gets("408", cause="request-timeout", first_ms="-")
    client, sock = asked_for(proxy)
    client.say(b"b" * 50).fin().gets("400", cause="request-cut", first_ms="-")
    serves(proxy)
    client, sock = asked_for(proxy)
    for part in MORE[:13], MORE[13:]:
        sock.sendall(part)
        client.expect(part)
    passed_on(client, sock)
    client.gets("504", cause="device-silent", first_ms="-")


@SCENES.scene(*LATE)
def a_body_that_never_comes(device, proxy):
    client, sock = proxy.exchange(upload(99999))
    client.gets("408", cause="request-timeout", state="R")
    sock.ends("RST")
    serves(proxy)


@SCENES.scene(*LATE)
def a_dripped_body(device, proxy):
    """It is held against the client, and against no one else: a trickle while
    others wait."""
    client, sock = proxy.exchange(upload(99999))
    good = Client(proxy, REQUEST, source="127.0.0.2")
    until("drips do not help", lambda: client.say(b"b").ended())
    client.gets("408", cause="request-rate", state="R")
    assert sock.drain()[1] == "RST"
    device.serve_page()
    good.gets("200")
    serves(proxy)


@SCENES.scene("--body-max", "0", "--idle-timeout", "300ms")
def half_a_body_and_then_nothing(device, proxy):
    """Whatever clock strikes first, it is the client that is late."""
    client, sock = proxy.exchange(upload(20000) + b"x" * 10000)
    client.gets("408", cause="request-timeout")
    sock.close()
    serves(proxy)


@SCENES.scene("--body-max", "0")
def cut_uploads(device, proxy):
    """FIN within a body that passes through: the client's fault at once."""
    for length in (16385, 50000, 300000):
        for part in (16384, length // 2 + 8193, length - 1):
            client, sock = proxy.exchange(upload(length))
            reader = threading.Thread(target=sock.drain)
            reader.start()
            client.sendall(b"x" * min(part, length - 1))
            client.fin().gets("400", cause="request-cut")
            reader.join()
            sock.close()
    serves(proxy)


@SCENES.scene("--body-max", "0", "--queue-fin", "keep")
def cut_while_waiting(device, proxy):
    """The same in the line and at the gate: no connect is made."""
    first, sock = proxy.exchange()
    Client(proxy, upload(20000) + b"x" * 10000).fin().gets("400")
    sock.answer(OK)
    first.gets("200")
    assert device.nobody_waits()
    serves(proxy)


@SCENES.scene()
def a_request_that_the_device_leaves_unread(device, proxy):
    """It answers early and sends its FIN with the reply, or when the client
    has it: our FIN would not reach it, and it would count two connections."""
    device.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    head = REQUEST[:-2] + b"Cookie: " + b"c" * 3800 + b"\r\n\r\n"
    for request in (upload(12000) + b"x" * 12000, head):
        for late in (False, True):
            client = Client(proxy, request)
            sock = device.accept()
            sock.recv(100)
            sock.sendall(OK)
            if late:
                client.gets("200")
            sock.fin()
            if not late:
                client.gets("200")
            until("it is reset", lambda: not is_open(sock))
            sock.close()
    serves(proxy)


STALLED = ("--first-byte-timeout", "3s", "--probe-backoff", "100ms..200ms",
           "--body-max", "0")
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"


@SCENES.scene(*STALLED, length=12000)  # all of it is in the kernel
@SCENES.scene(*STALLED, length=10**9)
@SCENES.scene(*STALLED, "--reply", "stream", length=10**9, said=BEGUN)
def a_device_that_stops_reading(device, proxy, length, said=b""):
    """It is suspected. The client is told, unless it has begun to get its
    reply."""
    device.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    client = Client(proxy, upload(length) + b"b" * 12000)
    sock = device.accept()
    sock.recv(100)
    sock.sendall(said)
    if length > 12000:
        client.fill()
    client.outcome()  # or a reset behind it, if much was unread
    assert client.got == said if said else client.got.startswith(
        b"HTTP/1.1 504 "), client.got
    proxy.end_of(client, cause="device-stalled", state="R")
    assert sock.drain()[1] == "RST"
    device.serve_page()  # to the probe
    proxy.says("device no longer suspected")
    proxy.serves()


@SCENES.scene("--first-byte-timeout", "2s")
def a_device_that_reads_slowly(device, proxy):
    """It takes longer in all than it may be silent."""
    device.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    request = upload(16000) + b"b" * 16000
    client = Client(proxy, request)
    sock = device.accept()
    got = b""
    while len(got) < len(request):
        got += sock.piece()
        time.sleep(0.5)  # its pace
    assert got == request
    sock.answer(OK)
    client.gets("200", cause="done")
    assert int(proxy.end_of(client)["total_ms"]) > 2000
    serves(proxy)


def drip(sock, data, pieces, pause_s):
    step = len(data) // pieces + 1
    for at in range(0, len(data), step):
        sock.sendall(data[at:at + step])
        time.sleep(pause_s)  # the drip


def dripping_device(device):
    """Reads a body, then answers as many bytes, in drips."""
    sock = device.accept()
    got = b""
    while b"\r\n\r\n" not in got:
        got += sock.recv(4096)
    head, body = got.split(b"\r\n\r\n", 1)
    length = int(head.split(b"Length: ")[1])
    sock.expect_only(b"u" * (length - len(body)))
    drip(sock, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length +
         b"x" * length, 6, 0.4)
    sock.close()


@SCENES.scene("--body-max", "0", "--request-timeout", "1s", "--reply-timeout",
              "1s", "--first-byte-timeout", "1s", "--send-timeout", "1s",
              "--slots", "4")
def drips_that_never_pause(device, proxy):
    """Four at once, longer in all than any limit, in either direction. A reply
    that is held waits for the device, not for its client."""
    dice = random.Random(1)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        parts = []
        for number in range(4):
            length = 17000 + dice.randrange(80000)
            client = Client(proxy, upload(length), source="127.0.0.%d" %
                            (number + 2))
            parts += [pool.submit(dripping_device, device),
                      pool.submit(drip, client, b"u" * length, 5, 0.4),
                      pool.submit(client.outcome)]
        for part in parts:
            assert part.result() in (None, "200"), part.result()
    serves(proxy)


sys.exit(SCENES.main())
