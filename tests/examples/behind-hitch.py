#!/usr/bin/env python3
"""Proves of examples/behind-hitch that hitch, and stunnel in its place, pass a
page through TLS, that the log has the client's address and limits count it, and
that a client without a PROXY protocol header is not served."""
import socket
import ssl

from stage import Example, certificate, listens, needs, page_from, tempdev
from peer import Client
from sallyport import Program, ready, until

needs("hitch", "stunnel4")
device = tempdev()
proxy = Example("behind-hitch/greenhouse.conf")
certificate("/etc/hitch/greenhouse.pem")
CONTEXT = ssl._create_unverified_context()


def connect(address):
    sock = socket.create_connection(("127.0.0.1", 443), 60, (address, 0))
    return CONTEXT.wrap_socket(sock)


def first_said(socks):
    while True:
        for sock in ready(*socks, within_s=60):
            sock.setblocking(False)
            try:
                return sock.recv(100)
            except ssl.SSLWantReadError:
                pass  # a session ticket


# hitch wants a user of its own, whom the package makes.
hitch = Program("hitch", "--config=examples/behind-hitch/hitch.conf")
until("hitch listens", lambda: listens(443))
page_from("127.0.0.2", "https://127.0.0.1/")
proxy.logged(1, "client=127.0.0.2:.* cause=done")

# A limit counts clients, and not hitch, which passes them on in any order: of
# nine of an address one is too many, the first of another is not.
nine = [connect("127.0.0.5") for _ in range(9)]
assert b" 503 " in first_said(nine)
other = connect("127.0.0.6")
other.sendall(b"GET / HTTP/1.0\r\n\r\n")
assert b" 200 " in other.recv(100)
for sock in (*nine, other):
    sock.close()
proxy.logged(1, "client=127.0.0.5:.* cause=source-limit")
hitch.process.terminate()
until("hitch has ended", lambda: not listens(443))

stunnel = Program("stunnel4", "examples/behind-hitch/stunnel.conf")
until("stunnel listens", lambda: listens(443))
page_from("127.0.0.3", "https://127.0.0.1/")
proxy.logged(1, "client=127.0.0.3:.* cause=done")
client = Client(("127.0.0.1", 8001), b"GET / HTTP/1.0\r\n\r\n")
assert client.outcome() in ("400", "EOF", "RST"), "served without a header"
