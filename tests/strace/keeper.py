#!/usr/bin/env python3
"""A keeper, its workers, a reload with the log reopened, an upgrade, and the
end: what if a system call of one of them fails.

    keeper.py           a sample, drawn by the month
    keeper.py all       every call
    keeper.py RULE...   as strace's --inject takes them

Every call after the ready line, and every call of processes that are started
after it, fails in turn: it is the k-th of its process, and fails in each
process that comes so far. Whatever happens, a client is served before and
after, the end is an exit status of the proxy's own, and no process is left.
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


class Run:
    def __init__(self, rules, device, directory):
        self.log = os.path.join(directory, 'log')
        self.trace = os.path.join(directory, 'trace')
        command = ['strace', '-f', '-q', '--seccomp-bpf', '-e',
                   'trace=!getpid', '-v', '-s', '64', '-o', self.trace]
        for rule in rules:
            command += ['-e', 'inject=' + rule]
        with open(os.path.join(directory, 'err'), 'wb') as err:
            self.tracer = subprocess.Popen(
                command + [proxy.PROGRAM, '--drain-timeout', '5s', '--log',
                           self.log, '127.0.0.1:0', f'127.0.0.1:{device}'],
                stdin=subprocess.DEVNULL, stderr=err)
        self.err, self.address = err.name, None

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
            if self.tracer.poll() is not None:
                return False
            time.sleep(0.01)
        return False

    def pid(self):
        with open(f'/proc/{self.tracer.pid}/task/{self.tracer.pid}/children',
                  encoding='ascii') as f:
            return int(f.read().split()[0])

    def serves(self):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self.tracer.poll() is None:
            try:
                with socket.create_connection(self.address, 5) as s:
                    s.settimeout(5)
                    s.sendall(b'foo')
                    if s.recv(3) == b'foo':
                        return True
            except OSError:
                time.sleep(0.05)
        return False

    def started(self):
        if not self.until('ready on '):
            return False
        host, port = re.search(r'ready on ([0-9.]+):(\d+)',
                               self.said()).groups()
        self.address = host, int(port)
        return True

    def kill_all(self):
        """What has not ended, for a verdict against it."""
        left = [int(x) for x in subprocess.run(
            ['pgrep', '-f', re.escape(self.log)], capture_output=True,
            text=True, check=False).stdout.split()
            if int(x) != self.tracer.pid]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.tracer.wait()
        return left


def verdict(run):
    """What is wrong with it; None: nothing."""
    if not run.started():
        status = run.tracer.wait(SECONDS)
        return None if 64 <= status <= 78 and run.said() else \
            f'no start: status {status}'
    changes = (signal.SIGHUP, 'settings loaded|reload refused|lines lost'), \
        (signal.SIGUSR2,
         'upgrade: [0-9.]+ serves|upgrade refused|lines lost')
    if not run.serves():
        return 'nobody is served'
    for number, outcome in changes:
        before = len(re.findall(outcome, run.said()))
        os.kill(run.pid(), number)
        if not run.until(outcome, before + 1):
            return f'{number.name}: no outcome'
        if not run.serves():
            return f'{number.name}: nobody is served after it'
    os.kill(run.pid(), signal.SIGTERM)
    try:
        status = run.tracer.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return 'no end'
    return None if status == 0 or 64 <= status <= 78 else f'status {status}'


def judge(rules, device, keep=None):
    with tempfile.TemporaryDirectory() as directory:
        run = Run(rules, device, directory)
        try:
            wrong = verdict(run)
        except (OSError, subprocess.TimeoutExpired, IndexError) as e:
            wrong = repr(e)
        left = run.kill_all()
        if not wrong and left:
            wrong = 'processes are left'
        if keep and not wrong:
            keep(run.trace)
        return wrong and f'{" ".join(rules)}: {wrong}\n{run.said()[-1500:]}'


def moments(trace):
    """(call, k) after the ready line, and of all later processes."""
    seen, found, loader = defaultdict(Counter), set(), {}
    ready = False
    with open(trace, encoding='utf-8', errors='replace') as f:
        for line in f:
            m = re.match(r'(\d+) +(\w+)\(', line)
            if not m:
                continue
            pid, call = m.groups()
            seen[pid][call] += 1
            if startup.LOADED in line and not loader:
                loader = Counter(seen[pid])
            ready |= 'ready on' in line
            # What fails in the loader is not ours.
            k = seen[pid][call]
            if ready and loader[call] < k <= ALIKE.get(call, 1000):
                found.add((call, k))
    return sorted(found)


def main(argv):
    tracegate.require_strace()
    if startup.is_sanitized():
        raise tracegate.Skip('a sanitizer makes calls of its own')
    device = Echo().port
    rules = []
    if argv and argv != ['all']:
        rules = argv
    else:
        def keep(trace):
            rules.extend(f'{call}:error={errno}:when={k}'
                         for call, k in moments(trace)
                         for errno in ERRNOS.get(call, ()))
        wrong = judge([], device, keep)
        if wrong:
            print(f'without a fault: {wrong}')
            return False
        if not argv:
            month = datetime.date.today().strftime('%Y-%m')
            rules = random.Random(month).sample(rules, SAMPLE)
    with ThreadPoolExecutor(int(os.environ.get('TEST_JOBS', '2'))) as pool:
        faults = 0
        for wrong in pool.map(lambda r: judge([r], device), rules):
            if wrong:
                faults += 1
                print(wrong, flush=True)
    print(f'{len(rules)} runs, {faults} faults')
    return not faults


if __name__ == '__main__':
    tracegate.run(main)
