"""A stand for tests of the protection: a door, a device and clients, each under
the test's hand. Real sockets, kernel-chosen ports; every wait has a deadline.
"""
import contextlib
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

WAIT_S = 30
REQUEST = b"GET /page HTTP/1.1\r\nHost: door\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe page\n"


def until(what, condition):
    """Waits until condition() is true and returns what it gave."""
    end = time.monotonic() + WAIT_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain until " + what)
        time.sleep(0.005)


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Door:
    """A sallyport process; `lines` is its log so far."""

    def __init__(self, device, *flags, profile="w5500", memory_fds=None):
        binary = os.path.join(os.environ["BIN"], "sallyport")
        self.process = subprocess.Popen(
            [binary, "--profile", profile, *flags, "127.0.0.1:0",
             "127.0.0.1:%d" % device.port],
            stderr=subprocess.PIPE, text=True)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()
        ready = until("the door is ready", lambda: self.find("ready on"))
        self.port = int(re.search(r"ready on [^ ]*:(\d+),", ready).group(1))

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def find(self, text):
        for line in list(self.lines):
            if text in line:
                return line
        return None

    def ends(self):
        """The connections that have ended, as dictionaries of their lines."""
        return [dict(field.split("=", 1) for field in line.split())
                for line in list(self.lines) if line.startswith("time=")]

    def end_of(self, client):
        """The end of `client`, once it has come."""
        name = "127.0.0.1:%d" % client.port
        return until("the line of " + name, lambda: next(
            (e for e in self.ends() if e["client"] == name), None))

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()


class Device:
    """A listening device that does only what it is told."""

    def __init__(self, backlog=64):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.listener.settimeout(WAIT_S)
        self.port = self.listener.getsockname()[1]

    def accept(self):
        sock = self.listener.accept()[0]
        sock.settimeout(WAIT_S)
        return sock

    def take_request(self):
        """The next connection, its request read."""
        sock = self.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            piece = sock.recv(4096)
            assert piece, "the device saw FIN before a request: %r" % request
            request += piece
        return sock

    def serve_page(self):
        sock = self.take_request()
        sock.sendall(PAGE)
        sock.close()

    def nobody_waits(self):
        return not select.select([self.listener], [], [], 0)[0]

    def fill_backlog(self):
        """Lets no further connection be established; returns who fills it."""
        fillers = []
        while True:
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self.port))
            fillers.append(sock)
            if not select.select([], [sock], [], 0.05)[1]:
                return fillers

    def stop(self):
        self.listener.close()


class Client:
    def __init__(self, door, data=b"", rcvbuf=0):
        self.sock = socket.socket()
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(WAIT_S)
        self.sock.connect(("127.0.0.1", door.port))
        self.port = self.sock.getsockname()[1]
        self.sock.sendall(data)

    def fin(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        reset(self.sock)

    def outcome(self):
        """What came to the end: a status, EOF or RST; its bytes are in
        `got`."""
        self.got = b""
        try:
            while True:
                piece = self.sock.recv(65536)
                if not piece:
                    break
                self.got += piece
        except ConnectionResetError:
            return "RST"
        with contextlib.suppress(OSError):  # it may have been closed already
            self.fin()
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", self.got)
        return status.group(1).decode() if status else "EOF"


def end_seen_by(sock):
    """How the door ended a device connection: FIN or RST."""
    try:
        while sock.recv(65536):
            pass
        return "FIN"
    except ConnectionResetError:
        return "RST"
