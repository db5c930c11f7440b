#!/usr/bin/env python3
"""Proves the PROXY protocol, both versions, in and out: against HAProxy and
nginx in both roles, only from listed peers, strict and timed."""
import os
import shutil
import socket
import struct
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client, bound
from sallyport import Program, folder, sockets, until
from stand import Proxy, Scenes

V2 = b"\r\n\r\n\0\r\nQUIT\n"
# 192.0.2.7:4711
V2_TCP4 = b"\xc0\0\2\7" + b"\x7f\0\0\1" + b"\x12\x67" + b"\0\x50"
GOOD = [
    (b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n", "192.0.2.7:4711"),
    (b"PROXY TCP6 2001:db8::7 ::1 4711 80\r\n", "[2001:db8::7]:4711"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN whatever\r\n", None),
    (V2 + b"\x21\x11\0\x0c" + V2_TCP4, "192.0.2.7:4711"),
    (V2 + b"\x21\x11\0\x10" + V2_TCP4 + b"\4\0\1\0", "192.0.2.7:4711"),
    (V2 + b"\x20\0\0\0", None),
]
BAD = [
    REQUEST,
    b"\r\n" + GOOD[0][0],
    b"proxy TCP4 192.0.2.7 127.0.0.1 4711 80\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\n",
    b"PROXY TCP4 192.0.2.7  127.0.0.1 4711 80\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80 \r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 04711 80\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 65536 80\r\n",
    b"PROXY TCP4 192.0.2.07 127.0.0.1 1 80\r\n",
    b"PROXY TCP4 ::1 ::1 1 80\r\n",
    b"PROXY TCP5 192.0.2.7 127.0.0.1 1 80\r\n",
    b"PROXY TCP4 192.0.2.7\r\n",
    b"PROXY " + b"x" * 102,
    b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80 81\r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 \r\n",
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 -1\r\n",
    b"PROXY TCP4 192.0.2.7\0 127.0.0.1 4711 80\r\n",
    b"PROXY TCP6 192.0.2.7 127.0.0.1 4711 80\r\n",
    b"PROXY\r\n",
    b"PROXY \r\n",
    b"\0",
    V2[:11] + b"\r" + b"\x21\x11\0\x0c" + V2_TCP4,
    V2 + b"\x31\x11\0\x0c" + V2_TCP4,
    V2 + b"\x22\x11\0\x0c" + V2_TCP4,
    V2 + b"\x01\x11\0\x0c" + V2_TCP4,
    V2 + b"\x21\x12\0\x0c" + V2_TCP4,
    V2 + b"\x21\x41\0\x0c" + V2_TCP4,
    V2 + b"\x21\x21\0\x23" + b"\0" * 35,
    V2 + b"\x21\x31\0\xd7" + b"\0" * 215,
    V2 + b"\x21\x11\0\x0e" + V2_TCP4 + b"\4\0",
    V2 + b"\x21\x11\0\x0b" + V2_TCP4[:11],
    V2 + b"\x21\x11\0\x0f" + V2_TCP4 + b"\4\0\1",
    V2 + b"\x21\x11\xff\xff" + V2_TCP4,
]

SCENES = Scenes()
TRUSTING = ("--accept-proxy", "127.0.0.2")
HALVES = [GOOD[0][0][:-1], GOOD[4][0][:-1]]


def behind(proxy, data):
    """A client of which a proxy that is trusted says something."""
    return Client(proxy, data, source="127.0.0.2")


@SCENES.scene(*TRUSTING)
def good_headers(device, proxy):
    for header, name in GOOD:
        client = behind(proxy, header + REQUEST)
        device.accept().expect_only(REQUEST).answer()
        client.gets("200")
        client.name = name or client.name
        proxy.end_of(client, cause="done")


def header_of(version, src, dst):
    """Of two (address, port), or of what is no address."""
    family = src and (socket.AF_INET6 if ":" in src[0] else socket.AF_INET)
    tcp = 6 if family == socket.AF_INET6 else 4
    if version == "v1" and not src:
        return b"PROXY UNKNOWN\r\n"
    if version == "v1":
        return b"PROXY TCP%d %s %s %d %d\r\n" % (
            tcp, src[0].encode(), dst[0].encode(), src[1], dst[1])
    if not src:
        return V2 + b"\x21\0\0\0"
    rest = b"".join(socket.inet_pton(family, end[0]) for end in (src, dst)) + \
        struct.pack("!HH", src[1], dst[1])
    return V2 + struct.pack("!BBH", 0x21, 0x11 if tcp == 4 else 0x21,
                            len(rest)) + rest


V4 = (("192.0.2.7", 4711), ("198.51.100.9", 80))
V6 = (("2001:db8::7", 4711), ("2001:db8::9", 80))


@SCENES.scene(*TRUSTING, "--send-proxy", "v1", version="v1")
@SCENES.scene(*TRUSTING, "--send-proxy", "v2", version="v2")
def passes_on(device, proxy, version):
    """What a header said, both addresses; without it, what the proxy sees."""
    for header, said in (
            (header_of("v1", *V4), V4), (header_of("v1", *V6), V6),
            (header_of("v2", *V4), V4), (header_of("v2", *V6), V6),
            (V2 + b"\x21\x31\0\xd8" + b"\0" * 216, (None, None)),
            (b"PROXY UNKNOWN\r\n", None), (V2 + b"\x20\0\0\0", None)):
        client = behind(proxy, header + REQUEST)
        said = said or (client.getsockname(), client.getpeername())
        device.accept().expect_only(
            header_of(version, *said) + REQUEST).answer()
        client.gets("200")


@SCENES.scene(*TRUSTING)
def a_header_in_crumbs(device, proxy):
    for header, _ in (GOOD[0], GOOD[5]):
        client = behind(proxy, b"")
        for byte in header + REQUEST:
            client.send(bytes([byte]))
        device.serve_page()
        client.gets("200")


@SCENES.scene(*TRUSTING, data=BAD, cause="bad-head", ends=("EOF", "RST"))
@SCENES.scene(*TRUSTING, data=HALVES, fin=True, cause="bad-head")
@SCENES.scene(*TRUSTING, "--gate-timeout", "1s", data=[b"", *HALVES],
              cause="gate-timeout")
@SCENES.scene(*TRUSTING, "--max-age", "200ms", data=HALVES[:1],
              cause="max-age", ends=("EOF", "RST"))
def nothing_is_said_before_the_header(device, proxy, data, cause, fin=False,
                                      ends=("EOF",)):
    """Whoever sends these does not speak HTTP."""
    for client in [behind(proxy, header) for header in data]:
        if fin:
            client.fin()
        assert client.outcome() in ends, client.got
        assert client.got == b"", client.got
        proxy.end_of(client, cause=cause, state="G")
    assert device.nobody_waits()


@SCENES.scene(*TRUSTING, "--gate-timeout", "300ms")
def a_dripped_header(device, proxy):
    client = behind(proxy, b"PROXY UNKNOWN")
    drips = iter(90 * [b"x"])  # the longest line is longer
    until("drips do not help", lambda: client.say(next(drips, b"")).ended())
    assert client.outcome() in ("EOF", "RST") and client.got == b""
    proxy.end_of(client, cause="gate-timeout")
    assert device.nobody_waits()


@SCENES.scene(*TRUSTING, "--head-limit", "64", "--body-limit", "0",
              "--body-max", "0")
def a_header_longer_than_the_head_may_be(device, proxy):
    client = behind(proxy, V2 + b"\x21\x11\1\x0f" + V2_TCP4 + b"\4\1\0" +
                    b"t" * 256 + REQUEST)
    device.serve_page()
    client.gets("200")


@SCENES.scene(*TRUSTING, "--body-max", "0")
def a_long_body_behind_a_header(device, proxy):
    request = (b"POST / HTTP/1.1\r\nContent-Length: 50000\r\n\r\n" +
               b"b" * 50000)
    client = behind(proxy, GOOD[0][0] + request[:100])
    sock = device.accept()
    client.sendall(request[100:] + b"and more")
    sock.expect_only(request).answer()
    client.outcome()


@SCENES.scene(*TRUSTING)
def only_from_listed_peers(device, proxy):
    Client(proxy, GOOD[0][0] + REQUEST).gets("400")
    proxy.serves()


@SCENES.scene(*TRUSTING, "--deny", "192.0.2.7")
def rules_judge_the_client_behind(device, proxy):
    client = behind(proxy, GOOD[0][0] + REQUEST)
    assert client.outcome() in ("EOF", "RST")
    client.name = GOOD[0][1]
    proxy.end_of(client, cause="denied")


# Real peers.
HAPROXY = """
defaults
    mode tcp
    timeout connect 9s
    timeout client 30s
    timeout server 30s
listen front
    bind 127.0.0.1:{port} {bind}
    server to 127.0.0.1:{to} {server}
"""
NGINX_STREAM = """
daemon off; master_process off; pid {dir}/pid; error_log stderr;
{module}
events {{ worker_connections 64; }}
stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{to};
    proxy_protocol on; }} }}
"""
NGINX_HTTP = """
daemon off; master_process off; pid {dir}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{ access_log off;
    client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
    fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
    server {{ listen 127.0.0.1:{port} proxy_protocol;
    return 200 "$proxy_protocol_addr:$proxy_protocol_port"; }} }}
"""
STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


class RealProxy(Program):
    """A real proxy, as the stand's clients and proxies know theirs."""

    def __init__(self, program, text, **fields):
        self.bound = bound()
        self.port = self.bound.getsockname()[1]
        self.address = "127.0.0.1", self.port
        config = os.path.join(folder(), "conf")
        with open(config, "w") as f:
            f.write(text.format(port=self.port, dir=folder(), **fields))
        super().__init__(shutil.which(program, path=PATH),
                         "-f" if program == "haproxy" else "-c", config)
        # It, and not another that took the port in between.
        until(program + " listens or ends", lambda: self.ended() or any(
            s["state"] == "LISTEN" and s["local"].endswith(":%d" % self.port)
            for s in sockets(self.pid)))
        assert not self.ended(), self.lines


def is_behind(program, text, **fields):
    """The peer tells the proxy who its client is."""
    @SCENES.scene(case=(program, fields))
    def play(device, _, case):
        proxy = Proxy(device, "--accept-proxy", "127.0.0.1")
        client = Client(RealProxy(program, text, to=proxy.port, **fields),
                        REQUEST)
        device.accept().expect_only(REQUEST).answer()
        client.gets("200")
        proxy.end_of(client, cause="done")


def is_before(program, version, text, **fields):
    """The proxy tells the peer; what arrives behind it, or what it answers,
    tells that it was understood."""
    @SCENES.scene(case=(program, version))
    def play(device, _, case):
        proxy = Proxy(RealProxy(program, text, to=device.port, **fields),
                      "--send-proxy", version)
        client = Client(proxy, REQUEST)
        if program == "haproxy":
            device.accept().expect_only(header_of(
                "v1", client.getsockname(), proxy.address) + REQUEST).answer()
        client.gets("200")
        if program == "nginx":
            assert client.got.endswith(client.name.encode()), client.got


PATH = os.environ["PATH"] + ":/usr/sbin"
if shutil.which("haproxy", path=PATH):
    is_behind("haproxy", HAPROXY, bind="", server="send-proxy")
    is_behind("haproxy", HAPROXY, bind="", server="send-proxy-v2")
    for v in ("v1", "v2"):
        # It repeats to the device, in version 1, what it understood.
        is_before("haproxy", v, HAPROXY, bind="accept-proxy",
                  server="send-proxy")
else:
    print("haproxy is not installed: its part is left out")
if shutil.which("nginx", path=PATH):
    for v in ("v1", "v2"):
        is_before("nginx", v, NGINX_HTTP)
    if os.path.exists(STREAM_MODULE):
        is_behind("nginx", NGINX_STREAM,
                  module="load_module %s;" % STREAM_MODULE)
else:
    print("nginx is not installed: its part is left out")

sys.exit(SCENES.main())
