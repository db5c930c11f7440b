#!/usr/bin/env python3
"""Proves that no malformed, late or half request reaches the device, that each
is told what is wrong, and that a good one arrives byte for byte."""
import contextlib
import select
import sys

sys.path.insert(0, "tests/lib")
from stand import Client, Scenes, end_seen_by, until

SCENES = Scenes("--head-limit", "300", "--body-limit", "100",
                "--allow-method", "any")
FIELDS = b"Host: proxy\r\n"
LINE = b"GET / HTTP/1.1\r\n"

BAD = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS hello
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\0",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"GET\r\n",
    b"GET /\r\n\r\n",  # HTTP/0.9
    b" GET / HTTP/1.1\r\n",
    b"GET  / HTTP/1.1\r\n",
    b"GET /  HTTP/1.1\r\n",
    b"GET / HTTP/1.1 \r\n",
    b"GET\t/ HTTP/1.1\r\n",
    b"G(T / HTTP/1.1\r\n",
    b"GET /\0 HTTP/1.1\r\n",
    b"GET /\x7f HTTP/1.1\r\n",
    b"GET / http/1.1\r\n",
    b"GET / HTTP/2.0\r\n",
    b"GET / HTTP/1.\r\n",
    b"GET / HTTP/1.10\r\n",
    b"GET / HTTP/1.1\rHost: proxy\r\n",
    b"\rGET / HTTP/1.1\r\n",
    LINE + b": value\r\n",
    LINE + b"No colon\r\n",
    LINE + b"Name : value\r\n",
    LINE + b"Host: proxy\r\n folded\r\n",
    LINE + b"Host: do\0or\r\n",
    LINE + b"Host: do\x01or\r\n",
    LINE + b"Host: proxy\r\r\n",
    LINE + b"Content-Length:\r\n",
    LINE + b"Content-Length: -1\r\n",
    LINE + b"Content-Length: +1\r\n",
    LINE + b"Content-Length: 0x1\r\n",
    LINE + b"Content-Length: 1 1\r\n",
    LINE + b"Content-Length: 1, 1\r\n",
    LINE + b"Content-Length: 18446744073709551616\r\n",
    LINE + b"Content-Length: 18446744073709551615\r\n\r\n",
    LINE + b"Content-Length: 1\r\nContent-Length: 1\r\n",
]
PARTIAL = [b"G", b"GET / HTTP/1.1", LINE, LINE + FIELDS,
           LINE + b"Content-Length: 3\r\n\r\nab"]
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
CODED_EMPTY = LINE + b"Transfer-Encoding:\r\n\r\n"
CODED_TOO = LINE + b"Content-Length: 3\r\ntransfer-encoding:\tgzip\r\n\r\nabc"
LONGEST = LINE + b"N: " + b"x" * (300 - len(LINE) - 7) + b"\r\n\r\n"
TOO_LONG = LONGEST.replace(b"N: ", b"N: x")
ENDLESS = LINE + b"Cookie: " + b"x" * 300
BLANKS = b"\r\n" * 200

GOOD = [
    LINE + b"\r\n",
    b"GET / HTTP/1.0\n\n",
    b"GET / HTTP/1.1\nHost: proxy\r\n\n",
    b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\n\r\n",
    b"X-!#$%&'*+-.^_`|~9 /\xff\xfe HTTP/1.1\r\nN:\r\nM: \xff\t\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-LENGTH: \t5 \r\n\r\n\0\r\n\r\n",
    LINE + b"Content-Length: 0\r\n\r\n",
    LINE + b"Content-Length: 100\r\n\r\n" + b"b" * 100,
]


def served(device, request):
    """Reads as many bytes as `request` has, returns them, and answers."""
    sock = device.accept()
    got = b""
    while len(got) < len(request):
        got += sock.recv(4096)
    sock.answer(b"HTTP/1.1 200 OK\r\n\r\n")
    return got


def refused(device, proxy, answers):
    """Sends all, expects (status, cause) in the state GATE, and no connect."""
    for data, fin, status, cause in answers:
        client = Client(proxy, data)
        if fin:
            client.fin()
        seen = client.outcome()
        end = proxy.end_of(client)
        assert (seen, end["cause"], end["state"]) == (status, cause, "G"), \
            (data, seen, client.got, end)
        if seen not in ("EOF", "RST"):
            head, body = client.got.split(b"\r\n\r\n", 1)
            assert b"\r\nConnection: close" in head, head
            assert b"\r\nContent-Length: %d\r\n" % len(body) in head, head
            assert b"</html>" in body, body
    assert device.nobody_waits(), "the device was connected"


@SCENES.scene("--strip-header", "Cookie", "--strip-header", "X-Token")
def fields_that_are_taken_out(device, proxy):
    """In any case, with any value; others that only look like them stay."""
    kept = LINE + FIELDS + b"Cookies: a\r\n"
    sent = kept + b"COOKIE: b\r\nx-token:\r\n\r\n"
    client = Client(proxy, sent)
    assert served(device, kept + b"\r\n") == kept + b"\r\n"
    client.gets("200")


@SCENES.scene("--request-limit", "2/1h")
def too_many_requests(device, proxy):
    for _ in range(2):
        client = Client(proxy, GOOD[0])
        served(device, GOOD[0])
        client.gets("200")
    refused(device, proxy, [(GOOD[0], False, "429", "request-limit")])
    client = Client(proxy, GOOD[0], source="127.0.0.9")
    served(device, GOOD[0])
    client.gets("200")


@SCENES.scene()
def malformed_heads(device, proxy):
    refused(device, proxy, [(d, False, "400", "bad-head") for d in BAD])


@SCENES.scene()
def partial_heads(device, proxy):
    refused(device, proxy, [(d, True, "400", "request-cut") for d in PARTIAL])


@SCENES.scene()
def no_request_at_all(device, proxy):
    refused(device, proxy, [(d, True, "EOF", "client-left")
                           for d in (b"", b"\r\n", b"\n\n\r\n", b"\r")])


@SCENES.scene()
def coded_bodies(device, proxy):
    refused(device, proxy, [(d, False, "411", "length-required")
                           for d in (CHUNKED, CODED_EMPTY, CODED_TOO)])


@SCENES.scene("--allow-method", "GET HEAD")
def methods_that_may_not_pass(device, proxy):
    request = b"POST / HTTP/1.1\r\n\r\n"
    refused(device, proxy, [(request, False, "405", "method")])
    client = Client(proxy, request)
    client.gets("405")
    assert b"\r\nAllow: GET, HEAD\r\n" in client.got, client.got


@SCENES.scene()
def connect_never_passes(device, proxy):
    refused(device, proxy, [(b"CONNECT d:443 HTTP/1.1\r\n\r\n", False,
                            "405", "method")])


@SCENES.scene()
def bodies_too_long_to_begin(device, proxy):
    refused(device, proxy, [(LINE + b"Content-Length: 101\r\n\r\n", False,
                            "413", "body-limit")])


@SCENES.scene("--answer", "/favicon.ico 404", "--answer", "/gone 204")
def what_the_device_is_not_asked(device, proxy):
    refused(device, proxy, [(b"GET /favicon.ico?1 HTTP/1.1\r\n\r\n", False,
                            "404", "answered")])
    client = Client(proxy, b"GET /gone HTTP/1.1\r\n\r\n")
    client.gets("204")
    assert client.got.endswith(b"\r\n\r\n"), client.got
    client = Client(proxy, b"HEAD /favicon.ico HTTP/1.1\r\n\r\n")
    client.gets("404")
    assert client.got.endswith(b"\r\n\r\n"), client.got


@SCENES.scene()
def heads_without_end(device, proxy):
    refused(device, proxy, [(d, False, "431", "head-limit")
                           for d in (ENDLESS, BLANKS, b"A" * 301, TOO_LONG)])


@SCENES.scene()
def the_longest_head(device, proxy):
    client = Client(proxy, LONGEST)
    assert served(device, LONGEST) == LONGEST
    client.gets("200")


@SCENES.scene("--gate-timeout", "1s")
def late_heads(device, proxy):
    refused(device, proxy,
            [(d, False, "408", "gate-timeout") for d in PARTIAL] +
            [(d, False, "EOF", "gate-timeout") for d in (b"", b"\r\n")])


def drip(client):
    """Sends the byte "b" again and again until it is answered."""
    until("drips do not help", lambda: client.send(b"b") and
          select.select([client.sock], [], [], 0)[0])


@SCENES.scene("--gate-timeout", "1s")
def a_dripped_head(device, proxy):
    client = Client(proxy, LINE)
    drip(client)
    client.gets("408", cause="gate-timeout")
    assert device.nobody_waits(), "the device was connected"


@SCENES.scene()
def a_refusal_of_head_has_no_body(device, proxy):
    client = Client(proxy, b"HEAD / HTTP/1.1\r\n: \r\n")
    client.gets("400")
    assert client.got.endswith(b"\r\n\r\n"), client.got


@SCENES.scene()
def good_requests(device, proxy):
    for request in GOOD:
        for before in (b"", b"\r\n\n"):
            client = Client(proxy, before + request + b"GET /more HTTP/1.1\r\n")
            assert served(device, request) == request, request
            client.gets("200", cause="done")


@SCENES.scene()
def a_request_in_crumbs(device, proxy):
    request = GOOD[-1]
    client = Client(proxy)
    for byte in request:
        client.send(bytes([byte]))
    assert served(device, request) == request
    client.gets("200")


@SCENES.scene("--gate-timeout", "1s")
def a_short_body_belongs_to_the_gate(device, proxy):
    refused(device, proxy, [
        (LINE + b"Content-Length: 100\r\n\r\n" + b"b" * 99, False, "408",
         "gate-timeout")])


@SCENES.scene("--body-max", "0")
def a_long_body_is_passed_on(device, proxy):
    head = b"POST / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n"
    client = Client(proxy, b"\r\n" + head)  # a blank line is no part of it
    sock = device.take_request()  # connected although the body is not there
    client.sendall(b"b" * 200000 + b"and more")
    got = 0
    while got < 200000:
        got += len(sock.recv(65536))
    assert got == 200000, got
    sock.answer(b"HTTP/1.1 200 OK\r\n\r\n")
    assert client.outcome() in ("200", "RST")
    assert int(proxy.end_of(client)["in"]) >= len(head) + 200000


@SCENES.scene()
def a_client_that_waits_before_its_body(device, proxy):
    """The device hears of a request only when it is whole, so the proxy
    itself asks for the body, once."""
    ask = b"HTTP/1.1 100 Continue\r\n\r\n"
    head = LINE + b"eXpect: 100-continue\r\nContent-Length: 100\r\n\r\n"
    client = Client(proxy, head[:-1])
    client.sendall(head[-1:])
    assert client.recv(4096) == ask
    assert device.nobody_waits(), "the device was connected"
    body = b"b" * 100
    client.sendall(body[:50])
    client.sendall(body[50:])
    assert served(device, head + body) == head + body
    client.gets("200")
    assert client.got == b"HTTP/1.1 200 OK\r\n\r\n", client.got


def body_never_ends(device, proxy, drips):
    """It is held against the client, and against no one else: a pause at all
    times, a trickle while others wait."""
    client = Client(proxy, b"POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n")
    sock = device.take_request()
    if drips:
        good = Client(proxy, GOOD[0], source="127.0.0.2")
        drip(client)
    client.gets("408")
    end = proxy.end_of(client)
    cause = "request-rate" if drips else "request-timeout"
    assert (end["cause"], end["state"]) == (cause, "R"), end
    assert end_seen_by(sock) == "RST"
    assert not proxy.find("device down")
    if not drips:
        good = Client(proxy, GOOD[0], source="127.0.0.2")
    served(device, GOOD[0])
    good.gets("200")


@SCENES.scene("--request-timeout", "3s", "--first-byte-timeout", "2s",
              "--body-max", "0")
def a_body_that_never_comes(device, proxy):
    body_never_ends(device, proxy, drips=False)


@SCENES.scene("--request-timeout", "3s", "--first-byte-timeout", "2s",
              "--body-max", "0")
def a_dripped_body(device, proxy):
    body_never_ends(device, proxy, drips=True)


@SCENES.scene("--linger-timeout", "60s")
def after_the_answer_the_rest_is_read(device, proxy):
    """Unread, it would turn the end into a reset and the answer to nothing;
    but not more than 64k of it."""
    client = Client(proxy, BAD[0])
    assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
    client.sendall(b"x" * 60000)
    assert proxy.counters()["live"] == 1
    client.fin()
    client.gets("EOF")
    end = proxy.end_of(client)
    assert int(end["in"]) == len(BAD[0]) + 60000, end
    client = Client(proxy, BAD[0])
    assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
    with contextlib.suppress(ConnectionError):
        client.sendall(b"x" * 4000000)
    end = proxy.end_of(client)
    assert end["cause"] == "bad-head", end
    assert 60000 < int(end["in"]) <= len(BAD[0]) + 65536, end


@SCENES.scene("--gate", "line")
def a_line_without_end(device, proxy):
    refused(device, proxy, [(b"x" * 301, False, "RST", "head-limit")])


@SCENES.scene("--gate", "line", "--gate-timeout", "200ms")
def a_late_line(device, proxy):
    refused(device, proxy, [(b"x" * 300, False, "RST", "gate-timeout")])


@SCENES.scene("--gate", "data", "--gate-timeout", "200ms")
def late_data(device, proxy):
    refused(device, proxy, [(b"", False, "EOF", "gate-timeout")])


@SCENES.scene("--gate", "line")
def half_a_line_before_fin_passes(device, proxy):
    refused(device, proxy, [(b"", True, "EOF", "client-left")])
    client = Client(proxy, b"half")
    client.fin()
    assert served(device, b"half") == b"half"
    client.gets("200")


sys.exit(SCENES.main())
