"""A daemon under strace, and two gates that make its traces repeatable.

Lock-step: after every act the driver waits until the daemon has woken, done
its work and sleeps again, every process and thread of it.

Pile-up: the daemon is held while several acts happen, so that one batch
brings them all. No clock is involved: strace is stopped, a SIGCONT
interrupts the wait, and the daemon stays in the tracer's hands until strace
goes on; only then does it enter the wait anew. The interrupted waits are the
gate's own noise and are left out of the trace. (After poll the kernel
restarts a wait of which strace shows no result: poll is not interrupted, and
is held as soon as the first act has ended it, which the next act waits for.)
"""

import ctypes
import errno
import fcntl
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

HERE = os.path.dirname(os.path.realpath(__file__))
DEADLINE_S = 20
BURIAL_S = 0.5
POLL_CALLS = {'7', '271'}           # poll, ppoll: x86-64
SELECT_CALLS = {'23', '270'}
EPOLL_CALLS = {'232', '281', '441'}
TGKILL = 234
if os.uname().machine == 'aarch64':
    POLL_CALLS, SELECT_CALLS = {'73'}, {'72'}
    EPOLL_CALLS, TGKILL = {'22', '441'}, 131


class Skip(Exception):
    """The machine cannot run this; the text says why."""


def run(main):
    """Ends the program by what `main` of its arguments says, or skips."""
    try:
        sys.exit(0 if main(sys.argv[1:]) else 1)
    except Skip as reason:
        print(reason)
        sys.exit(77)


class Stall(Exception):
    """The daemon did not do in time what it must."""


class Ended(Exception):
    """A connection ended before it had to."""


class Corrupt(Exception):
    """Bytes arrived that nobody sent."""


def until(what, condition, seconds=DEADLINE_S):
    """Waits for a condition; its first true value is returned."""
    end = time.monotonic() + seconds
    pause_s = 0.0002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Stall(what)
        time.sleep(pause_s)
        pause_s = min(1.3 * pause_s, 0.005)


def require_strace():
    try:
        run = subprocess.run(
            ['strace', '-f', '--seccomp-bpf', '-e', 'trace=getpid', 'true'],
            capture_output=True, text=True)
    except FileNotFoundError:
        raise Skip('strace is not installed')
    if run.returncode != 0:
        said = run.stderr.strip().splitlines() or ['no reason given']
        raise Skip('strace may not trace here: ' + said[-1])
    try:
        with open('/proc/self/syscall'):
            pass
    except OSError as e:
        raise Skip(f'/proc/PID/syscall: {e.strerror}')


def tool(name):
    """A program of this family: of the build under test, or beside this
    file, or installed."""
    for directory in (os.path.join(os.environ.get('BIN', HERE),
                                   'contrib/trace'), HERE,
                      os.path.join(HERE, '../../../bin')):
        if os.access(os.path.join(directory, name), os.X_OK):
            return os.path.join(directory, name)
    return name


class Daemon:
    """One traced program. For another one derive from this, and say

      command()   what to start, a list of words (self.device: the port of
                  the device that stands behind it; a server ignores it)
      front()     where it listens, ('127.0.0.1', port) or the path of a
                  Unix socket, or None as long as it does not: by default
                  what the kernel says
      asleep()    does it wait, all of it? By default what the kernel says
      ready       what traceform's -r takes: from where on the trace counts
      exits_with_0  is any other status after TERM a fault?
      patience_s  None: each act must wake it; else how long to wait for that
    """

    ready = '@wait'
    exits_with_0, patience_s = False, None
    environment = {}
    form = ('-n',)                      # more of traceform's options
    strace = ('-s', '512', '-e', 'trace=!getpid')

    def __init__(self, device, trace_path, inject=()):
        self.device, self.trace_path = device, trace_path
        command = ['strace', '-f', '-q', '-v', '-a', '1', '-e',
                   'signal=none', '-o', trace_path, '--seccomp-bpf',
                   *self.strace]
        for rule in inject:
            command += ['-e', 'inject=' + rule]
        self.strace = subprocess.Popen(
            command + ['--', *self.command()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=dict(os.environ, **self.environment))
        self.traced, self.read_bytes = set(), 0
        self.missing, self.err = {}, b''
        os.set_blocking(self.strace.stderr.fileno(), False)
        self.pid = self.exit_code = self.address = self.end = None
        try:
            until('it does not listen', self._listens)
            self.pid = self.pids()[0]
            until('it never slept', self.asleep)
        except BaseException:
            self.kill()
            raise
        self.seen = self._traced_bytes()

    def command(self):
        raise NotImplementedError

    # -- start and end

    def _listens(self):
        self.read_err()
        self.address = self.front()
        if not self.address and self.strace.poll() is not None:
            raise Stall('it ended and never listened: ' +
                        self.err.decode(errors='replace'))
        return self.address

    def front(self):
        inodes = {os.readlink(f'/proc/{pid}/fd/{fd}')[8:-1]
                  for pid in self.pids() for fd in descriptors(pid)
                  if is_socket(pid, fd)}
        with open('/proc/net/tcp') as f:
            for line in f.readlines()[1:]:
                words = line.split()
                if words[3] == '0A' and words[9] in inodes:
                    return '127.0.0.1', int(words[1].split(':')[1], 16)
        return None

    def pids(self):
        """All its processes, the first one first."""
        found, at = [self.strace.pid], 0
        while at < len(found):
            found += children(found[at])
            at += 1
        return found[1:]

    def tasks(self):
        """All its threads: (process, thread)."""
        return [(pid, int(tid)) for pid in self.pids()
                for tid in listdir(f'/proc/{pid}/task')]

    def read_err(self):
        """Takes what it has logged; a full pipe would be a stall."""
        try:
            while True:
                block = os.read(self.strace.stderr.fileno(), 65536)
                if not block:
                    return
                self.err += block
        except BlockingIOError:
            pass

    def cap_memory(self, grow_bytes):
        """From now on the address space may grow by this much."""
        limit = self.status_kb('VmSize') * 1024 + grow_bytes
        resource.prlimit(self.pid, resource.RLIMIT_AS, (limit, limit))

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self, seconds=DEADLINE_S):
        """Ends it in order; its exit status."""
        if self.strace.poll() is None:
            try:
                self.signal(signal.SIGTERM)
            except ProcessLookupError:
                pass
        return self.wait_end(seconds)

    def wait_end(self, seconds=DEADLINE_S):
        until('it did not end', lambda: (
            self.read_err(), self.strace.poll() is not None)[1], seconds)
        self.read_err()
        self.exit_code = self.strace.returncode
        return self.exit_code

    def kill(self):
        """Last resort, and clean-up after a failed test."""
        if self.strace.poll() is None:
            for pid in (*reversed(self.pids()), self.strace.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.strace.wait()
        self.strace.stderr.close()

    # -- looking at it

    def status(self, key):
        with open(f'/proc/{self.pid}/status') as f:
            return re.search(rf'^{key}:\s*(\S+)', f.read(), re.M)[1]

    def status_kb(self, key):
        return int(self.status(key))

    def _traced_bytes(self):
        """strace writes every line at once: more means that it was awake."""
        return os.stat(self.trace_path).st_size

    def asleep(self):
        """Is every task of it in a call that waits, and none in the
        tracer's hands? Twice, with nothing done in between."""
        before = self._traced_bytes()
        return self._asleep_now() and self._asleep_now() and \
            self._traced_bytes() == before

    def _asleep_now(self):
        alive = {tid: (pid, tid) for pid, tid in self.tasks()
                 if state(pid, tid) not in 'ZX'}
        self._read_traced()
        if not all(map(self._is_buried, self.traced - set(alive))):
            return False
        return alive and all(state(*t) == 'S' and call_of(*t)
                             for t in alive.values())

    def _read_traced(self):
        """Which tasks has the trace, and not their end?"""
        with open(self.trace_path, 'rb') as f:
            f.seek(self.read_bytes)
            text = f.read()
        text = text[:text.rfind(b'\n') + 1]
        self.read_bytes += len(text)
        for tid, end in re.findall(rb'^(\d+) +(\+\+\+ )?', text, re.M):
            (self.traced.discard if end else self.traced.add)(int(tid))

    def _is_buried(self, tid):
        """It has ended, and strace has not written so. Of one that a signal
        has killed it says nothing: then for a while."""
        since = self.missing.setdefault(tid, time.monotonic())
        return time.monotonic() - since > BURIAL_S

    def gone(self):
        return self.strace.poll() is not None

    def descriptors(self):
        return len(descriptors(self.pid))

    # -- the gates

    def settle(self, sockets=(), woken=True):
        """Until the sockets' bytes and FINs have arrived, and it has woken
        since the last time and sleeps again."""
        until('bytes under way', lambda: all(map(arrived, sockets)))
        if woken:
            self._await_waking()
        self._await_sleep()
        for sock in sockets:
            acknowledge(sock)
        self._await_sleep()
        self.seen = self._traced_bytes()
        self.read_err()

    def _await_waking(self):
        try:
            until('it did not wake', lambda: self.gone() or
                  self._traced_bytes() != self.seen,
                  self.patience_s or DEADLINE_S)
        except Stall:
            if not self.patience_s:
                raise

    def _await_sleep(self):
        until('it does not sleep', lambda: self.gone() or self.asleep())

    def hold(self):
        """Takes it out of its waits; what happens from now on comes in one
        batch when it waits again."""
        until('it does not sleep', self._stop_asleep)
        held = [t for t in self.tasks()
                if call_of(*t) in EPOLL_CALLS | SELECT_CALLS]
        self.polling = [t for t in self.tasks() if call_of(*t) in POLL_CALLS]
        for pid, tid in held:
            ctypes.CDLL(None).syscall(TGKILL, pid, tid, signal.SIGCONT)
        until('it is not held', lambda: all(state(*t) == 't' for t in held))

    def _stop_asleep(self):
        """Stops strace while everything waits; if something did not when it
        was stopped, strace goes on."""
        if not self.asleep():
            return False
        os.kill(self.strace.pid, signal.SIGSTOP)
        until('strace does not stop', lambda: state(
            self.strace.pid, self.strace.pid) == 'T')
        tasks = [t for t in self.tasks() if state(*t) not in 'ZX']
        if all(state(*t) == 'S' and call_of(*t) for t in tasks):
            return True
        self.release()
        return False

    def await_poll(self):
        """After the first act: what else it reported would be chance."""
        if self.polling:
            until('it did not wake', lambda: any(
                state(*t) != 'S' for t in self.polling))
            until('it is not held', lambda: not any(
                state(*t) in 'RD' for t in self.polling))
            self.polling = []

    def release(self):
        os.kill(self.strace.pid, signal.SIGCONT)

    # -- its trace

    def injections(self):
        with open(self.trace_path) as f:
            return sum(line.rstrip().endswith(('(INJECTED)', '(DELAYED)'))
                       for line in f)

    def mark_end(self):
        """What is traced from now on is no more the scenario's."""
        self.end = self._traced_bytes()

    def trace(self, streams, directory, options=(), end=None):
        """The canonical trace from `ready` on, up to byte `end` of strace's
        output. `streams`: name to bytes; what is in none of them is named
        by its first reader, if there are none."""
        command = [tool('traceform'), '-r', self.ready, *self.form, *options,
                   '-a', f'127.0.0.1:{self.device}=back']
        if not isinstance(self.address, str):
            command += ['-a', f'127.0.0.1:{self.address[1]}=front']
        for name, data in streams.items():
            path = os.path.join(directory, f'stream-{name}')
            if not os.path.exists(path):
                with open(path, 'wb') as f:
                    f.write(data)
            command += ['-p', f'{name}={path}']
        if not streams:
            command.append('-l')
        with open(self.trace_path, errors='replace') as f:
            text = f.read(end) if end else f.read()
        # A killed tracer leaves half a line.
        text = text[:text.rfind('\n') + 1]
        run = subprocess.run(command, input=text, capture_output=True,
                             text=True)
        if run.returncode != 0:
            raise Stall(run.stderr.strip())
        return run.stdout


# -- what the kernel says of processes and sockets

def listdir(path):
    try:
        return os.listdir(path)
    except (FileNotFoundError, ProcessLookupError):
        return []


def read_proc(path):
    try:
        with open(path) as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        return ''


def children(pid):
    return [int(child) for tid in listdir(f'/proc/{pid}/task')
            for child in read_proc(f'/proc/{pid}/task/{tid}/children').split()]


def state(pid, tid):
    stat = read_proc(f'/proc/{pid}/task/{tid}/stat')
    return stat.rsplit(')', 1)[1].split()[0] if stat else 'Z'


def call_of(pid, tid):
    """The number of the call that it waits in, or None: the kernel tells
    it only of a task that does not run."""
    word = read_proc(f'/proc/{pid}/task/{tid}/syscall').split()[:1]
    return word[0] if word and word[0].isdigit() else None


def descriptors(pid):
    return listdir(f'/proc/{pid}/fd')


def is_socket(pid, fd):
    try:
        return os.readlink(f'/proc/{pid}/fd/{fd}').startswith('socket:')
    except FileNotFoundError:
        return False


# Of TCP's states, those that the other side's kernel will soon change.
SYN_SENT, FIN_WAIT1, CLOSE, CLOSING, LAST_ACK = 2, 4, 7, 11, 9
TCP_INFO, TCP_QUICKACK = 11, 12


def arrived(sock):
    """Has the other kernel everything that was sent on this socket?"""
    if sock.fileno() < 0 or sock.family == socket.AF_UNIX:
        return True
    queued = struct.unpack('i', fcntl.ioctl(sock, termios.TIOCOUTQ,
                                            b'\0\0\0\0'))[0]
    state = sock.getsockopt(6, TCP_INFO, 1)[0]
    if state == CLOSE:          # reset by the other side: nothing will move
        return True
    return queued == 0 and state not in (SYN_SENT, FIN_WAIT1, CLOSING,
                                         LAST_ACK)


def acknowledge(sock):
    """Sends a delayed acknowledgement now: the daemon may look at what is
    still unacknowledged."""
    if sock.fileno() >= 0 and sock.family != socket.AF_UNIX:
        sock.setsockopt(6, TCP_QUICKACK, 1)


# -- one TCP socket, by its two addresses

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST = 4, 20, 1
NLMSG_ERROR, LISTEN = 2, 10
ALL_STATES = 0xffffffff
NO_COOKIE = 0xffffffff


def _address(host):
    return socket.inet_aton(host) + bytes(12)


def exists(local, remote):
    """Is there a connected socket from `local` to `remote`? A reset that has
    arrived takes it out of the table."""
    request = struct.pack('=BBBxI', socket.AF_INET, socket.IPPROTO_TCP, 0,
                          ALL_STATES)
    request += struct.pack('>HH', local[1], remote[1])
    request += _address(local[0]) + _address(remote[0])
    request += struct.pack('=III', 0, NO_COOKIE, NO_COOKIE)
    head = struct.pack('=IHHII', 16 + len(request), SOCK_DIAG_BY_FAMILY,
                       NLM_F_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_SOCK_DIAG) as s:
        s.send(head + request)
        answer = s.recv(8192)
    kind, = struct.unpack_from('=H', answer, 4)
    if kind != NLMSG_ERROR:
        return answer[17] != LISTEN     # a listener answers for the dead
    error, = struct.unpack_from('=i', answer, 16)
    if error != -errno.ENOENT:
        raise OSError(-error, 'sock_diag')
    return False
