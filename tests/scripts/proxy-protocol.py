#!/usr/bin/env python3
"""Proves the PROXY protocol, both versions, in and out: against HAProxy and
nginx in both roles, only from listed peers, strict and timed."""
import contextlib
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/lib")
from stand import Client, Proxy, REQUEST, Scenes, bound, until

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


@SCENES.scene(*TRUSTING)
def good_headers(device, proxy):
    for header, name in GOOD:
        client = Client(proxy, header + REQUEST, source="127.0.0.2")
        sock = device.accept()
        got = sock.recv(4096)
        assert got == REQUEST, (header, got)
        sock.answer()
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
    rest = (socket.inet_pton(family, src[0]) + socket.inet_pton(family, dst[0]) +
            struct.pack("!HH", src[1], dst[1]))
    return V2 + struct.pack("!BBH", 0x21, 0x11 if tcp == 4 else 0x21,
                            len(rest)) + rest


def passes_on(version):
    """What a header said, both addresses; without it, what the proxy sees."""
    def play(device, proxy):
        v4 = (("192.0.2.7", 4711), ("198.51.100.9", 80))
        v6 = (("2001:db8::7", 4711), ("2001:db8::9", 80))
        for header, said in (
                (header_of("v1", *v4), v4), (header_of("v1", *v6), v6),
                (header_of("v2", *v4), v4), (header_of("v2", *v6), v6),
                (V2 + b"\x21\x31\0\xd8" + b"\0" * 216, (None, None)),
                (b"PROXY UNKNOWN\r\n", None), (V2 + b"\x20\0\0\0", None)):
            client = Client(proxy, header + REQUEST, source="127.0.0.2")
            if said is None:
                said = (client.getsockname(), client.getpeername())
            want = header_of(version, *said) + REQUEST
            sock = device.accept()
            got = b""
            while len(got) < len(want) and want.startswith(got):
                got += sock.recv(4096)
            assert got == want, (header, got, want)
            sock.answer()
            client.gets("200")
    play.__name__ = "passes_on_" + version
    SCENES.scene(*TRUSTING, "--send-proxy", version)(play)


passes_on("v1")
passes_on("v2")


@SCENES.scene(*TRUSTING)
def a_header_in_crumbs(device, proxy):
    for header, _ in (GOOD[0], GOOD[5]):
        client = Client(proxy, source="127.0.0.2")
        for byte in header + REQUEST:
            client.send(bytes([byte]))
        device.serve_page()
        client.gets("200")


@SCENES.scene(*TRUSTING)
def bad_headers(device, proxy):
    for header in BAD:
        client = Client(proxy, header, source="127.0.0.2")
        # Whoever sends these does not speak HTTP: nothing is said.
        assert client.outcome() in ("EOF", "RST"), (header, client.got)
        assert client.got == b"", (header, client.got)
        proxy.end_of(client, cause="bad-head", state="G")
    assert device.nobody_waits()


@SCENES.scene(*TRUSTING)
def half_a_header(device, proxy):
    for header in (GOOD[0][0][:-1], GOOD[4][0][:-1]):
        client = Client(proxy, header, source="127.0.0.2")
        client.fin()
        assert client.outcome() == "EOF" and client.got == b""
        proxy.end_of(client, cause="bad-head", state="G")
    assert device.nobody_waits()


@SCENES.scene(*TRUSTING, "--gate-timeout", "300ms")
def a_dripped_header(device, proxy):
    client = Client(proxy, b"PROXY UNKNOWN", source="127.0.0.2")
    drips = iter(range(90))  # the longest line is longer

    def drips_in_vain():
        with contextlib.suppress(ConnectionError):
            if next(drips, None) is not None:
                client.send(b"x")
        return select.select([client.sock], [], [], 0)[0]
    until("drips do not help", drips_in_vain)
    assert client.outcome() in ("EOF", "RST") and client.got == b""
    proxy.end_of(client, cause="gate-timeout")
    assert device.nobody_waits()


@SCENES.scene(*TRUSTING, "--head-limit", "64", "--body-limit", "0",
              "--body-max", "0")
def a_header_longer_than_the_head_may_be(device, proxy):
    tlv = b"\4\1\0" + b"t" * 256
    header = V2 + b"\x21\x11\1\x0f" + V2_TCP4 + tlv
    client = Client(proxy, header + REQUEST, source="127.0.0.2")
    device.serve_page()
    client.gets("200")


@SCENES.scene(*TRUSTING, "--body-max", "0")
def a_long_body_behind_a_header(device, proxy):
    request = (b"POST / HTTP/1.1\r\nContent-Length: 50000\r\n\r\n" +
               b"b" * 50000)
    client = Client(proxy, GOOD[0][0] + request[:100], source="127.0.0.2")
    sock = device.accept()
    got = sock.recv(4096)
    client.sendall(request[100:] + b"and more")
    while len(got) < len(request):
        got += sock.recv(65536)
    assert got == request, len(got)
    sock.answer()
    client.outcome()


@SCENES.scene(*TRUSTING, "--gate-timeout", "1s")
def late_headers(device, proxy):
    for header in (b"", GOOD[0][0][:-1], GOOD[4][0][:-1]):
        client = Client(proxy, header, source="127.0.0.2")
        assert client.outcome() == "EOF" and client.got == b""
        proxy.end_of(client, cause="gate-timeout")
    assert device.nobody_waits()


@SCENES.scene(*TRUSTING, "--max-age", "200ms")
def nothing_is_said_before_the_header(device, proxy):
    client = Client(proxy, GOOD[0][0][:-1], source="127.0.0.2")
    assert client.outcome() in ("EOF", "RST") and client.got == b""
    proxy.end_of(client, cause="max-age")


@SCENES.scene(*TRUSTING)
def only_from_listed_peers(device, proxy):
    client = Client(proxy, GOOD[0][0] + REQUEST)
    client.gets("400")
    proxy.serves()


@SCENES.scene(*TRUSTING, "--deny", "192.0.2.7")
def rules_judge_the_client_behind(device, proxy):
    client = Client(proxy, GOOD[0][0] + REQUEST, source="127.0.0.2")
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


class Peer:
    """A real proxy, as the stand's clients and proxies know theirs."""

    def __init__(self, program, text, **fields):
        self.dir = tempfile.mkdtemp(prefix="peer.")
        config = os.path.join(self.dir, "conf")
        flag = "-f" if program == "haproxy" else "-c"
        self.bound = bound()
        self.port = self.bound.getsockname()[1]
        with open(config, "w") as f:
            f.write(text.format(port=self.port, dir=self.dir, **fields))
        self.process = subprocess.Popen(
            [shutil.which(program) or "/usr/sbin/" + program, flag, config],
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until(program + " listens or ends", lambda: self.listens() or
              self.process.poll() is not None)
        assert self.process.poll() is None, program + " did not start"

    def listens(self):
        """It, and not another that took the port in between."""
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table]
        sockets = {"socket:[%s]" % row[9] for row in rows if row[3] == "0A"
                   and row[1].endswith(":%04X" % self.port)}
        descriptors = "/proc/%d/fd" % self.process.pid
        with contextlib.suppress(OSError):  # it has ended
            for name in os.listdir(descriptors):
                with contextlib.suppress(FileNotFoundError):
                    if os.readlink(descriptors + "/" + name) in sockets:
                        return True
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.bound.close()
        shutil.rmtree(self.dir)


def behind(program, text, **fields):
    """The peer tells the proxy who its client is."""
    def play(device, _):
        proxy = Proxy(device, "--accept-proxy", "127.0.0.1")
        peer = Peer(program, text, to=proxy.port, **fields)
        try:
            client = Client(peer, REQUEST)
            sock = device.accept()
            got = sock.recv(4096)
            assert got == REQUEST, got
            sock.answer()
            client.gets("200")
            proxy.end_of(client, cause="done")
        finally:
            peer.stop()
            proxy.stop()
    play.__name__ = "behind_" + program + fields.get("server", "")
    SCENES.scene()(play)


def before(program, version, text, **fields):
    """The proxy tells the peer; what arrives behind it, or what it answers,
    tells that it was understood."""
    def play(device, _):
        peer = Peer(program, text, to=device.port, **fields)
        proxy = Proxy(peer, "--send-proxy", version)
        try:
            client = Client(proxy, REQUEST)
            if program == "haproxy":
                sock = device.accept()
                header = b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (
                    client.getsockname()[1], proxy.port)
                got = b""
                while len(got) < len(header + REQUEST):
                    got += sock.recv(4096)
                assert got == header + REQUEST, got
                sock.answer()
            client.gets("200")
            if program == "nginx":
                assert client.got.endswith(client.name.encode()), client.got
        finally:
            proxy.stop()
            peer.stop()
    play.__name__ = "before_%s_%s" % (program, version)
    SCENES.scene()(play)


if shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"):
    behind("haproxy", HAPROXY, bind="", server="send-proxy")
    behind("haproxy", HAPROXY, bind="", server="send-proxy-v2")
    for v in ("v1", "v2"):
        # It repeats to the device, in version 1, what it understood.
        before("haproxy", v, HAPROXY, bind="accept-proxy", server="send-proxy")
else:
    print("haproxy is not installed: its part is left out")
if shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
    for v in ("v1", "v2"):
        before("nginx", v, NGINX_HTTP)
    if os.path.exists(STREAM_MODULE):
        behind("nginx", NGINX_STREAM,
               module="load_module %s;" % STREAM_MODULE)
else:
    print("nginx is not installed: its part is left out")

sys.exit(SCENES.main())
