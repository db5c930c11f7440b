#!/usr/bin/env python3
"""Proves that no malformed, late or half request reaches the device, that each
is told what is wrong, and that a good one arrives byte for byte."""
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import until
from stand import Scenes

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


def answered(device, client, request):
    """The device is asked this and no more, and its answer arrives."""
    device.accept().expect_only(request).answer(b"HTTP/1.1 200 OK\r\n\r\n")
    return client.gets("200", cause="done")


@SCENES.scene(data=BAD, status="400", cause="bad-head")
@SCENES.scene(data=PARTIAL, fin=True, status="400", cause="request-cut")
@SCENES.scene(data=(b"", b"\r\n", b"\n\n\r\n", b"\r"), fin=True, status="EOF",
              cause="client-left")
@SCENES.scene(data=(CHUNKED, CODED_EMPTY, CODED_TOO), status="411",
              cause="length-required")
@SCENES.scene(data=[b"CONNECT d:443 HTTP/1.1\r\n\r\n"], status="405",
              cause="method")
@SCENES.scene(data=[LINE + b"Content-Length: 101\r\n\r\n"], status="413",
              cause="body-limit")
@SCENES.scene(data=(ENDLESS, BLANKS, b"A" * 301, TOO_LONG), status="431",
              cause="head-limit")
@SCENES.scene("--gate-timeout", "1s", data=PARTIAL + [
              LINE + b"Content-Length: 100\r\n\r\n" + b"b" * 99],
              status="408", cause="gate-timeout")
@SCENES.scene("--gate-timeout", "1s", data=(b"", b"\r\n"), status="EOF",
              cause="gate-timeout")
@SCENES.scene("--gate", "line", data=[b"x" * 301], status="RST",
              cause="head-limit")
@SCENES.scene("--gate", "line", data=[b""], fin=True, status="EOF",
              cause="client-left")
@SCENES.scene("--gate", "line", "--gate-timeout", "200ms", data=[b"x" * 300],
              status="RST", cause="gate-timeout")
@SCENES.scene("--gate", "data", "--gate-timeout", "200ms", data=[b""],
              status="EOF", cause="gate-timeout")
def what_does_not_pass(device, proxy, data, status, cause, fin=False):
    clients = [Client(proxy, each) for each in data]
    for client in clients:
        if fin:
            client.fin()
        client.gets(status, cause=cause, state="G")
        if status not in ("EOF", "RST"):
            head, body = client.got.split(b"\r\n\r\n", 1)
            assert b"\r\nConnection: close" in head, head
            assert b"\r\nContent-Length: %d\r\n" % len(body) in head, head
            assert b"</html>" in body, body
    assert device.nobody_waits(), "the device was connected"


@SCENES.scene("--gate-timeout", "1s")
def a_dripped_head(device, proxy):
    client = Client(proxy, LINE)
    until("drips do not help", lambda: client.say(b"b").ended())
    client.gets("408", cause="gate-timeout")
    assert device.nobody_waits(), "the device was connected"


@SCENES.scene("--allow-method", "GET HEAD")
def methods_that_may_not_pass(device, proxy):
    client = Client(proxy, b"POST / HTTP/1.1\r\n\r\n")
    client.gets("405", cause="method", state="G")
    assert b"\r\nAllow: GET, HEAD\r\n" in client.got, client.got
    assert device.nobody_waits(), "the device was connected"


@SCENES.scene("--answer", "/favicon.ico 404", "--answer", "/gone 204")
def what_the_device_is_not_asked(device, proxy):
    for request, status in ((b"GET /favicon.ico?1", "404"),
                            (b"GET /gone", "204"),
                            (b"HEAD /favicon.ico", "404")):
        client = Client(proxy, request + b" HTTP/1.1\r\n\r\n")
        client.gets(status, cause="answered", state="G")
        has_body = not client.got.endswith(b"\r\n\r\n")
        assert has_body == (b"?" in request), client.got
    assert device.nobody_waits(), "the device was connected"


@SCENES.scene()
def a_refusal_of_head_has_no_body(device, proxy):
    client = Client(proxy, b"HEAD / HTTP/1.1\r\n: \r\n").gets("400")
    assert client.got.endswith(b"\r\n\r\n"), client.got


@SCENES.scene()
def good_requests(device, proxy):
    for request in GOOD:
        for before in (b"", b"\r\n\n"):
            answered(device, Client(proxy, before + request +
                                    b"GET /more HTTP/1.1\r\n"), request)


@SCENES.scene()
def the_longest_head(device, proxy):
    answered(device, Client(proxy, LONGEST), LONGEST)


@SCENES.scene()
def a_request_in_crumbs(device, proxy):
    client = Client(proxy)
    for byte in GOOD[-1]:
        client.send(bytes([byte]))
    answered(device, client, GOOD[-1])


@SCENES.scene("--strip-header", "Cookie", "--strip-header", "X-Token")
def fields_that_are_taken_out(device, proxy):
    """In any case, with any value; others that only look like them stay."""
    kept = LINE + FIELDS + b"Cookies: a\r\n"
    answered(device, Client(proxy, kept + b"COOKIE: b\r\nx-token:\r\n\r\n"),
             kept + b"\r\n")


@SCENES.scene()
def a_client_that_waits_before_its_body(device, proxy):
    """The device hears of a request only when it is whole, so the proxy
    itself asks for the body, once."""
    head = LINE + b"eXpect: 100-continue\r\nContent-Length: 100\r\n\r\n"
    client = Client(proxy, head[:-1])
    client.sendall(head[-1:])
    client.expect_only(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert device.nobody_waits(), "the device was connected"
    client.sendall(b"b" * 50)
    client.sendall(b"b" * 50)
    answered(device, client, head + b"b" * 100)
    assert client.got == b"HTTP/1.1 200 OK\r\n\r\n", client.got


@SCENES.scene("--connect-timeout", "300ms")
def a_blank_line_hides_no_connect_timeout(device, proxy):
    """Bytes that the gate drops do not mean that the device took any."""
    device.listener.listen(0)
    fillers = device.fill_backlog()
    client = Client(proxy, b"\r\n" + GOOD[0])
    client.gets("504", cause="connect-timeout", state="D")
    for filler in fillers:
        filler.close()


@SCENES.scene("--gate", "line")
def half_a_line_before_fin_passes(device, proxy):
    answered(device, Client(proxy, b"half").fin(), b"half")


sys.exit(SCENES.main())
