"""A harness for tests against tempdev: an emulator, its control socket, its
clients.

    dev = Device("--uptime", 100)          # found running, virtual time
    idle = dev.connect()                   # a client that the chip took in
    dev.advance(0.01)                      # device time passes
    assert dev.get().startswith(b"HTTP/1.1 200")
    dev.wait("silent=1,fw=loop")           # a condition, bounded in real time

Nearly every test runs under virtual time (--speed 0): the device lives only
through what `advance` allows, so that nothing depends on how fast this
machine is. With speed=1 it lives in real time, as a proxy's test wants it.
`wait` is bounded in real time, but only to end a failing test. The program is
$TEMPDEV, or the one below $BIN, or the one beside this file.

Under pytest (`PYTHONPATH=contrib/tempdev pytest -p pytest_tempdev`) the
fixture `tempdev` starts devices and ends them after the test.
"""
import atexit
import contextlib
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time

__all__ = ["BIN", "Client", "Controlled", "Device", "FAVICON", "GET",
           "PATIENCE_MS", "TEMPDEV", "check", "check_equal", "holds_within",
           "tmpdir"]


def _program():
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "tempdev")
    if "BIN" in os.environ:
        beside = os.path.join(os.environ["BIN"], "contrib/tempdev/tempdev")
    return os.environ.get("TEMPDEV", beside)


BIN = os.environ.get("BIN", ".")
TEMPDEV = _program()
PATIENCE_MS = 20000
GET = b"GET / HTTP/1.1\r\nHost: device\r\n\r\n"
FAVICON = b"GET /favicon.ico HTTP/1.1\r\nHost: device\r\n\r\n"

_numbers = itertools.count(1)
_own_tmp = tempfile.TemporaryDirectory(prefix="td.")


def tmpdir():
    """A directory of this test's own, short enough for a Unix socket."""
    return _own_tmp.name


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(map(str, what)))


def check_equal(got, expected, what):
    check(got == expected, f"{what}: expected {expected!r}, got {got!r}")


class Controlled:
    """What has a control socket: a command a line, an answer of JSON to each;
    `stat` and `wait` among them."""

    def _control(self, path):
        self.control = socket.socket(socket.AF_UNIX)
        self.control.connect(path)
        self.answers = self.control.makefile("r")

    def send(self, *lines):
        self.control.sendall("".join(line + "\n" for line in lines).encode())

    def answer(self):
        return json.loads(self.answers.readline())

    def try_command(self, line):
        self.send(line)
        return self.answer()

    def command(self, line):
        answer = self.try_command(line)
        if isinstance(answer, dict) and not answer.get("ok", True):
            check(False, line, answer, self.try_command("stat"))
        return answer

    def stat(self, key=None):
        answer = self.command("stat")
        return answer if key is None else answer[key]

    def expect(self, **wanted):
        """These keys of `stat` have these values."""
        stat = self.stat()
        check_equal({key: stat[key] for key in wanted}, wanted, "stat")

    def wait(self, condition, ms=PATIENCE_MS):
        self.command(f"wait {condition} {ms}")


class Device(Controlled):
    """A running tempdev; `dev.stat("key")` and the like ask it."""

    def __init__(self, *args, speed=0, console=None):
        base = os.path.join(tmpdir(), str(next(_numbers)))
        self.is_virtual = speed == 0
        self.clients = []
        self.console_path = console or base + ".console"
        self.events_path = base + ".events"
        self.process = subprocess.Popen(
            [TEMPDEV, "--listen", "127.0.0.1:0", "--speed", str(speed),
             "--console", self.console_path, "--control", base + ".ctl",
             "--events", self.events_path, *map(str, args)],
            stderr=subprocess.PIPE, text=True)
        atexit.register(self.end)
        ready = self.process.stderr.readline()
        check(ready.startswith("tempdev: ready on "), "no ready line:", ready)
        host, port = ready.split()[-1].rsplit(":", 1)
        self.port = int(port)
        self.address = (host, self.port)
        self._control(base + ".ctl")

    def end(self):
        for client in self.clients:
            client.sock.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def states(self):
        return [s["sr"] for s in self.command("slots")]

    def advance(self, seconds, until=None):
        """Lets device time pass; returns the device time in seconds."""
        tail = f" until {until}" if until else ""
        return self.command(f"advance {seconds}{tail}")["t"]

    def advance_until(self, until, limit=10):
        """As `advance`, but the condition must come true."""
        t = self.advance(limit, until)
        self.wait(until, 0)
        return t

    def fault(self, name, args=""):
        self.command(f"fault {name} {args}")

    def console(self):
        with open(self.console_path, encoding="latin-1") as f:
            return f.read()

    def events(self):
        with open(self.events_path) as f:
            return [json.loads(line) for line in f]

    def conns(self):
        return self.stat("conns")

    def connect(self, data=b"", then=0):
        """A client that the chip has taken in, and what it sends; device time
        passes `then`."""
        n = self.conns() + 1
        client = Client(self)
        self.wait(f"conns={n}")
        if data:
            client.send(data)
        if then:
            self.advance(then)
        return client

    def is_refused(self):
        """Whether a connect is refused, or reset at once."""
        try:
            Client(self).sock.close()
        except ConnectionRefusedError:
            return True
        return False

    def refuses_all(self):
        """Whether no slot listens: a client is refused, and not taken in."""
        if self.stat("listening"):
            return False
        check(self.is_refused(), "no slot listens, yet a client is taken in")
        return True

    def serve(self, client, request=GET, then="fw=loop"):
        """One request with a polite client's manners, until `then`."""
        n = self.stat("requests_total") + 1
        client.send(request)
        self.advance_until(f"requests_total={n},fw=stop")
        reply = client.read_to_end()
        client.close()
        self.advance_until(then)
        return reply

    def get(self, request=GET):
        """One request of a polite client from connect to close."""
        client = self.connect()
        self.advance(0.002)
        return self.serve(client, request)


class Client:
    """A TCP client of the device."""

    def __init__(self, dev, rcvbuf=None):
        self.dev = dev
        self.sock = socket.socket()
        if rcvbuf is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(PATIENCE_MS / 1000)
        self.sock.connect(dev.address)
        self.name = "%s:%d" % self.sock.getsockname()
        dev.clients.append(self)  # stays open until closed

    def slot(self):
        """The slot this client is in."""
        for n, slot in enumerate(self.dev.command("slots")):
            if slot["peer"] == self.name and slot["sr"] != "Closed":
                return n
        return None

    def send(self, data):
        """Sends; under virtual time returns once the chip holds it all."""
        slot = self.slot() if self.dev.is_virtual else None
        rx = self.dev.command("slots")[slot]["rx"] if slot is not None else 0
        self.sock.sendall(data)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if slot is not None and rx + len(data) <= 2048:
            self.dev.wait(f"slot{slot}.rx={rx + len(data)}")

    def read_to_end(self):
        """As `outcome`, but a reset is a ConnectionResetError."""
        data, end = self.outcome()
        if end == "reset":
            raise ConnectionResetError
        return data

    def outcome(self):
        """All that comes, and whether "fin" or "reset" ends it."""
        data = b""
        try:
            while more := self.sock.recv(65536):
                data += more
        except ConnectionResetError:
            return data, "reset"
        return data, "fin"

    def read_now(self):
        """What is there, without waiting."""
        self.sock.setblocking(False)
        data = b""
        with contextlib.suppress(BlockingIOError):
            while more := self.sock.recv(65536):
                data += more
        self.sock.settimeout(PATIENCE_MS / 1000)
        return data

    def fin(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self, noticed_in=("Establ", "FinWait")):
        """Closes; returns once the chip has seen it, in states that show."""
        slot = self.slot()
        was = self.dev.states()[slot] if slot is not None else None
        self.sock.close()
        if slot is not None and was in noticed_in:
            self.dev.wait(f"slot{slot}!={was}")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.close(("SynRecv", "Establ", "FinWait", "ClsWait"))


def holds_within(seconds, condition):
    """Whether `condition()` becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
