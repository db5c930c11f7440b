"""What the stand-ins share: sockets, slots, counters, a control socket.

A stand-in is a small server that behaves as one kind of device does, and
misbehaves as its owners report. It serves each connection in a thread of its
own, bears a fixed number of them, and meets what comes beyond that in one of
four ways (--beyond):

  rst    accepted, and reset at once
  wait   left in the backlog until a slot is free
  kick   the oldest connection is reset, the new one is served
  fin    accepted, and closed politely

It prints `NAME: ready on ADDR:PORT` on standard error, and at its end, on
TERM or INT, its counters as one line of JSON on standard output. A control
socket (--control PATH) takes one command a line and answers each with a line
of JSON:

  stat                    the counters
  wait NAME>=NUMBER MS    (or = <= != > <; several with commas) until it
                          holds, or an error
  set OPTION NUMBER       changes an option of the stand-in

Counters that all have: conns, active, max_active, turned_away, and silent
(connections that ended without a byte).
"""
import argparse
import contextlib
import json
import operator
import os
import re
import signal
import socket
import struct
import sys
import threading
import time

OPERATORS = {">=": operator.ge, "<=": operator.le, "!=": operator.ne,
             "=": operator.eq, ">": operator.gt, "<": operator.lt}
RECV_BYTES = 4096
TCP_CLOSE, TCP_CLOSE_WAIT = 7, 8
LEAVING_SECONDS = 10


class Gone(Exception):
    """The peer has ended the connection, or nothing came for too long."""


class Late(Gone):
    """Nothing came in time."""


class Connection:
    """One accepted connection, read and written with deadlines."""

    def __init__(self, sock, number):
        self.sock = sock
        self.number = number
        self.buffer = b""
        self.received = 0

    def _recv(self, timeout, most=RECV_BYTES):
        self.sock.settimeout(timeout)
        try:
            data = self.sock.recv(most)
        except (TimeoutError, BlockingIOError):
            raise Late("nothing came") from None
        except OSError as e:
            raise Gone(str(e)) from None
        self.received += len(data)
        return data

    def take(self, timeout=None, most=RECV_BYTES):
        """What is there or comes next; b"" at the peer's FIN."""
        if self.buffer:
            data, self.buffer = self.buffer[:most], self.buffer[most:]
            return data
        return self._recv(timeout, most)

    def take_until(self, ends, timeout=None, limit=65536):
        """Up to and with the first of `ends`; raises Gone at the FIN."""
        while True:
            found = [self.buffer.index(e) + len(e) for e in ends
                     if e in self.buffer]
            if found:
                data = self.buffer[:min(found)]
                self.buffer = self.buffer[min(found):]
                return data
            if len(self.buffer) > limit:
                raise Gone("too much without an end")
            data = self._recv(timeout)
            if not data:
                raise Gone("FIN")
            self.buffer += data

    def take_exactly(self, count, timeout=None):
        while len(self.buffer) < count:
            data = self._recv(timeout)
            if not data:
                raise Gone("FIN")
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def is_gone(self, seconds=0):
        """Whether the peer ends within so long; what it says is forgotten."""
        end = time.monotonic() + seconds
        try:
            while True:
                if self._recv(max(0, end - time.monotonic())) == b"":
                    return True
        except Late:
            return False
        except Gone:
            return True

    def send(self, data, timeout=None):
        self.sock.settimeout(timeout)
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Gone(str(e)) from None

    def fin(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Only the kernel's part: the thread that reads it finds it gone."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
            self.sock.shutdown(socket.SHUT_RD)


def number(kind, least=0):
    """A type of argparse: what is not below `least`, and is finite."""
    def parse(text):
        value = kind(text)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(
                "%s: expected %d or more" % (text, least))
        return value
    parse.__name__ = kind.__name__
    return parse


def bind(sock, address, text):
    """Or says why not, and ends the program."""
    try:
        sock.bind(address)
    except OSError as e:
        print("%s: %s: %s" % (os.path.basename(sys.argv[0]), text, e.strerror),
              file=sys.stderr)
        sys.exit(71)


class StandIn:
    """Subclasses name themselves, their options and counters, and serve()."""

    name = "standin"
    help = ""
    sockets = 1
    beyond = "rst"
    backlog = 5
    window = 0  # SO_RCVBUF of accepted connections; 0: the kernel's
    ends_at_fin = False  # a peer's FIN frees its slot, as its reset does
    gap = 0.0   # seconds without accepting after a connection's end
    options = ()  # (flag, default, help); the default's type is the value's
    counters = ()

    def __init__(self, argv=None):
        self.o = self._parse(argv)
        self.changed = threading.Condition()
        self.stat = dict.fromkeys(
            ("conns", "active", "max_active", "turned_away", "silent",
             *self.counters), 0)
        self.open = []
        self.free_at = 0.0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.o.window:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                     self.o.window)
        bind(self.listener, self.o.listen, "%s:%d" % self.o.listen)
        self.listener.listen(self.backlog)

    def serve(self, conn):
        raise NotImplementedError

    # ---- counters ----

    def count(self, name, by=1):
        with self.changed:
            self.stat[name] += by
            self.changed.notify_all()

    # ---- connections ----

    def _begin(self, sock):
        with self.changed:
            self.stat["conns"] += 1
            self.stat["active"] += 1
            self.stat["max_active"] = max(self.stat["max_active"],
                                          self.stat["active"])
            conn = Connection(sock, self.stat["conns"])
            self.open.append(conn)
            self.changed.notify_all()
        return conn

    def _end(self, conn):
        with self.changed:
            conn.sock.close()
            self.open.remove(conn)
            self.stat["active"] -= 1
            self.stat["silent"] += conn.received == 0
            self.free_at = time.monotonic() + self.o.gap
            self.changed.notify_all()

    def _run(self, conn):
        try:
            self.serve(conn)
        except Gone:
            pass
        finally:
            self._end(conn)

    def _is_full(self):
        return (self.stat["active"] >= self.o.sockets or
                time.monotonic() < self.free_at)

    def _is_leaving(self, conn):
        """Whether its slot is as good as free: the peer is known to be gone,
        only the thread has not run yet."""
        state = conn.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state == TCP_CLOSE or (self.ends_at_fin and
                                      state == TCP_CLOSE_WAIT)

    def _is_full_for_good(self):
        """A device sees a reset before the SYN behind it; so do we."""
        with self.changed:
            self.changed.wait_for(
                lambda: not self._is_full() or
                not any(map(self._is_leaving, self.open)), LEAVING_SECONDS)
            return self._is_full()

    def _turn_away(self, sock):
        self.count("turned_away")
        if self.o.beyond == "rst":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        sock.close()

    def _make_room(self):
        """The oldest connection is reset; waits until its thread is done."""
        with self.changed:
            self.stat["turned_away"] += 1
            self.open[0].reset()
            self.changed.wait_for(lambda: not self._is_full(), 10)

    def _accept_one(self):
        if self.o.beyond == "wait":
            with self.changed:
                while self._is_full():
                    self.changed.wait(0.05)
        sock, _ = self.listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        is_full = self.o.beyond != "wait" and self._is_full_for_good()
        if is_full and self.o.beyond == "kick":
            self._make_room()
        elif is_full:
            self._turn_away(sock)
            return
        threading.Thread(target=self._run, args=(self._begin(sock),),
                         daemon=True).start()

    # ---- control ----

    def _wait(self, conditions, ms):
        wanted = [re.fullmatch(r"(\w+)(>=|<=|!=|=|>|<)(-?\d+)", c).groups()
                  for c in conditions.split(",")]
        with self.changed:
            return self.changed.wait_for(
                lambda: all(OPERATORS[op](self.stat[name], int(value))
                            for name, op, value in wanted), int(ms) / 1000)

    def _command(self, words):
        if words[0] == "stat":
            return dict(self.stat)
        if words[0] == "wait":
            return {"ok": self._wait(*words[1:])}
        if words[0] == "set":
            old = getattr(self.o, words[1].replace("-", "_"))
            setattr(self.o, words[1].replace("-", "_"), type(old)(words[2]))
            return {"ok": True}
        raise KeyError(words[0])

    def _control_client(self, sock):
        with sock, sock.makefile("r") as lines:
            for line in lines:
                try:
                    answer = self._command(line.split())
                except (KeyError, ValueError, AttributeError, IndexError,
                        TypeError) as e:
                    answer = {"ok": False, "error": repr(e)}
                sock.sendall(json.dumps(answer).encode() + b"\n")

    def _control(self, listener):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self._control_client, args=(sock,),
                             daemon=True).start()

    # ---- the program ----

    def _parse(self, argv):
        p = argparse.ArgumentParser(prog=self.name, description=self.help)
        p.add_argument("--listen", default="127.0.0.1:0",
                       help="ADDRESS:PORT (127.0.0.1:0)")
        p.add_argument("--control", help="Unix socket for commands")
        p.add_argument("--sockets", type=number(int, 1), default=self.sockets,
                       help="connections at a time (%(default)s)")
        p.add_argument("--beyond", default=self.beyond,
                       choices=("rst", "wait", "kick", "fin"),
                       help="what meets the next one (%(default)s)")
        p.add_argument("--window", type=number(int), default=self.window,
                       help="receive buffer, bytes; 0: the kernel's")
        p.add_argument("--gap", type=number(float), default=self.gap,
                       help="seconds before the next connection is taken")
        for flag, default, text in self.options:
            kind = type(default)
            p.add_argument("--" + flag, default=default,
                           type=kind if kind is str else number(kind),
                           help=text + " (%(default)s)")
        o = p.parse_args(argv)
        host, _, port = o.listen.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            p.error("--listen: expected ADDRESS:PORT")
        o.listen = (host, int(port))
        return o

    def _accept(self):
        while True:
            self._accept_one()

    def main(self):
        signals = {signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        if self.o.control:
            control = socket.socket(socket.AF_UNIX)
            bind(control, self.o.control, self.o.control)
            control.listen()
            threading.Thread(target=self._control, args=(control,),
                             daemon=True).start()
        threading.Thread(target=self._accept, daemon=True).start()
        print("%s: ready on %s:%d" % (self.name,
                                      *self.listener.getsockname()),
              file=sys.stderr, flush=True)
        signal.sigwait(signals)
        if self.o.control:
            os.unlink(self.o.control)
        print(json.dumps(self.stat), flush=True)
        os._exit(0)
