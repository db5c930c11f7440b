"""What the tests of the stand-ins share: a running one, and plain clients."""
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time

from rig import check, tmpdir

DEVICES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../contrib/devices")
PATIENCE_S = 30


class Stand:
    """A stand-in as a process, with its control socket. Starts it itself: a
    device, not the proxy; its name is in the ready line."""

    _count = 0

    def __init__(self, name, *args):
        Stand._count += 1
        path = os.path.join(tmpdir(), "stand%d" % Stand._count)
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(DEVICES, name + ".py"),
             "--control", path, *map(str, args)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.end)
        ready = self.process.stderr.readline()
        check(ready.startswith(name + ": ready on "), "no ready line:", ready)
        host, port = ready.split()[-1].rsplit(":", 1)
        self.address = (host, int(port))
        self.url = "http://%s:%s" % (host, port)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.connect(path)
        self.answers = self.control.makefile("r")

    def command(self, line):
        self.control.sendall(line.encode() + b"\n")
        return json.loads(self.answers.readline())

    def stat(self, key=None):
        stat = self.command("stat")
        return stat if key is None else stat[key]

    def wait(self, *conditions):
        for c in conditions:
            check(self.command(f"wait {c} {PATIENCE_S * 1000}")["ok"], "never",
                  c, self.stat())

    def set(self, option, value):
        check(self.command(f"set {option} {value}")["ok"], option)

    def end(self):
        """The counters it prints at its end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            out, _ = self.process.communicate(timeout=PATIENCE_S)
            return json.loads(out)
        return None

    def connect(self, data=b""):
        sock = socket.create_connection(self.address, PATIENCE_S)
        sock.sendall(data)
        return sock


def request(path, method="GET", fields="", body=b""):
    return (f"{method} {path} HTTP/1.1\r\nHost: d\r\n{fields}\r\n".encode() +
            body)


def read_until(sock, end, seconds=PATIENCE_S):
    """What comes up to `end`, which must come."""
    data = b""
    sock.settimeout(seconds)
    while end not in data:
        more = sock.recv(65536)
        check(more, "an end before", end, "after", data[-200:])
        data += more
    return data


def read_to_end(sock):
    """All that comes, and how it ends: "fin" or "reset"."""
    data = b""
    sock.settimeout(PATIENCE_S)
    try:
        while more := sock.recv(65536):
            data += more
    except ConnectionResetError:
        return data, "reset"
    return data, "fin"


def ends_by_reset(address):
    """Whether a connection is refused, or reset before it says anything."""
    try:
        with socket.create_connection(address, PATIENCE_S) as sock:
            return read_to_end(sock)[1] == "reset"
    except OSError:
        return True


def says_nothing(sock, seconds=0.3):
    """Whether nothing comes for so long."""
    sock.settimeout(seconds)
    try:
        return sock.recv(1, socket.MSG_PEEK) is None
    except TimeoutError:
        return True
    finally:
        sock.settimeout(PATIENCE_S)


def curl(*args):
    """Status, body and errors; the test skips where there is no curl."""
    try:
        done = subprocess.run(["curl", "-sS", "-m", str(PATIENCE_S), "-w",
                               "%{stderr}%{http_code}", *args],
                              capture_output=True, check=False)
    except FileNotFoundError:
        print("curl is not installed")
        sys.exit(77)
    return done.stderr[-3:].decode(), done.stdout, done.returncode


def seconds_of(function, *args):
    began = time.monotonic()
    result = function(*args)
    return result, time.monotonic() - began
