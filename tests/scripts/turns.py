#!/usr/bin/env python3
"""Proves that only the end whose turn it is can be late: a cut upload, an
unread reply and a reply in drips say nothing about the device."""
import concurrent.futures
import contextlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, "tests/lib")
from crowd_device import is_open
from stand import Client, REQUEST, Scenes, end_seen_by, until

SCENES = Scenes()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def upload(length):
    return (b"POST /up HTTP/1.1\r\nHost: device\r\nContent-Length: %d\r\n\r\n"
            % length)


def read_body(sock, length):
    while length > 0:
        piece = sock.recv(65536)
        assert piece, "%d bytes of the body are missing" % length
        length -= len(piece)


def serves(device, proxy):
    """The next visitor finds the device well."""
    client = Client(proxy, REQUEST, source="127.0.0.9")
    sock = device.take_request()
    sock.sendall(OK)
    client.gets("200")
    sock.close()
    assert not proxy.find("suspected"), proxy.find("suspected")


@SCENES.scene("--body-max", "0")
def cut_uploads(device, proxy):
    """FIN within a body that passes through: the client's fault at once."""
    for length in (16385, 50000, 300000):
        for part in (16384, length // 2 + 8193, length - 1):
            client = Client(proxy, upload(length))
            sock = device.take_request()
            reader = threading.Thread(target=end_seen_by, args=(sock,))
            reader.start()
            client.sendall(b"x" * min(part, length - 1))
            client.fin()
            client.gets("400", cause="request-cut")
            reader.join()
            sock.close()
    serves(device, proxy)


@SCENES.scene("--body-max", "0", "--queue-fin", "keep")
def cut_while_waiting(device, proxy):
    """The same in the line and at the gate: no connect is made."""
    first = Client(proxy, REQUEST)
    sock = device.take_request()
    waiting = Client(proxy, upload(20000) + b"x" * 10000)
    waiting.fin()
    waiting.gets("400")
    sock.answer(OK)
    first.gets("200")
    assert device.nobody_waits()
    serves(device, proxy)


@SCENES.scene("--body-max", "0", "--idle-timeout", "300ms")
def half_a_body_and_then_nothing(device, proxy):
    """Whatever clock strikes first, it is the client that is late."""
    client = Client(proxy, upload(20000) + b"x" * 10000)
    sock = device.take_request()
    client.gets("408", cause="request-timeout")
    sock.close()
    serves(device, proxy)


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
            sock.shutdown(socket.SHUT_WR)
            if not late:
                client.gets("200")
            until("it is reset", lambda: not is_open(sock))
            sock.close()
    serves(device, proxy)


@SCENES.scene("--probe", "HEAD /", "--first-byte-timeout", "1s")
def a_probe_of_a_device_that_keeps_its_connection(device, proxy):
    """It is passed at the reply's head, and the device is not down."""
    for _ in range(2):
        client = Client(proxy, REQUEST)
        sock = device.take_request()
        client.gets("504")
        sock.close()
        probe = device.take_request()
        probe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        until("it is well", lambda: proxy.find("no longer suspected"))
        client = Client(proxy, REQUEST)
        sock = device.take_request()
        sock.sendall(OK)
        client.gets("200")
        sock.close()
        probe.close()
    assert not proxy.find("device down"), proxy.find("device down")


@SCENES.scene("--send-timeout", "1s", "--reply-timeout", "4s")
def held_reply_in_drips(device, proxy):
    """A reply that is held waits for the device, not for its client."""
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    for _ in range(9):
        time.sleep(0.5)  # the drip
        sock.sendall(b"x" * 100)
    assert client.outcome() == "200", proxy.end_of(client)
    sock.close()
    serves(device, proxy)


@SCENES.scene("--send-timeout", "1s", "--reply", "stream", "--reply-timeout",
              "0", "--first-byte-timeout", "0", "--sndbuf", "4k")
def unread_reply_of_a_slow_device(device, proxy):
    """The client takes nothing of what is there, and more is to come."""
    client = Client(proxy, REQUEST, rcvbuf=2048)
    sock = device.take_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" +
                 b"x" * 40000)
    proxy.end_of(client, cause="send-timeout")
    sock.close()
    client.reset()
    serves(device, proxy)


@SCENES.scene("--reply-max", "300ms", "--reply", "stream")
def a_reply_that_takes_too_long_in_all(device, proxy):
    """It never pauses for long, and has an end, but not soon."""
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n")

    def has_ended():
        with contextlib.suppress(OSError):
            sock.send(b"x")
        return proxy.ends()
    until("it is ended", has_ended)
    proxy.end_of(client, cause="reply-max")
    client.gets("RST")
    sock.close()
    serves(device, proxy)


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
    read_body(sock, length - len(body))
    drip(sock, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length +
         b"x" * length, 6, 0.4)
    sock.close()


@SCENES.scene("--body-max", "0", "--request-timeout", "1s", "--reply-timeout",
              "1s", "--first-byte-timeout", "1s", "--slots", "4")
def drips_that_never_pause(device, proxy):
    """Four at once, longer in all than any limit, in either direction."""
    dice = random.Random(1)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        parts = []
        for number in range(4):
            length = 17000 + dice.randrange(80000)
            client = Client(proxy, upload(length), source="127.0.0.%d" %
                            (number + 2))
            parts += [pool.submit(dripping_device, device),
                      pool.submit(drip, client.sock, b"u" * length, 5, 0.4),
                      pool.submit(client.outcome)]
        for part in parts:
            assert part.result() in (None, "200"), part.result()
    serves(device, proxy)


sys.exit(SCENES.main())
