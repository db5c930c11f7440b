#!/usr/bin/env python3
"""Proves that the proxy starts whole or not at all, whichever call fails.

    startup.py          the golden, and every call of it
    startup.py bless    writes the golden anew
    startup.py show     today's

Every system call between main and the ready line fails in turn. The proxy
must become ready all the same, or end with an exit status of its own (64 to
78) and a word on stderr; never by a signal, never by waiting.
"""

import difflib
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import proxy
import tracegate
import tracesuite
from sallyport import PROGRAM, READY, Program, contains, is_sanitized, until

SECONDS = 10
# The loader's last call; what comes after it is ours.
LOADED = 'RLIMIT_STACK'
# Not brk: it fails by giving the old break, which cannot be injected.
ERRNOS = {
    'openat': ('EMFILE', 'ENFILE', 'EACCES'),
    'prlimit64': ('EPERM', 'EINVAL'),
    'mmap': ('ENOMEM',),
    'socket': ('EMFILE', 'ENOBUFS', 'EAFNOSUPPORT'),
    'setsockopt': ('ENOPROTOOPT', 'ENOMEM'),
    'bind': ('EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'),
    'listen': ('EADDRINUSE',),
    'getsockname': ('ENOBUFS',),
    'epoll_create1': ('EMFILE', 'ENOMEM'),
    'epoll_ctl': ('ENOMEM', 'ENOSPC'),
    'rt_sigaction': ('EINVAL',),
    'rt_sigprocmask': ('EINVAL',),
    'signalfd4': ('EMFILE', 'ENOMEM'),
    'prctl': ('EPERM', 'EINVAL'),
    'seccomp': ('EPERM', 'EINVAL'),
    'landlock_create_ruleset': ('ENOSYS', 'EOPNOTSUPP'),
    'landlock_add_rule': ('EINVAL',),
    'landlock_restrict_self': ('EPERM',),
}


def start(rules, trace_path, more=()):
    """The exit status after an early TERM, and what was said; status None
    if the proxy did neither get ready nor end."""
    run = Program(PROGRAM, '--single', '127.0.0.1:0', '127.0.0.1:9',
                  under=proxy.strace(trace_path, rules, '-f', '--seccomp-bpf',
                                     *more))
    try:
        until('', lambda: run.ended() or run.find(READY), SECONDS)
        if not run.ended():
            os.kill(run.worker(), signal.SIGTERM)
        status = run.process.wait(SECONDS)
    except (AssertionError, subprocess.TimeoutExpired):
        status = None
        os.kill(run.worker(), signal.SIGKILL)
    said = '\n'.join(run.lines)
    run.stop()
    return status, said


def calls(trace_path):
    """(process, call, k, line) of all lines that begin a call, the k-th of its
    process."""
    seen = defaultdict(Counter)
    with open(trace_path, encoding='utf-8', errors='replace') as f:
        for line in f:
            m = re.match(r'(?:(\d+) +)?(\w+)\(', line)
            if m:
                seen[m[1]][m[2]] += 1
                yield m[1], m[2], seen[m[1]][m[2]], line


def moments(trace_path):
    """(call, k) for every call between the loader and the ready line."""
    ours = False
    for _, call, k, line in calls(trace_path):
        if ours and READY in line:
            return
        if ours:
            yield call, k
        ours |= LOADED in line


def judge(rule):
    with tempfile.NamedTemporaryFile() as trace:
        status, said = start([rule], trace.name)
    ready = READY in said
    if status == 0 and ready:
        return None
    if status is not None and 64 <= status <= 78 and said and not ready:
        return None
    return f'{rule}: status {status}, {"" if ready else "not "}ready, ' \
        f'said {said[-120:]!r}'


GOLDEN = os.path.join(proxy.HERE, 'golden', 'start-up')
MEMORY = ('brk', 'mmap', 'munmap', 'mprotect', 'mremap')


def lines(more=()):
    """What it does between the loader and the ready line; the allocator's
    calls are its own affair."""
    with tempfile.NamedTemporaryFile() as trace:
        start([], trace.name, more)
        text = subprocess.run([tracegate.tool('traceform'), trace.name],
                              capture_output=True, text=True).stdout
    said = [line for line in text.splitlines() if line[0] != '#']
    first = max(n for n, line in enumerate(said) if LOADED in line
                and 'log' not in said[:n]) + 1
    return [line for line in said[first:said.index('log') + 1]
            if line.split()[1:2] not in [[name] for name in MEMORY]]


def differs(more=()):
    """The golden's difference from today, as lines."""
    with open(GOLDEN) as f:
        golden = [x for x in f.read().splitlines() if x[0] != '#']
    return list(difflib.unified_diff(golden, lines(more), GOLDEN, 'this run',
                                     lineterm=''))


def bless():
    first = lines()
    if any(lines() != first for _ in range(tracesuite.BLESS_RUNS - 1)):
        print('start-up: runs differ')
        return False
    with open(GOLDEN, 'w') as f:
        f.write(f'# start-up\n# From the loader to the ready line.\n'
                f'# {tracesuite.versions()}\n' + '\n'.join(first) + '\n')
    return True


def main(argv):
    tracegate.require_strace()
    if is_sanitized():
        raise tracegate.Skip('the sanitizer has a start-up of its own')
    if argv == ['bless']:
        return bless()
    if argv == ['show']:
        print(*lines(), sep='\n')
        return True
    # Counters of coverage (tests/coverage.py) are mapped by calls of their own.
    difference = not contains(PROGRAM, '__llvm_profile') and differs()
    if difference:
        print(*difference, sep='\n')
        return False
    with tempfile.NamedTemporaryFile() as trace:
        status, said = start([], trace.name)
        if status != 0:
            print(f'the clean start fails: {status} {said}')
            return False
        rules = [f'{call}:error={errno}:when={k}'
                 for call, k in moments(trace.name)
                 for errno in ERRNOS.get(call, ())]
    with ThreadPoolExecutor(2) as pool:
        faults = [f for f in pool.map(judge, rules) if f]
    print(*faults, sep='\n', end='\n' if faults else '')
    print(f'{len(rules)} starts, {len(faults)} faults')
    return not faults


if __name__ == '__main__':
    tracegate.run(main)
