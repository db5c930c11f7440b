"""A stand for tests of the protection: a proxy, a device and clients, each under
the test's hand. Real sockets, kernel-chosen ports; every wait has a deadline.
"""
import concurrent.futures
import contextlib
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time
import traceback

from sallyport import WAIT_S, Started, until

ASK_AGAIN_S = 5  # a log that is not read in time loses lines
IP_BIND_ADDRESS_NO_PORT = 24
REQUEST = b"GET /page HTTP/1.1\r\nHost: proxy\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe page\n"


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Proxy(Started):
    """One process before `device`; its log is read as it comes."""

    def __init__(self, device, *flags, profile="w5500", host="127.0.0.1"):
        super().__init__("--single", "--profile", profile, *flags,
                         "127.0.0.1:0", "%s:%d" % (host, device.port))

    def counters(self):
        """What SIGUSR1 makes it say, as a dictionary of numbers."""
        said = len(self.lines)
        asked_s = time.monotonic() - 2 * ASK_AGAIN_S

        def answer():
            nonlocal asked_s
            if time.monotonic() - asked_s > ASK_AGAIN_S:
                self.signal(signal.SIGUSR1)
                asked_s = time.monotonic()
            return next((c for c in self.lines[said:] if "accepted=" in c),
                        None)
        line = until("the proxy counts", answer)
        return {name: int(number) for name, number in
                re.findall(r"(\w+)=(\d+)", line[line.index("accepted="):])}

    def baseline(self):
        self.base = self.held()

    def back_to_baseline(self):
        """What was opened since is closed again, and nobody is served."""
        until("all is given back", lambda: self.is_at_rest() and
              self.held() == self.base)

    def held(self):
        """Descriptors and sockets, as tests in shell compare them."""
        return subprocess.check_output(
            ["sh", "-c", ". tests/lib/start.sh; descriptors %d" %
             self.process.pid])

    def is_at_rest(self):
        return not any(number for name, number in self.counters().items()
                       if name != "accepted")

    def ends(self):
        """The connections that have ended, as dictionaries of their lines."""
        return [dict(field.split("=", 1) for field in line.split())
                for line in list(self.lines)
                if re.match(r"time=\S+ client=", line)]

    def end_of(self, client):
        """The end of `client`, once it has come."""
        return until("the line of " + client.name, lambda: next(
            (e for e in self.ends() if e["client"] == client.name), None))

    def worker(self):
        """The process that serves: the last child, if there is any."""
        return self.pids()[-1]

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def signal(self, number):
        self.process.send_signal(number)


def bound():
    """A socket that keeps a port for whoever is told of it to listen on: the
    kernel gives it to no other."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    return sock


class Device:
    """A listening device that does only what it is told. Its port stays its
    own when it has stopped."""

    def __init__(self, backlog=64):
        self.bound = bound()
        self.port = self.bound.getsockname()[1]
        self.listen(backlog)

    def listen(self, backlog=64):
        self.listener = socket.create_server(("127.0.0.1", self.port),
                                             backlog=backlog)
        self.listener.settimeout(WAIT_S)

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
    def __init__(self, proxy, data=b"", rcvbuf=0, source="127.0.0.1"):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.sock.bind((source, 0))
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(WAIT_S)
        self.sock.connect(("127.0.0.1", proxy.port))
        self.name = "%s:%d" % self.sock.getsockname()
        self.sock.sendall(data)

    def fin(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        reset(self.sock)

    def ended(self):
        """Has anything come, or the end?"""
        return bool(select.select([self.sock], [], [], 0)[0])

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
    """How the proxy ended a device connection: FIN or RST."""
    try:
        while sock.recv(65536):
            pass
        return "FIN"
    except ConnectionResetError:
        return "RST"


class Scenes:
    """The scenes of one test script. Each is a function of a device and a
    proxy with the scene's own flags; when it has played, the proxy must have
    given back all it took."""

    def __init__(self, *flags, profile="w5500", host="127.0.0.1"):
        self.flags = flags
        self.host = host
        self.profile = profile
        self.all = []

    def scene(self, *flags, profile=None):
        def mark(play):
            self.all.append((play, flags, profile or self.profile))
            return play
        return mark

    def _judge(self, scene):
        play, flags, profile = scene
        device = Device()
        proxy = None
        try:
            proxy = Proxy(device, *self.flags, *flags, profile=profile,
                        host=self.host)
            proxy.baseline()
            play(device, proxy)
            if proxy.process.poll() is None:
                proxy.back_to_baseline()
                proxy.process.terminate()
            status = proxy.process.wait(WAIT_S)
            assert status in (0, -signal.SIGKILL), "it ended with %d" % status
            return None
        except Exception:  # a thread's failure belongs to its scene
            return "%s:\n%s\nthe proxy said:\n%s" % (
                play.__name__, traceback.format_exc(),
                "\n".join(proxy.lines[-12:]) if proxy else "nothing")
        finally:
            if proxy:
                proxy.stop()
            device.stop()

    def main(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            bad = [b for b in pool.map(self._judge, self.all) if b]
        print("\n".join(bad))
        print("%d scenes, %d wrong" % (len(self.all), len(bad)))
        return 1 if bad else 0
