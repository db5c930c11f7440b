"""The two endpoints of one connection, what they see of it, and when all that
was going to happen has happened.

Every call is nonblocking and its outcome is recorded whole. Whether a proxy
stands between the two endpoints is known only to whoever opened them.
"""
import errno
import os
import select
import socket
import time

from peer import reset
from sequence import CLOSED, LETTERS, SIDES

OPEN_S, REST_S = 10, 30
LOOK_EVERY_S = 30e-6
BARRIERS = 3
# A wait that ends sooner than this is a pause within some work.
NEAR_MS = 500
EPOLL_WAITS = ("232", "281") if os.uname().machine == "x86_64" else ("22",)
RECEIVE_LETTERS = 10
BITS = {select.POLLIN: "IN", select.POLLPRI: "PRI", select.POLLOUT: "OUT",
        select.POLLERR: "ERR", select.POLLHUP: "HUP",
        select.POLLRDHUP: "RDHUP"}
ASKED = select.POLLIN | select.POLLOUT | select.POLLRDHUP | select.POLLPRI


class Pair:
    """A letter stands for `letter_bytes` of the wire: 1, or enough to make a
    proxy read or send more than once. All that one side sends has to fit into
    the other's receive buffer: what a stopped reader leaves queued differs."""

    def __init__(self, way, letter_bytes):
        self.letter_bytes = letter_bytes
        self.sent = dict.fromkeys(SIDES, 0)
        client = socket.create_connection(way.to, OPEN_S)
        self.open = {"c": client, "s": way.listener.accept()[0]}
        for sock in self.open.values():
            sock.setblocking(False)
            # Or a second small send waited for an acknowledgement: that would
            # be a clock, not a condition.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def act(self, action):
        """Does one action; what it returned."""
        side, verb = action.split(":")
        try:
            return str(getattr(self, verb)(side))
        except OSError as error:
            return errno.errorcode[error.errno]

    def snd(self, side):
        """Three letters that say which send of which side they are."""
        first = ord("a" if side == "c" else "A") + self.sent[side] * LETTERS
        data = b"".join(bytes([first + n]) * self.letter_bytes
                        for n in range(LETTERS))
        taken = self.open[side].send(data) // self.letter_bytes
        self.sent[side] += 1
        return taken

    def rcv(self, side):
        """A letter whose bytes are not all there, or not the same, is a
        "?"."""
        size = self.letter_bytes
        data = self.open[side].recv(RECEIVE_LETTERS * size)
        parts = (data[at:at + size] for at in range(0, len(data), size))
        letters = "".join(part[:1].decode() if part == part[:1] * size else "?"
                          for part in parts)
        return '"%s"' % letters if letters else "end"

    def shw(self, side):
        self.open[side].shutdown(socket.SHUT_WR)
        return 0

    def clo(self, side):
        self.open.pop(side).close()
        return 0

    def rst(self, side):
        reset(self.open.pop(side))
        return 0

    def poll(self, side):
        if side not in self.open:
            return CLOSED
        poll = select.poll()
        poll.register(self.open[side], ASKED)
        mask = dict(poll.poll(0)).get(self.open[side].fileno(), 0)
        return {name for bit, name in BITS.items() if mask & bit}

    def last_look(self):
        """poll() of both sides, then all bytes left, then SO_ERROR."""
        seen = {"end %s poll" % side: self.poll(side) for side in SIDES}
        for side, sock in self.open.items():
            seen["end %s left" % side] = self.drain(side)
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            seen["end %s error" % side] = errno.errorcode.get(error, "-")
        return seen

    def drain(self, side):
        left = [self.act(side + ":rcv")]
        while left[-1][0] == '"':
            left.append(self.act(side + ":rcv"))
        return " ".join(left)

    def drop(self):
        """With resets, so that nothing lingers in the kernel."""
        for side in list(self.open):
            self.rst(side)


class Process:
    """One of the proxy's: does it sleep, and how long has it run?"""

    def __init__(self, pid):
        self.call, self.schedstat = (
            os.open("/proc/%d/%s" % (pid, name), os.O_RDONLY | os.O_CLOEXEC)
            for name in ("syscall", "schedstat"))

    def sleeps(self):
        """And not in a wait that will soon end by itself?"""
        words = os.pread(self.call, 256, 0).decode().split()
        if len(words) < 5 or words[0] == "-1":
            return False
        timeout_ms = int(words[4], 16) & 0xffffffff
        return words[0] not in EPOLL_WAITS or timeout_ms >= NEAR_MS

    def run_time(self):
        """Unchanged means that not one instruction ran."""
        return os.pread(self.schedstat, 64, 0).split()[0]


class Rest:
    """Has everything that was going to happen happened? A condition, not a
    time. Everything runs on one processor, whose loopback queue is first in,
    first out: a datagram sent to ourselves and received again proves that
    every packet sent before it has been delivered. Packets may be answered by
    packets, but TCP answers no answer, so three such rounds flush whatever one
    turn began. The proxy is at rest when it sleeps in a wait with no near
    deadline both before and after such rounds and has not run in between."""

    def __init__(self):
        self.processes = []
        self.datagrams = socket.socket(type=socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.datagrams.connect(self.datagrams.getsockname())
        self.datagrams.settimeout(REST_S)

    def barriers(self):
        for _ in range(BARRIERS):
            self.datagrams.send(b"0")
            self.datagrams.recv(1)

    def times(self):
        """None: not all of them sleep."""
        if all(process.sleeps() for process in self.processes):
            return [process.run_time() for process in self.processes]
        return None

    def is_now(self):
        before = self.times()
        if before is None:
            return False
        self.barriers()
        return self.times() == before

    def wait(self):
        end = time.monotonic() + REST_S
        while not self.is_now():
            assert time.monotonic() < end, "it does not come to rest"
            time.sleep(LOOK_EVERY_S)  # the moment between two looks
