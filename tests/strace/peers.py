"""The client and the device, as the driver plays them.

A Stage is one run: the door, the sockets, and the gate. Acts (connect, send,
shut, close, reset) go through the gate; looks (expect, ended) wait for what
the door must bring, with a deadline. Inside `with stage.at_once():` all acts
belong together: pile-up lets them land in one batch, lock-step one by one.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import struct

import diag
from door import DEADLINE_S, Door, Stall, acknowledge, arrived, until

LINGER_RESET = struct.pack('ii', 1, 0)


def pattern(name, size):
    """Self-describing bytes: every 16 of them say who and where."""
    lines = (f'{name:>4s} {at:010d}\n' for at in range(0, size + 16, 16))
    return ''.join(lines).encode()[:size]


class Peer:
    """One end of a connection with the door."""

    def __init__(self, stage, sock, born_dead=False):
        self.stage, self.sock = stage, sock
        self.born_dead = born_dead      # reset while it was connecting
        sock.setblocking(False)

    def _ready(self, what, events):
        poll = select.poll()
        poll.register(self.sock, events)
        if not poll.poll(self.stage.deadline_s * 1000):
            raise Stall(what)

    def send(self, data, woken=True):
        with self.stage.act(woken):
            view = memoryview(data)
            while view:
                self._ready('cannot send', select.POLLOUT)
                view = view[self.sock.send(view):]

    def shut(self, woken=True):
        with self.stage.act(woken):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self, woken=True):
        """FIN first, the descriptor when it has arrived: after a close
        nothing would tell."""
        with self.stage.act(woken):
            try:
                self.sock.shutdown(socket.SHUT_WR)
                if self.stage.gate:
                    until('FIN under way', lambda: arrived(self.sock))
            except OSError as e:
                if e.errno != errno.ENOTCONN:
                    raise
            self.sock.close()

    def reset(self, woken=True):
        with self.stage.act(woken):
            here, there = self.sock.getsockname(), self.sock.getpeername()
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 LINGER_RESET)
            self.sock.close()
            if self.stage.gate:
                until('RST under way', lambda: not diag.exists(there, here))

    def receive(self, most):
        self._ready(f'no bytes within {self.stage.deadline_s} s',
                    select.POLLIN)
        return self.sock.recv(most)

    def expect(self, data):
        """Exactly these bytes come next."""
        got = b''
        while len(got) < len(data):
            block = self.receive(len(data) - len(got))
            if not block:
                raise Stall(f'EOF after {len(got)} of {len(data)} bytes')
            got += block
            if got != data[:len(got)]:
                raise Stall('other bytes than were sent')

    def ended(self):
        """The door has sent FIN, and no byte before it."""
        if self.receive(1):
            raise Stall('bytes where EOF was due')

    def was_reset(self):
        if self.born_dead:
            return
        try:
            got = self.receive(1)
        except (ConnectionResetError, BrokenPipeError):
            return
        raise Stall(f'{got!r} where a reset was due')


class Stage:
    """`gate`: lockstep, pileup, or None for none (injected runs)."""

    def __init__(self, gate, directory, settings=(), inject=(),
                 deadline_s=DEADLINE_S, listening=True, backlog=64,
                 grow_limit=None):
        self.gate, self.directory = gate, directory
        self.deadline_s = deadline_s
        self.together = False
        self.peers, self.streams = [], {}
        self.device = socket.socket()
        self.device.bind(('127.0.0.1', 0))
        if listening:
            self.device.listen(backlog)
        self.device.setblocking(False)
        self.door = None
        try:
            self.door = Door(settings, self.device.getsockname()[1],
                             os.path.join(directory, 'trace'), inject,
                             grow_limit)
        except BaseException:
            self.finish()
            raise

    def stream(self, name, data):
        self.streams[name] = data
        return data

    def finish(self):
        for peer in self.peers:
            peer.sock.close()
        self.device.close()
        if self.door:
            self.door.kill()

    # -- acts and their gate

    def _sockets(self):
        return [p.sock for p in self.peers]

    @contextlib.contextmanager
    def act(self, woken=True):
        if self.gate:
            self._acknowledge()
        yield
        if self.gate == 'lockstep' or (self.gate and not self.together):
            self.door.settle(self._sockets(), woken)

    @contextlib.contextmanager
    def at_once(self, settle=True):
        if self.gate != 'pileup':
            yield
            return
        self._acknowledge()
        self.door.hold()
        self.together = True
        try:
            yield
            until('bytes under way', self._all_arrived)
        finally:
            self.together = False
            self.door.release()
        if settle:
            self.door.settle(self._sockets())

    def alone(self, act, *arguments):
        """An act that no gate watches over."""
        gate, self.gate = self.gate, None
        act(*arguments)
        self.gate = gate

    def _acknowledge(self):
        for sock in self._sockets():
            acknowledge(sock)

    def _all_arrived(self):
        return all(map(arrived, self._sockets()))

    def terminate(self):
        with self.act():
            self.door.signal(signal.SIGTERM)

    def wait_for_door(self):
        """After something that happened by itself, such as a timer."""
        if self.gate:
            self.door.settle(self._sockets())

    # -- who is there

    def _add(self, sock, born_dead=False):
        peer = Peer(self, sock, born_dead)
        self.peers.append(peer)
        return peer

    def client(self, woken=True, receive_bytes=None):
        with self.act(woken):
            sock = socket.socket()
            if receive_bytes:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                receive_bytes)
            sock.settimeout(self.deadline_s)
            error = sock.connect_ex(self.door.front)
            if error not in (0, errno.ECONNRESET):
                sock.close()
                raise Stall('the door does not accept')
            peer = self._add(sock, error != 0)
        return peer

    def accepted(self):
        """The device's end of the door's next connection."""
        poll = select.poll()
        poll.register(self.device, select.POLLIN)
        if not poll.poll(self.deadline_s * 1000):
            raise Stall('the door does not dial')
        return self._add(self.device.accept()[0])
