"""What a proxy stands between, under the test's hand: clients, and a device
that does only what it is told. Real sockets, kernel-chosen ports; every wait
has a deadline.
"""
import contextlib
import re
import resource
import select
import socket
import struct

from sallyport import WAIT_S, address_of, ready, until

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
        while ready(self, events=select.POLLOUT, within_s=LULL_S):
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
        assert not ready(self, within_s=within_s), "something came"
        return self

    def ended(self):
        """Has anything come, or the end?"""
        return bool(ready(self))

    def answer(self, reply=PAGE):
        """All that a device has to say, and its end."""
        self.sendall(reply)
        self.close()

    def fin(self):
        self.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        reset(self)


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
        return not ready(self.listener)

    def has_only(self, sock):
        """Nobody waits beside this connection, unless it has been reset."""
        return self.nobody_waits() or bool(ready(sock, events=0))

    def fill_backlog(self):
        """Lets no further connection be established; returns who fills it.
        TCP_INFO of a listener tells who waits and how many may."""
        fillers = []
        while True:
            waiting, most = struct.unpack_from("II", self.listener.getsockopt(
                socket.IPPROTO_TCP, socket.TCP_INFO, 32), 24)
            if waiting > most:
                return fillers
            fillers.append(socket.create_connection(self.address))

    def stop(self):
        if self.listener:
            with contextlib.suppress(OSError):
                # A child just forked, for another scene, has it still open.
                self.listener.shutdown(socket.SHUT_RDWR)
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
            if self.listener not in ready(self.listener, client,
                                          within_s=WAIT_S):
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
