#!/usr/bin/env python3
"""Proves that a read which stops early is no end: at urgent marks in a bulk,
and where a descriptor was passed with the bytes."""
import os
import random
import socket
import sys
import tempfile
import threading

sys.path.insert(0, "tests/lib")
from sallyport import Started
from stand import Client, Device, Proxy


def urgent_bytes_in_a_bulk():
    """Marks behind bulks, at the end, and at once one after the other; each
    time before a proxy that does not know yet that they come."""
    device = Device()
    bulk = random.Random(4).randbytes(300000)
    replies = [[bulk], 3 * [bulk], [b"a", b"bcd"] + 20 * [b"e"]]

    def serve():
        for parts in 30 * replies:
            sock = device.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                sock.sendall(part)
                sock.send(b"!", socket.MSG_OOB)
            sock.close()
    threading.Thread(target=serve, daemon=True).start()
    for _ in range(30):
        proxy = Proxy(device, "--splice", "auto", profile="raw")
        try:
            for parts in replies:
                client = Client(proxy)
                client.sock.setsockopt(socket.SOL_SOCKET,
                                       socket.SO_OOBINLINE, 1)
                assert client.outcome() == "EOF"
                assert client.got == b"!".join(parts) + b"!", len(client.got)
        finally:
            proxy.stop()
    device.stop()


def behind_passed_descriptors():
    """A read of a Unix socket stops where one was passed: that is no end."""
    device = Device()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        proxy = Started("--single", "--listen", "127.0.0.1:0", "--listen",
                        path, "--device", "127.0.0.1:%d" % device.port)
        try:
            for _ in range(10):
                client = socket.socket(socket.AF_UNIX)
                client.connect(path)
                for part in (b"abc", b"def", b"ghi"):
                    socket.send_fds(client, [part], [0])
                client.shutdown(socket.SHUT_WR)
                sock = device.accept()
                with sock.makefile("rb") as said:
                    assert said.read() == b"abcdefghi"
                sock.close()
                client.close()
        finally:
            proxy.stop()
            device.stop()


if __name__ == "__main__":
    urgent_bytes_in_a_bulk()
    behind_passed_descriptors()
