"""A stand for the tests: a proxy, a device and clients, each under the test's
hand. Real sockets, kernel-chosen ports; every wait has a deadline.
"""
import concurrent.futures
import contextlib
import re
import resource
import select
import signal
import socket
import struct
import sys
import time
import traceback

from sallyport import (WAIT_S, Started, address_of, assert_idle, descriptors,
                       sockets, until)

ASK_AGAIN_S = 5  # a log that is not read in time loses lines
IP_BIND_ADDRESS_NO_PORT = 24
LULL_S = 0.3
NUMBER = struct.Struct("=I")
PERIOD = 251
PATTERN = bytes(i % PERIOD for i in range(PERIOD + 65536))
REQUEST = b"GET /page HTTP/1.1\r\nHost: proxy\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthe page\n"


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


class Peer(socket.socket):
    """One end of a connection, which checks what it meets. A reset that connect
    or a send meets is left for the receiver to find."""
    sent = received = 0  # of the pattern
    was_reset = False

    def say(self, data):
        try:
            self.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            self.was_reset = True
        return self

    def piece(self, most=65536):
        """What comes next; nothing at the end. ConnectionResetError:
        a reset."""
        data = self.recv(most)
        if not data and self.was_reset:
            raise ConnectionResetError
        return data

    def expect(self, data):
        """The next bytes are exactly these."""
        at = 0
        while at < len(data):
            piece = self.piece(len(data) - at)
            assert piece, "the end instead of %r" % data[at:]
            assert data.startswith(piece, at), "%r instead of %r" % (
                piece, data[at:])
            at += len(piece)
        return self

    def read(self, count):
        """The next `count` bytes."""
        data = b""
        while len(data) < count:
            piece = self.piece(count - len(data))
            assert piece, "the end, after %r" % data[-200:]
            data += piece
        return data

    def read_until(self, end):
        """What comes until `end` has come, and what came with it."""
        data = b""
        while end not in data:
            piece = self.piece()
            assert piece, "the end before %r, after %r" % (end, data[-200:])
            data += piece
        return data

    def expect_only(self, data):
        """The next bytes are exactly these, and none has come behind them."""
        self.expect(data)
        if self.ended():
            more = self.recv(99, socket.MSG_PEEK)
            assert not more, "%r behind %r" % (more, data[-99:])
        return self

    def put(self, count):
        """Sends the next `count` bytes of an endless pattern."""
        while count:
            start, size = self.sent % PERIOD, min(count, 65536)
            self.say(PATTERN[start:start + size])
            self.sent += size
            count -= size
        return self

    def get(self, count):
        """The next `count` bytes are those of the pattern."""
        while count:
            piece = self.piece(min(count, 65536))
            assert piece, "the end, and %d bytes are missing" % count
            start = self.received % PERIOD
            assert piece == PATTERN[start:start + len(piece)], "other bytes"
            self.received += len(piece)
            count -= len(piece)
        return self

    def fill(self):
        """Sends the pattern until the other side takes no more."""
        self.setblocking(False)
        while select.select([], [self], [], LULL_S)[1]:
            start = self.sent % PERIOD
            with contextlib.suppress(BlockingIOError):
                self.sent += self.send(PATTERN[start:start + 65536])
        self.settimeout(WAIT_S)
        return self

    def drain(self):
        """How many bytes come, and the end: EOF or RST."""
        count = 0
        try:
            while piece := self.piece():
                count += len(piece)
        except ConnectionResetError:
            return count, "RST"
        return count, "EOF"

    def ends(self, how="EOF"):
        """Nothing comes but this end."""
        had = self.drain()
        assert had == (0, how), "%d bytes, then %s" % had
        return self

    def quiet(self, within_s):
        assert not select.select([self], [], [], within_s)[0], "something came"
        return self

    def ended(self):
        """Has anything come, or the end?"""
        return bool(select.select([self], [], [], 0)[0])

    def answer(self, reply=PAGE):
        """All that a device has to say, and its end."""
        self.sendall(reply)
        self.close()

    def fin(self):
        self.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        reset(self)


class Proxy(Started):
    """A proxy before `device`, a Device or an address; or None: a file among
    the flags says all. One process, unless `single` is False: a keeper with
    its worker."""

    def __init__(self, device, *flags, profile="w5500", host="127.0.0.1",
                 listen="127.0.0.1:0", single=True, **options):
        self.protects = device
        if not isinstance(device, (str, type(None))):
            device = "%s:%d" % (host, device.port)
        if device:
            flags = "--profile", profile, *flags, listen, device
        super().__init__(*["--single"] * single, *flags, **options)
        self.device = device

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

    def counts(self, **numbers):
        """Waits until its counters are these."""
        until("it counts %s" % numbers, lambda:
              numbers.items() <= self.counters().items())

    def exchange(self, request=REQUEST, **how):
        """A client, and the device's side, which has read its request."""
        return Client(self, request, **how), self.protects.take_request()

    def serves(self, request=REQUEST, **how):
        """Who asks now gets the page."""
        client = Client(self, request, **how)
        self.protects.serve_page()
        return client.gets("200")

    def admin(self):
        """The address of its page, once it is there."""
        return re.search("admin on ([0-9.:]+)", self.says("admin on "))[1]

    def reload(self):
        said = len(self.lines)
        self.signal(signal.SIGHUP)
        self.says("settings loaded", since=said)

    def baseline(self):
        self.base = descriptors(self.pid)

    def back_to_baseline(self):
        """What was opened since is closed again, and nobody is served."""
        until("all is given back", lambda: self.is_at_rest() and
              descriptors(self.pid) == self.base)

    def is_at_rest(self):
        return not any(number for name, number in self.counters().items()
                       if name != "accepted")

    def assert_idle(self, what):
        assert_idle(self.worker(), what)

    def states(self, field, address):
        return [each["state"] for each in sockets(self.worker())
                if each.get(field) == address and each["state"] != "LISTEN"]

    def to_client(self):
        """The states of its sockets towards clients."""
        return self.states("local", self.listen)

    def to_device(self):
        return self.states("peer", self.device)

    def ends(self):
        """The connections that have ended, as dictionaries of their lines."""
        return [dict(field.split("=", 1) for field in line.split())
                for line in list(self.lines)
                if re.match(r"time=\S+ client=", line)]

    def end_of(self, client, **fields):
        """The end of `client`, once it has come; it has these fields."""
        end = until("the line of " + client.name, lambda: next(
            (e for e in self.ends() if e["client"] == client.name), None))
        assert fields.items() <= end.items(), (fields, end)
        return end

    def logged(self, count, pattern):
        """So many connections' lines match, soon; returns the last's fields."""
        line = self.says(pattern, count)
        had = len(self.matching(pattern))
        assert had == count, "%d lines with %r, not %d" % (had, pattern, count)
        return dict(re.findall(r"(\S+?)=(\S*)", line))

    def refuses(self):
        """Nobody listens any more."""
        try:
            Client(self).close()
        except ConnectionRefusedError:
            return True
        return False

    def descriptors(self):
        return len(descriptors(self.pid)[0])


def bound(host="127.0.0.1"):
    """A socket that keeps a port for whoever is told of it to listen on: the
    kernel gives it to no other."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, 0))
    return sock


class Device:
    """A listening device that does only what it is told. Its port stays its
    own when it has stopped. With a backlog of None it refuses until its
    listen()."""

    def __init__(self, backlog=64, host="127.0.0.1"):
        self.bound = bound(host)
        self.address = self.host, self.port = self.bound.getsockname()[:2]
        self.name = ("[%s]:%d" if ":" in host else "%s:%d") % self.address
        self.listener = None
        if backlog is not None:
            self.listen(backlog)

    def listen(self, backlog=64):
        def listener():  # not while the kernel still ends what it ended last
            with contextlib.suppress(OSError):
                return socket.create_server(
                    self.address, family=self.bound.family, backlog=backlog)
        self.listener = until("the port is free", listener)
        self.listener.settimeout(WAIT_S)

    def accept(self):
        sock = Peer(fileno=self.listener.accept()[0].detach())
        sock.settimeout(WAIT_S)
        return sock

    def take_request(self):
        """The next connection, its request read."""
        sock = self.accept()
        sock.read_until(b"\r\n\r\n")
        return sock

    def serve_page(self, page=PAGE):
        self.take_request().answer(page)

    def nobody_waits(self):
        return not select.select([self.listener], [], [], 0)[0]

    def fill_backlog(self):
        """Lets no further connection be established; returns who fills it."""
        fillers = []
        while True:
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex((self.host, self.port))
            fillers.append(sock)
            if not select.select([], [sock], [], 0.05)[1]:
                return fillers

    def stop(self):
        if self.listener:
            self.listener.close()


class Client(Peer):
    """Connects to what has a port, to an address, or to a Unix socket."""

    def __init__(self, proxy, data=b"", rcvbuf=0, source="127.0.0.1"):
        self.proxy = proxy
        address = getattr(proxy, "address", proxy)
        if hasattr(address, "port"):
            address = "127.0.0.1", address.port
        elif isinstance(address, str):
            address = address_of(address)
        if isinstance(address, str):
            super().__init__(socket.AF_UNIX)
        elif ":" in address[0]:
            super().__init__(socket.AF_INET6)
        else:
            super().__init__()
            self.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            self.bind((source, 0))
        if rcvbuf:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.settimeout(WAIT_S)
        try:
            self.connect(address)
        except ConnectionResetError:
            self.was_reset = True
        if self.family == socket.AF_INET:
            self.name = "%s:%d" % self.getsockname()
        self.say(data)

    def outcome(self):
        """What came to the end: a status, EOF or RST; its bytes are in
        `got`."""
        self.got = b""
        try:
            while piece := self.piece():
                self.got += piece
        except ConnectionResetError:
            return "RST"
        with contextlib.suppress(OSError):  # it may have been closed already
            self.fin()
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", self.got)
        return status.group(1).decode() if status else "EOF"

    def gets(self, outcome, **fields):
        """This is its outcome, and its end in the log has these fields."""
        seen = self.outcome()
        assert seen == outcome, (seen, self.got[:999])
        if fields:
            self.proxy.end_of(self, **fields)
        return self


def echoed(proxy, data=b"foo"):
    """A client who gets back what it has sent, and the end."""
    Client(proxy, data).expect(data).fin().ends()


class Crowd(Device):
    """Thousands of clients of `proxy`, and the device behind it, which may be
    dialled in any order: each client tells its number. They end with a reset,
    so that no TIME_WAIT is left behind."""
    AT_ONCE = 64  # as many as wait for the device to accept
    proxy = None

    def __init__(self):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        super().__init__(backlog=4096)
        self.clients, self.socks = [], {}

    def take(self):
        """The device answers the next client with its number."""
        sock = self.accept()
        number = sock.recv(NUMBER.size, socket.MSG_WAITALL)
        self.socks[NUMBER.unpack(number)[0]] = sock.say(number)

    def open(self, count):
        """So many more pairs."""
        while count:
            first, size = len(self.clients), min(count, self.AT_ONCE)
            new = [Client(self.proxy, NUMBER.pack(first + n))
                   for n in range(size)]
            for _ in new:
                self.take()
            for n, client in enumerate(new):
                client.expect(NUMBER.pack(first + n))
            self.clients += new
            count -= size

    def fill(self):
        """Opens pairs until a client is sent away."""
        while True:
            client = Client(self.proxy)
            poll = select.poll()
            poll.register(self.listener, select.POLLIN)
            poll.register(client, select.POLLIN)
            if (self.listener.fileno(), select.POLLIN) not in poll.poll(
                    WAIT_S * 1000):
                break
            number = NUMBER.pack(len(self.clients))
            client.say(number)
            self.take()
            self.clients.append(client.expect(number))
        assert not client.drain()[0]

    def refused(self, count):
        """So many clients are sent away without a byte."""
        for _ in range(count):
            assert not Client(self.proxy).drain()[0]

    def ask(self):
        """The newest client and its device speak again."""
        client, sock = self.clients[-1], self.socks[len(self.clients) - 1]
        client.say(b"ask")
        sock.expect(b"ask").say(b"answer")
        client.expect(b"answer")

    def leave(self, count):
        """The newest clients end, and their devices see it."""
        for _ in range(min(count, len(self.clients))):
            self.clients.pop().reset()
            sock = self.socks.pop(len(self.clients))
            assert not sock.drain()[0]
            sock.close()


class Scenes:
    """The scenes of one test. Each is a function of a device and a proxy with
    the scene's own flags; when it has played, the proxy must have given back
    all it took. Marked twice, it is played twice: what is named is passed on.
    A scene that is `alone` starts what it needs itself."""

    def __init__(self, *flags, profile="w5500", host="127.0.0.1", single=True):
        self.flags = flags
        self.host = host
        self.profile = profile
        self.single = single
        self.all = []

    def scene(self, *flags, profile=None, **case):
        def mark(play):
            self.all.append((play, flags, profile or self.profile, case))
            return play
        return mark

    def alone(self, play):
        self.all.append((play, None, None, None))
        return play

    def _judge(self, scene):
        play, flags, profile, case = scene
        proxy = device = None
        try:
            if profile is None:
                play()
                return None
            device = Device()
            proxy = Proxy(device, *self.flags, *flags, profile=profile,
                          host=self.host, single=self.single)
            proxy.baseline()
            play(device, proxy, **case)
            if not proxy.ended():
                proxy.back_to_baseline()
                proxy.process.terminate()
            status = proxy.process.wait(WAIT_S)
            assert status in (0, -signal.SIGKILL), "it ended with %d" % status
            return None
        except Exception:  # a thread's failure belongs to its scene
            return "%s %s:\n%s\nthe proxy said:\n%s" % (
                play.__name__, case or "", traceback.format_exc(),
                "\n".join(proxy.lines[-12:]) if proxy else "nothing")
        finally:
            if proxy:
                proxy.stop()
            if device:
                device.stop()

    def main(self, at_once=4):
        """Plays all, or those whose names begin with an argument."""
        names = tuple(sys.argv[1:]) or ("",)
        self.all = [s for s in self.all if s[0].__name__.startswith(names)]
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            bad = [b for b in pool.map(self._judge, self.all) if b]
        print("\n".join(bad))
        print("%d scenes, %d wrong" % (len(self.all), len(bad)))
        return 1 if bad else 0
