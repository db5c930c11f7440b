#!/usr/bin/env python3
"""Proves that a device which vanishes under a WebSocket that still talks, its
host unreachable, is given up in twice keepalive and not by stream-timeout, and
that a job waits for a printer that is out of reach (in networks of the test's
own)."""
import ctypes
import socket
import sys
import threading

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import WAIT_S, needs, own_network, run
from stand import Proxy

CLONE_NEWNET = 0x40000000
SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
          b"Connection: Upgrade\r\n\r\n")
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
           b"Upgrade: websocket\r\n\r\n")

needs("ip")
own_network(needed=True)


class FarDevice:
    """Listens in a network of its own, behind a wire that can be cut."""

    port = 80

    def __init__(self):
        begun, moved, ready = (threading.Event() for _ in range(3))
        self.cut = threading.Event()
        self.is_cut = threading.Event()

        def live():
            ctypes.CDLL(None).unshare(CLONE_NEWNET)
            self.tid = threading.get_native_id()
            begun.set()
            moved.wait()
            run("ip", "address", "add", "10.0.0.2/24", "dev", "far")
            run("ip", "link", "set", "far", "up")
            self.listener = socket.create_server(("10.0.0.2", self.port))
            ready.set()
            self.cut.wait()
            run("ip", "link", "set", "far", "down")
            self.is_cut.set()

        threading.Thread(target=live, daemon=True).start()
        begun.wait()
        run("ip", "link", "add", "near", "type", "veth", "peer", "far",
            "netns", str(self.tid))
        run("ip", "address", "add", "10.0.0.1/24", "dev", "near")
        run("ip", "link", "set", "near", "up")
        moved.set()
        assert ready.wait(WAIT_S)


def talks_no_more():
    device = FarDevice()
    proxy = Proxy(device, "--keepalive", "2s", profile="esp", host="10.0.0.2")
    client = Client(proxy, UPGRADE)
    sock = device.listener.accept()[0]
    assert sock.recv(4096) == UPGRADE
    sock.sendall(SWITCH)
    client.expect_only(SWITCH)
    device.cut.set()
    assert device.is_cut.wait(WAIT_S)
    client.sendall(b"is anybody there?")
    client.gets("RST", cause="device-silent", state="R")


def out_of_reach():
    run("ip", "route", "add", "unreachable", "10.1.0.1")
    proxy = Proxy(FarDevice, profile="printer", host="10.1.0.1")
    client = Client(proxy, b"job").fin()
    proxy.counts(slots=1)
    run("ip", "route", "delete", "unreachable", "10.1.0.1")
    run("ip", "address", "add", "10.1.0.1/32", "dev", "lo")
    sock = socket.create_server(("10.1.0.1", FarDevice.port)).accept()[0]
    assert sock.recv(10) == b"job"
    sock.close()
    client.gets("EOF")
    assert int(proxy.end_of(client)["retries"]) > 0


talks_no_more()
out_of_reach()
