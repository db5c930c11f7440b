"""Clients of a front: every one says what it got and how long that took."""
import concurrent.futures
import contextlib
import re
import socket
import time

from rig import FAVICON, GET  # noqa: F401

PATIENCE_S = 12  # every answer waited for is due within ten


class Client:
    made = []

    def __init__(self, address, data=b"", rcvbuf=0, source=None):
        self.began = time.monotonic()
        self.to = address
        self.name = self.result = self.asked_at = self.answered_at = None
        self.gone_at = float("inf")
        self.refused = False
        self.got = b""
        self.ms = 0
        self.sock = socket.socket()
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if source:
            self.sock.bind((source, 0))
        self.sock.settimeout(PATIENCE_S)
        Client.made.append(self)
        try:
            self.sock.connect(address)
            self.name = "%s:%d" % self.sock.getsockname()
            if data.endswith(b"\r\n\r\n"):
                self.asked_at = time.monotonic()
            self.sock.sendall(data)
        except OSError:
            self.refused = True

    def fin(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.gone_at = min(self.gone_at, time.monotonic())
        self.sock.close()

    def retry_after(self):
        """Is it told when to come again?"""
        head = self.got.split(b"\r\n\r\n")[0]
        return re.search(rb"\r\nretry-after: *\S", head, re.IGNORECASE)

    def ended(self):
        """When the outcome was known."""
        return self.began + self.ms / 1000

    def outcome(self, close=True, until=None):
        """Reads to the end, or until these bytes come. A status, "torn" (a 200
        without its end), "eof", "reset", "refused" or "silence"."""
        self.result = self._read(until)
        self.ms = (time.monotonic() - self.began) * 1000
        if close:
            self.close()
        return self.result

    def _read(self, until=None):
        if self.refused:
            return "refused"
        end = "eof"
        try:
            while not until or until not in self.got:
                piece = self.sock.recv(65536)
                self.answered_at = self.answered_at or time.monotonic()
                if not piece:
                    break
                self.got += piece
        except TimeoutError:
            end = "silence"
        except OSError:
            end = "reset"
        if not self.got.startswith(b"HTTP/1.1 "):
            return end
        status = self.got[9:12].decode("latin-1")
        if status == "200" and b"</html>" not in self.got:
            return "torn"
        return status


def get(address, data=GET, source=None):
    client = Client(address, data, source=source)
    client.outcome()
    return client


def together(count, function):
    """Runs function(0) ... function(count - 1) at once; their results."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, range(count)))


def p99(values):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * 0.99))]
