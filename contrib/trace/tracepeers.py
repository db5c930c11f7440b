"""The client and the device, as the driver plays them.

A Stage is one run: the daemon, the sockets, and the gate. Acts (connect, send,
shut, close, reset) go through the gate; looks (expect, ended) wait for what
the daemon must bring, with a deadline. Inside `with stage.at_once():` all acts
belong together: pile-up lets them land in one batch, lock-step one by one.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import struct
import time

from tracegate import (DEADLINE_S, Corrupt, Ended, Stall, acknowledge,
                       arrived, exists, until)

OWN_ANSWER = (b'HTTP/1.1 4', b'HTTP/1.1 5')
LINGER_RESET = struct.pack('ii', 1, 0)


def pattern(name, size):
    """Self-describing bytes: every 16 of them say who and where."""
    lines = (f'{name:>4s} {at:010d}\n' for at in range(0, size + 16, 16))
    return ''.join(lines).encode()[:size]


class Peer:
    """One end of a connection with the daemon."""

    def __init__(self, stage, sock, born_dead=False):
        self.stage, self.sock = stage, sock
        self.dead = born_dead   # its reset has been seen
        sock.setblocking(False)

    def _ready(self, what, events):
        poll = select.poll()
        poll.register(self.sock, events)
        if not self.stage.wait_on(poll):
            raise Stall(what)

    def send(self, data, woken=True, may_fail=False):
        with self.stage.act(woken):
            try:
                self._send_all(memoryview(data))
            except (ConnectionResetError, BrokenPipeError):
                if not may_fail:
                    raise
                self.dead = True        # an error is reported once

    def _send_all(self, view):
        while view:
            self._ready('cannot send', select.POLLOUT)
            view = view[self.sock.send(view):]

    def fill(self, data):
        """Sends until nobody takes any more; how much that was."""
        sent, idle = 0, 0
        end = time.monotonic() + self.stage.deadline_s
        while sent < len(data) and idle < 3:
            if time.monotonic() > end:
                raise Stall('it neither sleeps nor fills up')
            try:
                sent += self.sock.send(data[sent:sent + 65536])
                idle = 0
            except BlockingIOError:
                idle += self.stage.daemon.asleep()
                time.sleep(0.001)
        return sent

    def stream_to(self, other, data):
        """Sends `data` while `other` takes it: more than buffers hold."""
        left, got = memoryview(data), 0
        poll = select.poll()
        poll.register(other.sock, select.POLLIN)
        while got < len(data):
            poll.register(self.sock, select.POLLOUT if left else 0)
            if not self.stage.wait_on(poll):
                raise Stall(f'{got} of {len(data)} bytes came through')
            if left:
                left = left[self._send_some(left):]
            got = other.take_some(data, got)

    def _send_some(self, data):
        try:
            return self.sock.send(data[:1 << 18])
        except BlockingIOError:
            return 0

    def take_some(self, data, got):
        """Receives what is there; it must go on from data[got]."""
        try:
            block = self.sock.recv(1 << 18)
        except BlockingIOError:
            return got
        if not block:
            raise Ended(f'EOF after {got} of {len(data)} bytes')
        if block != data[got:got + len(block)]:
            raise Corrupt('other bytes than were sent')
        return got + len(block)

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

    def forget(self):
        """Of a connection that has ended only the descriptor is left."""
        self.sock.close()

    def reset(self, woken=True):
        with self.stage.act(woken):
            here, there = self.sock.getsockname(), self.sock.getpeername()
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 LINGER_RESET)
            self.sock.close()
            if self.stage.gate:
                until('RST under way', lambda: not exists(there, here))

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
                raise Ended(f'EOF after {len(got)} of {len(data)} bytes')
            got += block
            if got.startswith(OWN_ANSWER) and not data.startswith(OWN_ANSWER):
                raise Ended('it answers by itself')
            if got != data[:len(got)]:
                raise Corrupt('other bytes than were sent')

    def exactly(self, count):
        """So many bytes, whatever they are."""
        got = b''
        while len(got) < count:
            block = self.receive(count - len(got))
            if not block:
                raise Ended(f'EOF after {len(got)} of {count} bytes')
            got += block
        return got

    def until_end(self):
        """All that comes before FIN."""
        got = b''
        while block := self.receive(4096):
            got += block
        return got

    def answered(self, status):
        """A whole answer of the daemon's own, and then FIN."""
        got = self.until_end()
        if not got:
            raise Ended('FIN without an answer')
        if not got.startswith(OWN_ANSWER):
            raise Corrupt(f'{got[:20]!r} where {status} was due')
        if not got.startswith(f'HTTP/1.1 {status} '.encode()):
            raise Ended(f'{got[:20]!r} where {status} was due')

    def ended(self):
        """The daemon has sent FIN, and no byte before it."""
        if self.receive(1):
            raise Corrupt('bytes where EOF was due')

    def wait_for_end(self):
        """FIN or a reset, no matter which."""
        try:
            if self.receive(1):
                raise Corrupt('bytes where the end was due')
        except (ConnectionResetError, BrokenPipeError):
            pass

    def was_reset(self):
        if self.dead:
            return
        try:
            got = self.receive(1)
        except (ConnectionResetError, BrokenPipeError):
            return
        raise Ended(f'{got!r} where a reset was due')


class Stage:
    """`gate`: lockstep, pileup, or free: none at all."""

    def __init__(self, gate, directory, start, deadline_s=DEADLINE_S,
                 listening=True, backlog=64, buffers=0):
        """`start(device, trace_path)` gives the Daemon."""
        self.gate = None if gate == 'free' else gate
        self.directory = directory
        self.listening = listening
        self.deadline_s = deadline_s
        self.together = False
        self.peers, self.streams = [], {}
        self.worst_s = 0.0              # the longest a look had to wait
        self.device = socket.socket()
        if buffers:
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                self.device.setsockopt(socket.SOL_SOCKET, option, buffers)
        self.device.bind(('127.0.0.1', 0))
        if listening:
            self.device.listen(backlog)
        self.device.setblocking(False)
        self.device_port = self.device.getsockname()[1]
        self.daemon = None
        try:
            self.daemon = start(self.device_port,
                                os.path.join(directory, 'trace'))
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
        if self.daemon:
            self.daemon.kill()

    def wait_on(self, poll):
        start = time.monotonic()
        ready = poll.poll(self.deadline_s * 1000)
        self.worst_s = max(self.worst_s, time.monotonic() - start)
        return ready

    # -- acts and their gate

    def _sockets(self):
        return [p.sock for p in self.peers if p.sock.fileno() >= 0]

    @contextlib.contextmanager
    def act(self, woken=True):
        if self.gate:
            self._acknowledge()
        yield
        if self.together and woken:
            self.daemon.await_poll()
        if self.gate == 'lockstep' or (self.gate and not self.together):
            self.daemon.settle(self._sockets(), woken)

    @contextlib.contextmanager
    def at_once(self, settle=True):
        if self.gate != 'pileup':
            yield
            return
        self._acknowledge()
        self.daemon.hold()
        self.together = True
        try:
            yield
            until('bytes under way', self._all_arrived)
        finally:
            self.together = False
            self.daemon.release()
        if settle:
            self.daemon.settle(self._sockets())

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

    def refuse_silently(self):
        """From now on the device's kernel drops every SYN: its backlog, of
        length zero, holds this one connection."""
        sock = socket.create_connection(self.device.getsockname())
        self._add(sock)

    def terminate(self):
        with self.act():
            self.daemon.signal(signal.SIGTERM)

    def wait_for_daemon(self):
        """After something that happened by itself, such as a timer, and that
        a look has seen."""
        if self.gate:
            self.daemon.settle(self._sockets(), woken=False)

    def rest(self):
        """Gives the daemon a second to come to rest; under faults it may
        not."""
        try:
            until('', self.daemon.asleep, 1)
        except Stall:
            pass

    # -- who is there

    def _add(self, sock, born_dead=False):
        peer = Peer(self, sock, born_dead)
        self.peers.append(peer)
        return peer

    def client(self, woken=True, receive_bytes=None):
        with self.act(woken):
            is_path = isinstance(self.daemon.address, str)
            sock = socket.socket(
                socket.AF_UNIX if is_path else socket.AF_INET)
            if receive_bytes:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                receive_bytes)
            sock.settimeout(self.deadline_s)
            error = sock.connect_ex(self.daemon.address)
            if error == errno.EAGAIN:
                raise Stall('it does not accept')
            if error not in (0, errno.ECONNRESET):
                sock.close()
                raise Ended(f'connect: {os.strerror(error)}')
            peer = self._add(sock, error != 0)
        return peer

    def accepted(self):
        """The device's end of its next connection."""
        poll = select.poll()
        poll.register(self.device, select.POLLIN)
        for sock in self._sockets():
            poll.register(sock, select.POLLRDHUP)   # it would wait in vain
        ready = dict(self.wait_on(poll))
        if self.device.fileno() in ready:
            return self._add(self.device.accept()[0])
        if ready:
            raise Ended('it ends a connection instead of connecting')
        raise Stall('it does not connect')
