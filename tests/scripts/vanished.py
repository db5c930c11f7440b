#!/usr/bin/env python3
"""Proves that a device which vanishes under a WebSocket that still talks, its
host unreachable, is given up in twice keepalive and not by stream-timeout, and
that a job waits for a printer that is out of reach (in networks of the test's
own)."""
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading

sys.path.insert(0, "tests/lib")
from stand import Client, Proxy, WAIT_S, until

CLONE_NEWNET = 0x40000000
SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
          b"Connection: Upgrade\r\n\r\n")
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
           b"Upgrade: websocket\r\n\r\n")

if "OWN_NETWORK" not in os.environ:
    unshare = ["unshare", "--net"] + ["--map-root-user"] * (os.geteuid() != 0)
    if not shutil.which("ip") or subprocess.run(
            [*unshare, "true"], stderr=subprocess.DEVNULL,
            check=False).returncode:
        print("no right to make a network namespace, or no ip")
        sys.exit(77)
    os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv],
               {**os.environ, "OWN_NETWORK": "1"})


def ip(*words):
    subprocess.run(["ip", *words], check=True)


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
            ip("address", "add", "10.0.0.2/24", "dev", "far")
            ip("link", "set", "far", "up")
            self.listener = socket.create_server(("10.0.0.2", self.port))
            ready.set()
            self.cut.wait()
            ip("link", "set", "far", "down")
            self.is_cut.set()

        threading.Thread(target=live, daemon=True).start()
        begun.wait()
        ip("link", "set", "lo", "up")
        ip("link", "add", "near", "type", "veth", "peer", "far", "netns",
           str(self.tid))
        ip("address", "add", "10.0.0.1/24", "dev", "near")
        ip("link", "set", "near", "up")
        moved.set()
        assert ready.wait(WAIT_S)


def talks_no_more():
    device = FarDevice()
    proxy = Proxy(device, "--keepalive", "2s", profile="esp", host="10.0.0.2")
    try:
        client = Client(proxy, UPGRADE)
        sock = device.listener.accept()[0]
        assert sock.recv(4096) == UPGRADE
        sock.sendall(SWITCH)
        assert client.sock.recv(4096) == SWITCH
        device.cut.set()
        assert device.is_cut.wait(WAIT_S)
        client.sock.sendall(b"is anybody there?")
        assert client.outcome() == "RST", client.got
        end = proxy.end_of(client)
        assert (end["cause"], end["state"]) == ("device-silent", "R"), end
    finally:
        proxy.stop()


def out_of_reach():
    ip("route", "add", "unreachable", "10.1.0.1")
    proxy = Proxy(FarDevice, profile="printer", host="10.1.0.1")
    try:
        client = Client(proxy, b"job")
        client.fin()
        until("it asks", lambda: proxy.counters()["slots"] == 1)
        ip("route", "delete", "unreachable", "10.1.0.1")
        ip("address", "add", "10.1.0.1/32", "dev", "lo")
        listener = socket.create_server(("10.1.0.1", FarDevice.port))
        sock = listener.accept()[0]
        assert sock.recv(10) == b"job"
        sock.close()
        assert client.outcome() == "EOF"
        assert int(proxy.end_of(client)["retries"]) > 0
    finally:
        proxy.stop()


talks_no_more()
out_of_reach()
