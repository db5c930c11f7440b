"""The door under strace, and two gates that make its traces repeatable.

Lock-step: after every act the driver waits until the door has woken, done
its work and sleeps again in epoll_wait.

Pile-up: the door is held while several acts happen, so that one batch brings
them all. No clock is involved: strace is stopped, a SIGCONT interrupts the
door's wait, and the door stays in the tracer's hands until strace goes on;
only then does it enter the wait anew. The interrupted waits are the gate's
own noise and are left out of the trace.
"""

import fcntl
import os
import re
import resource
import signal
import struct
import subprocess
import termios
import time

BIN = os.environ.get('BIN', '.')
DEADLINE_S = 20
EPOLL_CALLS = {'232', '281', '441'}     # x86-64: wait, pwait, pwait2
if os.uname().machine == 'aarch64':
    EPOLL_CALLS = {'22', '441'}
READY = re.compile(rb'ready on ([0-9.]+):(\d+)')


class Skip(Exception):
    """The machine cannot run this; the text says why."""


class Stall(Exception):
    """The door did not do in time what it must."""


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


class Door:
    def __init__(self, settings, device, trace_path, inject=(),
                 grow_bytes=None):
        self.trace_path, self.device = trace_path, device
        command = ['strace', '-f', '-q', '-v', '-s', '512', '-a', '1',
                   '-e', 'signal=none', '-e', 'trace=!getpid', '-o',
                   trace_path, '--seccomp-bpf']
        for rule in inject:
            command += ['-e', 'inject=' + rule]
        command += ['--', os.path.join(BIN, 'sallyport'), *settings,
                    '127.0.0.1:0', f'127.0.0.1:{device}']
        env = dict(os.environ, ASAN_OPTIONS='detect_leaks=0')
        self.strace = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=env)
        self.err = b''
        os.set_blocking(self.strace.stderr.fileno(), False)
        self.pid = None
        self.exit_code = None
        self._await_ready()
        if grow_bytes is not None:
            self.cap_memory(grow_bytes)

    # -- start and end

    def _await_ready(self):
        until('no ready line', self._ready)
        self.pid = int(self._children()[0])
        until('the door never slept', self.asleep)
        self.seen = self._traced_bytes()

    def _children(self):
        with open(f'/proc/{self.strace.pid}/task/{self.strace.pid}/children') \
                as f:
            return f.read().split()

    def _ready(self):
        self.read_err()
        m = READY.search(self.err)
        if m:
            self.front = (m[1].decode(), int(m[2]))
        elif self.strace.poll() is not None:
            raise Stall('the door ended at once: ' +
                        self.err.decode(errors='replace'))
        return m

    def read_err(self):
        """Takes what the door has logged; a full pipe would be a stall."""
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
        """Ends the door in order; its exit status."""
        if self.strace.poll() is None:
            try:
                self.signal(signal.SIGTERM)
            except ProcessLookupError:
                pass
        return self.wait_end(seconds)

    def wait_end(self, seconds=DEADLINE_S):
        until('the door did not end', lambda: (
            self.read_err(), self.strace.poll() is not None)[1], seconds)
        self.read_err()
        self.exit_code = self.strace.returncode
        return self.exit_code

    def kill(self):
        """Last resort, and clean-up after a failed test."""
        if self.strace.poll() is None:
            for pid in filter(None, (self.pid, self.strace.pid)):
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

    def _state(self):
        with open(f'/proc/{self.pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0]

    def asleep(self):
        """Is it in its wait, and not in the tracer's hands? The kernel
        gives the call's number only of a process that does not run."""
        try:
            with open(f'/proc/{self.pid}/syscall') as f:
                number = f.read().split()[0]
            return number in EPOLL_CALLS and self._state() == 'S'
        except (FileNotFoundError, ProcessLookupError):
            return False

    def gone(self):
        return self.strace.poll() is not None

    def descriptors(self):
        try:
            return len(os.listdir(f'/proc/{self.pid}/fd'))
        except FileNotFoundError:
            return 0

    # -- the gates

    def settle(self, sockets=(), woken=True):
        """Until the sockets' bytes and FINs have arrived, and the door has
        woken since the last time and sleeps again."""
        until('bytes under way', lambda: all(map(arrived, sockets)))
        if woken:
            until('the door did not wake', lambda: self.gone() or
                  self._traced_bytes() != self.seen)
        self._await_sleep()
        for sock in sockets:
            acknowledge(sock)
        self._await_sleep()
        self.seen = self._traced_bytes()
        self.read_err()

    def _await_sleep(self):
        until('the door does not sleep', lambda: self.gone() or self.asleep())

    def hold(self):
        """Takes the door out of its wait; what happens from now on comes
        in one batch when it waits again."""
        os.kill(self.strace.pid, signal.SIGSTOP)
        until('strace does not stop', lambda: self._stopped(self.strace.pid))
        self.signal(signal.SIGCONT)
        until('the door is not held', lambda: self._state() == 't')

    def release(self):
        os.kill(self.strace.pid, signal.SIGCONT)

    @staticmethod
    def _stopped(pid):
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] == 'T'

    # -- its trace

    def injections(self):
        with open(self.trace_path) as f:
            return sum(line.rstrip().endswith(('(INJECTED)', '(DELAYED)'))
                       for line in f)

    def trace(self, streams, directory):
        """The canonical trace after READY. `streams`: name to bytes."""
        command = [os.path.join(BIN, 'contrib/trace/traceform'), '-r',
                   'ready on', '-a', f'127.0.0.1:{self.device}=back']
        for name, data in streams.items():
            path = os.path.join(directory, f'stream-{name}')
            if not os.path.exists(path):
                with open(path, 'wb') as f:
                    f.write(data)
            command += ['-p', f'{name}={path}']
        with open(self.trace_path) as f:
            text = f.read()
        # A killed tracer leaves half a line.
        text = text[:text.rfind('\n') + 1]
        run = subprocess.run(command, input=text, capture_output=True,
                             text=True)
        if run.returncode != 0:
            raise Stall(run.stderr.strip())
        return run.stdout


# Of TCP's states, those that the other side's kernel will soon change.
SYN_SENT, FIN_WAIT1, CLOSING, LAST_ACK = 2, 4, 11, 9
TCP_INFO, TCP_QUICKACK = 11, 12


def arrived(sock):
    """Has the other kernel everything that was sent on this socket?"""
    if sock.fileno() < 0:
        return True
    queued = struct.unpack('i', fcntl.ioctl(sock, termios.TIOCOUTQ,
                                            b'\0\0\0\0'))[0]
    state = sock.getsockopt(6, TCP_INFO, 1)[0]
    return queued == 0 and state not in (SYN_SENT, FIN_WAIT1, CLOSING,
                                         LAST_ACK)


def acknowledge(sock):
    """Sends a delayed acknowledgement now: the door may look at what is
    still unacknowledged."""
    if sock.fileno() >= 0:
        sock.setsockopt(6, TCP_QUICKACK, 1)
