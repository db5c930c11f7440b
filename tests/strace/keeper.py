#!/usr/bin/env python3
"""A keeper, its workers, a reload with the log reopened, an upgrade, and the
end: what if a system call of one of them fails, or one of them is killed.

    keeper.py           a sample, drawn by the month
    keeper.py all       every call and every moment
    keeper.py RULE...   as strace's --inject takes them, or
                        worker:CALL:K, keeper:CALL:K

Every call after the ready line, and every call of processes that are started
after it, fails in turn: it is the k-th of its process, and fails in each
process that comes so far. Whatever happens, a client is served before and
after, the end is an exit status of the proxy's own, and no process is left.

Then the worker that serves, or the keeper and whatever it starts from then on,
is killed as it makes its k-th call. Without its worker a keeper does all of
that, too. A keeper that was killed leaves no process and a free address.
Starts it itself: under strace, with a log in which the ready line may be lost.
"""

import datetime
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import proxy
import startup
import tracegate

SAMPLE = 16
SECONDS = 30
# One for each capability: a few stand for all.
ALIKE = {'prctl': 4}
ERRNOS = dict(startup.ERRNOS, **{
    'openat': ('EMFILE', 'EACCES'),
    'socketpair': ('EMFILE', 'ENOMEM'),
    'clone': ('EAGAIN', 'ENOMEM'),
    'execve': ('ENOENT', 'ENOMEM'),
    'memfd_create': ('EMFILE', 'ENOSYS'),
    'ftruncate': ('ENOSPC',),
    'sendmsg': ('ENOBUFS', 'EAGAIN', 'ENOMEM'),
    'recvmsg': ('ENOMEM', 'EINTR'),
    'read': ('EINTR', 'EIO'),
    'poll': ('ENOMEM', 'EINTR'),
    'epoll_wait': ('EINTR',),
    'wait4': ('EINTR',),
    'fcntl': ('EMFILE', 'EINVAL'),
    'setpgid': ('EPERM',),
    'lseek': ('ESPIPE',),
    'newfstatat': ('EIO',),
    'setrlimit': ('EPERM',),
    'setgroups': ('EPERM',),
    'capset': ('EPERM',),
    'accept4': ('EMFILE', 'ECONNABORTED'),
    'capget': ('EPERM',),
    # Of a file: another log is log.sh's matter. A line may be lost.
    'write': ('EINTR', 'ENOSPC', 'EIO'),
    # No kill: a child that is not reaped can always be sent a signal. No close:
    # the kernel closes whatever it says, strace would leave it open.
    'connect': ('ECONNREFUSED', 'ENOBUFS'),
    'shutdown': ('ENOTCONN',),
    'getpeername': ('ENOTCONN',),
    'recvfrom': ('ECONNRESET', 'EINTR'),
    'sendto': ('ECONNRESET', 'EINTR'),
})


class Echo(threading.Thread):
    """The device: three bytes there and back."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            s, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        with s:
            try:
                s.settimeout(10)
                s.sendall(s.recv(3))
            except OSError:
                pass


STRACE = ['strace', '-qq', '-v', '-s', '64', '-e', 'trace=!getpid']


class Run:
    """Under strace from the start, or, with `victim`, the worker or the keeper,
    from when it serves."""

    def __init__(self, rules, device, directory, victim=None):
        self.log = os.path.join(directory, 'log')
        self.trace = os.path.join(directory, 'trace')
        self.rules, self.victim, self.tracer = rules, victim, None
        # Kept for the proxy, whatever comes between: it may say nothing.
        self.bound = socket.socket()
        self.bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.bound.bind(('127.0.0.1', 0))
        self.address = self.bound.getsockname()
        command = [proxy.PROGRAM, '--drain-timeout', '5s', '--log', self.log,
                   f'127.0.0.1:{self.address[1]}', f'127.0.0.1:{device}']
        if not victim:
            command = self.strace('-f', '--seccomp-bpf') + command
        with open(os.path.join(directory, 'err'), 'wb') as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=err)
        self.err = err.name

    def strace(self, *more):
        return [*STRACE, '-o', self.trace, *more,
                *(word for rule in self.rules
                  for word in ('-e', 'inject=' + rule))]

    def attach(self):
        pids = self.children()
        pid = self.process.pid if self.victim == 'keeper' else pids[-1]
        self.tracer = subprocess.Popen(self.strace(
            '-p', str(pid), *(['-f'] if self.victim == 'keeper' else [])),
            stdin=subprocess.DEVNULL)

        def is_traced():  # or dead already, at its first call
            try:
                with open(f'/proc/{pid}/status', encoding='ascii') as f:
                    status = f.read()
            except FileNotFoundError:
                return True
            return 'TracerPid:\t0\n' not in status or 'State:\tZ' in status
        tracegate.until('', is_traced, SECONDS)

    def said(self):
        text = ''
        for path in self.err, self.log:
            if os.path.exists(path):
                with open(path, encoding='utf-8', errors='replace') as f:
                    text += f.read()
        return text

    def until(self, pattern, count=1, seconds=SECONDS):
        """Was it said so often in time, or is the proxy over?"""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(re.findall(pattern, self.said())) >= count:
                return True
            if self.has_ended() or self.kills_all():
                return False
            time.sleep(0.01)
        return False

    def kills_all(self):
        """Each worker that is started from now on dies at its k-th call."""
        return self.victim == 'keeper' and \
            'another worker is started' in self.said()

    def has_ended(self):
        return self.process.poll() is not None

    def children(self):
        with open(f'/proc/{self.process.pid}/task/{self.process.pid}/children',
                  encoding='ascii') as f:
            return [int(pid) for pid in f.read().split()]

    def pid(self):
        return self.process.pid if self.victim else self.children()[0]

    def serves(self):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and not self.has_ended() \
                and not self.kills_all():
            try:
                with socket.create_connection(self.address, 5) as s:
                    s.settimeout(5)
                    s.sendall(b'foo')
                    if s.recv(3) == b'foo':
                        return True
            except OSError:
                time.sleep(0.05)
        return False

    def others(self):
        """The processes beside the first."""
        return [int(x) for x in subprocess.run(
            ['pgrep', '-f', re.escape(self.log)], capture_output=True,
            text=True, check=False).stdout.split()
            if int(x) != self.process.pid]

    def is_alone(self):
        """Has all else ended soon?"""
        deadline = time.monotonic() + SECONDS
        while self.others() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.others()

    def kill_all(self):
        """What has not ended, for a verdict against it."""
        left = self.others()
        for pid in left + [self.process.pid] * (not self.has_ended()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.bound.close()
        if self.tracer:
            self.tracer.wait()
        return left


def play(run):
    """What is wrong with it; None: nothing."""
    if not run.serves():
        status = run.process.wait(SECONDS)
        return None if 64 <= status <= 78 and run.said() else \
            f'no start: status {status}'
    changes = (signal.SIGHUP, 'settings loaded|reload refused|lines lost'), \
        (signal.SIGUSR2,
         'upgrade: [0-9.]+ serves|upgrade refused|lines lost')
    if run.victim:
        run.attach()
        if not run.serves():
            return 'nobody is served'
    for number, outcome in changes:
        before = len(re.findall(outcome, run.said()))
        os.kill(run.pid(), number)
        wrong = not run.until(outcome, before + 1) and 'no outcome' or \
            not run.serves() and 'nobody is served after it'
        # Or the keeper that has taken over died, and the first with it.
        if run.kills_all() or run.victim == 'keeper' and run.has_ended():
            break
        if wrong:
            return f'{number.name}: {wrong}'
    if not run.has_ended():
        os.kill(run.pid(), signal.SIGTERM)
    try:
        status = run.process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return 'no end'
    return None if status == 0 or 64 <= status <= 78 else f'status {status}'


def verdict(run):
    try:
        wrong = play(run)
    except (OSError, subprocess.TimeoutExpired, IndexError) as e:
        wrong = repr(e)
    if run.victim != 'keeper' or run.process.poll() != -signal.SIGKILL:
        return wrong
    if not run.is_alone():
        return 'a killed keeper leaves processes'
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(run.address)
        s.listen()
    return None


def judge(rule, device, keep=None):
    """A rule of strace, or VICTIM:CALL:K, or VICTIM or nothing to look on."""
    victim, _, moment = rule.partition(':')
    rules = [rule] if rule else []
    if victim in ('worker', 'keeper'):
        rules = ['{}:signal=KILL:when={}'.format(*moment.split(':'))] \
            if moment else []
    else:
        victim = None
    with tempfile.TemporaryDirectory() as directory:
        run = Run(rules, device, directory, victim)
        wrong = verdict(run)
        left = run.kill_all()
        if not wrong and left:
            wrong = 'processes are left'
        if keep and not wrong:
            keep(run.trace)
        return wrong and f'{rule}: {wrong}\n{run.said()[-1500:]}'


def calls(trace):
    """(process, call, k, line) of all lines that begin a call."""
    seen = defaultdict(Counter)
    with open(trace, encoding='utf-8', errors='replace') as f:
        for line in f:
            m = re.match(r'(?:(\d+) +)?(\w+)\(', line)
            if m:
                seen[m[1]][m[2]] += 1
                yield m[1], m[2], seen[m[1]][m[2]], line


def moments(trace):
    """(call, k) after the ready line, and of all later processes."""
    found, loader = set(), Counter()
    first = loaded = ready = None
    for pid, call, k, line in calls(trace):
        first = first or pid
        ready = ready or 'ready on' in line
        # What fails in the loader is not ours.
        if pid == first and not loaded:
            loader[call] = k
            loaded = startup.LOADED in line
        if ready and loader[call] < k <= ALIKE.get(call, 1000):
            found.add((call, k))
    return sorted(found)


def all_rules(device):
    """Every call that fails, and every moment of a death."""
    rules, wrong = [], []

    def look(victim, add):
        wrong.append(judge(victim, device, add))

    look('', lambda trace: rules.extend(
        f'{call}:error={errno}:when={k}' for call, k in moments(trace)
        for errno in ERRNOS.get(call, ())))
    for victim in 'worker', 'keeper':
        look(victim, lambda trace, victim=victim: rules.extend(
            sorted({f'{victim}:{call}:{k}'
                    for _, call, k, _ in calls(trace)})))
    return rules, list(filter(None, wrong))


def main(argv):
    tracegate.require_strace()
    if startup.is_sanitized():
        raise tracegate.Skip('a sanitizer makes calls of its own')
    device = Echo().port
    rules = argv
    if not argv or argv == ['all']:
        rules, wrong = all_rules(device)
        if wrong:
            print('without a fault:', *wrong)
            return False
    if not argv:
        month = datetime.date.today().strftime('%Y-%m')
        rules = random.Random(month).sample(rules, SAMPLE)
    with ThreadPoolExecutor(int(os.environ.get('TEST_JOBS', '2'))) as pool:
        faults = 0
        for wrong in pool.map(lambda rule: judge(rule, device), rules):
            if wrong:
                faults += 1
                print(wrong, flush=True)
    print(f'{len(rules)} runs, {faults} faults')
    return not faults


if __name__ == '__main__':
    tracegate.run(main)
