"""A well device with few sockets, for tests with crowds: it takes its time for
every page, counts what it has not finished with, and stays silent to requests
that it does not like."""
import contextlib
import socket
import threading
import time

TCP_CLOSE = 7
PAGES = {
    b"/short": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"/long": b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" +
              b"x" * 300000,
    b"/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                 b"1000\r\n" + b"y" * 4096 + b"\r\n0\r\n\r\n",
    b"/slow": b"HTTP/1.0 200 OK\r\n\r\nslow",
    b"/huge": b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" +
              b"z" * 10000000,
    b"/events": b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
}
CLOSES = (b"/long", b"/slow")
TIMES_S = {b"/slow": 0.2}
TIME_S = 0.05


def is_open(sock):
    """Has the device still to do with it? Not once it was reset."""
    with contextlib.suppress(OSError):
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                               1)[0] != TCP_CLOSE
    return False


class CrowdDevice:
    def __init__(self, time_s=TIME_S):
        self.time_s = time_s
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.socks = set()
        self.most = 0
        self.longest_s = 0
        self.seen = {}
        self.empty = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock = self.listener.accept()[0]
                with self.lock:
                    self.socks.add(sock)
                    now = sum(is_open(s) for s in self.socks)
                    self.most = max(self.most, now)
                threading.Thread(target=self._serve, args=(sock,),
                                 daemon=True).start()

    def _serve(self, sock):
        began = time.monotonic()
        with contextlib.suppress(OSError):
            sock.settimeout(60)
            self._answer(sock)
        with self.lock:
            self.socks.discard(sock)
            self.longest_s = max(self.longest_s, time.monotonic() - began)
        sock.close()

    def _answer(self, sock):
        got = b""
        while b"\r\n\r\n" not in got:
            piece = sock.recv(65536)
            if not piece:
                self.empty += not got
                return
            got += piece
            if b"\n\n" in got:
                self._stay(sock)  # silence: bare LF is not its line end
                return
        line = got.split(b"\r\n", 1)[0].split(b" ")
        path = line[1].split(b"?")[0]
        with self.lock:
            self.seen[path] = self.seen.get(path, 0) + 1
        if line[0] != b"GET" and not self._read_body(sock, got):
            self._stay(sock)
            return
        if path == b"/silent" or (line[0] == b"GET" and b"-Length" in got):
            self._stay(sock)
            return
        time.sleep(TIMES_S.get(path, self.time_s))  # the device works
        sock.sendall(PAGES.get(path, PAGES[b"/short"]))
        if path not in CLOSES:
            self._stay(sock)

    @staticmethod
    def _read_body(sock, got):
        """False: a method it does not know."""
        if not got.startswith(b"POST "):
            return False
        head, body = got.split(b"\r\n\r\n", 1)
        left = int(head.lower().split(b"length: ")[1].split(b"\r\n")[0])
        left -= len(body)
        while left > 0:
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError
            left -= len(piece)
        return True

    @staticmethod
    def _stay(sock):
        while sock.recv(65536):
            pass

    def stop(self):
        self.listener.close()
