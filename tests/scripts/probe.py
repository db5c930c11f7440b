#!/usr/bin/env python3
"""Proves that the probe of a silent device comes as a client's request would:
behind settle and the PROXY header; and what its own failures mean."""
import sys

sys.path.insert(0, "tests/lib")
from stand import Client, REQUEST, Scenes, reset, until

SCENES = Scenes("--first-byte-timeout", "1s", "--connect-timeout", "300ms",
                "--probe-backoff", "100ms..200ms", "--down-after", "1",
                "--connect-retry", "0")


def suspected(device, proxy):
    """A client has found the device silent; it is held from closing."""
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    client.gets("504")
    return sock


def is_up_again(device, proxy):
    until("it is up", lambda: proxy.find("device up"))
    proxy.serves()


@SCENES.scene("--send-proxy", "v1", "--settle", "200ms")
def it_begins_as_a_client_does(device, proxy):
    suspected(device, proxy).close()
    sock = device.accept()
    assert sock.recv(1000).startswith(b"PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n")
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    until("it is cleared", lambda: proxy.find("no longer suspected"))
    sock.close()


@SCENES.scene("--settle", "500ms")
def it_is_ended_before_it_has_asked(device, proxy):
    suspected(device, proxy).close()
    device.accept().close()
    until("it is cleared", lambda: proxy.find("no longer suspected"))


@SCENES.scene()
def its_connect_takes_too_long(device, proxy):
    sock = suspected(device, proxy)
    fillers = device.fill_backlog()
    sock.close()
    until("it is down", lambda: proxy.find("device down"))
    for filler in fillers:
        filler.close()
    device.stop()
    device.listen()
    device.serve_page()
    is_up_again(device, proxy)


@SCENES.scene()
def it_is_reset(device, proxy):
    """Somebody is there."""
    suspected(device, proxy).close()
    reset(device.take_request())
    until("it is cleared", lambda: proxy.find("no longer suspected"))


@SCENES.scene()
def its_reply_stops_within_the_head(device, proxy):
    suspected(device, proxy).close()
    sock = device.take_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    until("it is down", lambda: proxy.find("device down"))
    sock.close()
    device.stop()  # further probes are refused, and hold nothing


sys.exit(SCENES.main())
