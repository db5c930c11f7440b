#!/usr/bin/env python3
"""Proves, on a sample that the month draws, that a call which fails in a
reload, an upgrade or the keeper costs no service: a keeper, its workers, a
reload with the log reopened, an upgrade, and the end, when a system call of one
of them fails, or one of them is killed.

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
"""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import proxy
import startup
import tracegate
from peer import bound
from sallyport import (ECHOD, PROGRAM, READY, Listening, Program, is_sanitized,
                       proc, until)

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
    # Of a file: another log is log.py's matter. A line may be lost.
    'write': ('EINTR', 'ENOSPC', 'EIO'),
    # No kill: a child that is not reaped can always be sent a signal. No close:
    # the kernel closes whatever it says, strace would leave it open.
    'connect': ('ECONNREFUSED', 'ENOBUFS'),
    'shutdown': ('ENOTCONN',),
    'getpeername': ('ENOTCONN',),
    'recvfrom': ('ECONNRESET', 'EINTR'),
    'sendto': ('ECONNRESET', 'EINTR'),
})


class Run:
    """Under strace from the start, or, with `victim`, the worker or the keeper,
    from when it serves."""

    def __init__(self, rules, device, directory, victim=None):
        self.log = os.path.join(directory, 'log')
        self.trace = os.path.join(directory, 'trace')
        self.rules, self.victim, self.tracer = rules, victim, None
        # Kept for the proxy, whatever comes between: it may say nothing.
        self.bound = bound()
        self.address = self.bound.getsockname()
        self.program = Program(
            PROGRAM, '--drain-timeout', '5s', '--log', self.log,
            '%s:%d' % self.address, device,
            under=() if victim else self.strace('-f', '--seccomp-bpf'))
        self.has_ended = self.program.ended

    def strace(self, *more):
        return proxy.strace(self.trace, self.rules, *more)

    def attach(self):
        pid = self.pid() if self.victim == 'keeper' else self.program.worker()
        self.tracer = Program(*self.strace(
            '-p', str(pid), *['-f'] * (self.victim == 'keeper')))

        def is_traced():  # or dead already, at its first call
            try:
                status = proc(pid, 'status')
            except FileNotFoundError:
                return True
            return 'TracerPid:\t0\n' not in status or 'State:\tZ' in status
        until('it is traced', is_traced, SECONDS)

    def said(self):
        text = '\n'.join(self.program.lines)
        with contextlib.suppress(FileNotFoundError):
            with open(self.log, encoding='utf-8', errors='replace') as f:
                text += f.read()
        return text

    def count(self, pattern):
        return len(re.findall(pattern, self.said()))

    def holds(self, condition):
        """In time, and before the proxy is over?"""
        try:
            return until('', lambda: condition() or self.is_over() and 'over',
                         SECONDS) is True
        except AssertionError:
            return False

    def is_over(self):
        return self.has_ended() or self.kills_all()

    def kills_all(self):
        """Each worker that is started from now on dies at its k-th call."""
        return self.victim == 'keeper' and \
            'another worker is started' in self.said()

    def pid(self):
        return self.program.pids()[0 if self.victim else 1]

    def serves(self):
        def answers():
            with contextlib.suppress(OSError), \
                    socket.create_connection(self.address, 5) as s:
                s.sendall(b'foo')
                return s.recv(3) == b'foo'
        return self.holds(answers)

    def others(self):
        """The processes beside the first."""
        return [int(x) for x in subprocess.run(
            ['pgrep', '-f', re.escape(self.log)], capture_output=True,
            text=True, check=False).stdout.split()
            if int(x) != self.program.pid]

    def kill_all(self):
        """What has not ended, for a verdict against it."""
        left = self.others()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.program.stop()
        self.bound.close()
        if self.tracer:
            self.tracer.process.wait()
            self.tracer.stop()
        return left


def play(run):
    """What is wrong with it; None: nothing."""
    if not run.serves():
        status = run.program.process.wait(SECONDS)
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
        before = run.count(outcome)
        os.kill(run.pid(), number)
        wrong = not run.holds(lambda: run.count(outcome) > before) and \
            'no outcome' or not run.serves() and 'nobody is served after it'
        # Or the keeper that has taken over died, and the first with it.
        if run.kills_all() or run.victim == 'keeper' and run.has_ended():
            break
        if wrong:
            return f'{number.name}: {wrong}'
    if not run.has_ended():
        os.kill(run.pid(), signal.SIGTERM)
    try:
        status = run.program.process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return 'no end'
    return None if status == 0 or 64 <= status <= 78 else f'status {status}'


def verdict(run):
    try:
        wrong = play(run)
    except (AssertionError, OSError, subprocess.TimeoutExpired,
            IndexError) as e:
        wrong = repr(e)
    if run.victim != 'keeper' or run.program.process.poll() != -signal.SIGKILL:
        return wrong
    try:
        until('', lambda: not run.others(), SECONDS)
    except AssertionError:
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
        wrong, said = verdict(run), run.said()
        left = run.kill_all()
        if not wrong and left:
            wrong = 'processes are left'
        if keep and not wrong:
            keep(run.trace)
        return wrong and f'{rule}: {wrong}\n{said[-1500:]}'


def moments(trace):
    """(call, k) after the ready line, and of all later processes."""
    found, loader = set(), Counter()
    first = loaded = ready = None
    for pid, call, k, line in startup.calls(trace):
        first = first or pid
        ready = ready or READY in line
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
                    for _, call, k, _ in startup.calls(trace)})))
    return rules, list(filter(None, wrong))


def main(argv):
    tracegate.require_strace()
    if is_sanitized():
        raise tracegate.Skip('a sanitizer makes calls of its own')
    device = Listening(ECHOD, '--fork').listen
    rules = argv
    if not argv or argv == ['all']:
        rules, wrong = all_rules(device)
        if wrong:
            print('without a fault:', *wrong)
            return False
    if not argv:
        rules = random.Random(proxy.month()).sample(rules, SAMPLE)
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
