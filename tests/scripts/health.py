#!/usr/bin/env python3
"""Proves that a dead device costs one client its patience and the others an
answer, and that one probe, which comes as a client's request would, brings back
service; and what the probe's own failures mean."""
import os
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client, Device
from sallyport import PROGRAM, folder, run, until
from stand import Proxy, Scenes

SCENES = Scenes("--connect-retry", "0")
SOON = ("--first-byte-timeout", "1s", "--connect-timeout", "300ms",
        "--probe-backoff", "100ms..200ms")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CROWD = 20


def suspected(device, proxy):
    """A client has found the device silent; it is held from closing."""
    client, sock = proxy.exchange()
    client.gets("504", cause="device-silent")
    return sock


def becomes(proxy, what):
    until("it is " + what, lambda: proxy.find("device " + what))


def refused(client, cause, state="G"):
    """And told when to come again."""
    client.gets("503", cause=cause, state=state)
    assert b"\r\nRetry-After: " in client.got, client.got


@SCENES.scene("--first-byte-timeout", "3s", "--probe-backoff", "3s..9s")
def a_dead_device(device, proxy):
    first, sock = proxy.exchange()
    line = [Client(proxy, REQUEST) for _ in range(CROWD)]
    proxy.counts(queue=CROWD)
    first.gets("504", cause="device-silent")  # it alone had to wait
    sock.ends("RST")
    probe = device.take_request()  # at once; it decides
    becomes(proxy, "suspected: it did not answer a request; probing")
    line.append(Client(proxy, REQUEST))  # the grace, 250 ms from then on
    proxy.counts(queue=CROWD + 1)
    time.sleep(0.3)  # until it is over
    refused(Client(proxy, REQUEST), "device-suspected")
    assert not any(client.ended() for client in line)
    for client in line:
        refused(client, "device-down", "Q")
        assert b"\r\nRetry-After: 3\r\n" in client.got, client.got
    refused(Client(proxy, REQUEST), "device-down")
    probe.ends("RST")
    assert not proxy.find("device up")
    device.serve_page()  # the next probe, and it alone
    becomes(proxy, "up")
    assert device.nobody_waits()
    for _ in range(CROWD):
        proxy.serves()


@SCENES.scene(*SOON, "--probe", "HEAD /")
def it_is_passed_at_the_replys_head(device, proxy):
    """By a device that keeps its connection, too, which is not down."""
    for _ in range(2):
        suspected(device, proxy).close()
        probe = device.take_request()
        probe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        becomes(proxy, "no longer suspected")
        proxy.serves()
        probe.close()
    assert not proxy.find("device down"), proxy.find("device down")


@SCENES.scene(*SOON, "--send-proxy", "v1", "--settle", "200ms")
def it_begins_as_a_client_does(device, proxy):
    suspected(device, proxy).close()
    sock = device.accept().expect(b"PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n")
    sock.sendall(OK)
    becomes(proxy, "no longer suspected")
    sock.close()


@SCENES.scene(*SOON, "--settle", "500ms",
              end=lambda device: device.accept().close())
@SCENES.scene(*SOON, end=lambda device: device.take_request().reset())
def it_is_ended(device, proxy, end):
    """Before it has asked, or by a reset: somebody is there."""
    suspected(device, proxy).close()
    end(device)
    becomes(proxy, "no longer suspected")


@SCENES.scene(*SOON)
def its_connect_takes_too_long(device, proxy):
    sock = suspected(device, proxy)
    fillers = device.fill_backlog()
    sock.close()
    becomes(proxy, "down")
    for filler in fillers:
        filler.close()
    device.stop()
    device.listen()
    device.serve_page()
    becomes(proxy, "up")
    proxy.serves()


@SCENES.scene(*SOON)
def its_reply_stops_within_the_head(device, proxy):
    suspected(device, proxy).close()
    sock = device.take_request()
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    becomes(proxy, "down")
    sock.close()
    device.stop()  # further probes are refused, and hold nothing


@SCENES.alone
def a_refused_probe_leaves_its_slot_free():
    """Nothing of it lives at the device: who comes after the health has been
    forgotten is served at once, and not after the probe's pause."""
    device, control = Device(), os.path.join(folder(), "ctl")
    proxy = Proxy(device, "--first-byte-timeout", "1s", "--probe-backoff",
                  "10m..10m", "--control", control, single=False)
    client, sock = proxy.exchange()
    device.stop()
    client.gets("504", cause="device-silent")
    sock.close()
    becomes(proxy, "down")
    device.listen()
    run(PROGRAM, "control", control, "reset-health")
    proxy.serves()
    proxy.terminate()


sys.exit(SCENES.main())
