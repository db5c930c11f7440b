#!/usr/bin/env python3
"""Proves that every row of the worker's filter is used by a test, and that the
script tests pass with the filter in force, and with no more memory than the
proxy has once it is ready, and one MiB.

    rows.py             all of them
    rows.py TEST...     these, and what they leave unused

Each test runs with a program in place of the proxy that runs the proxy with
its sandbox on, under strace, and notes which calls a process makes once it is
confined. Its memory is limited from here when it first waits for events.
"""

import contextlib
import glob
import os
import re
import resource
import shutil
import subprocess
import time

import proxy
import tracegate
from sallyport import BIN, PROGRAM, folder, proc

TABLE = os.path.join(proxy.ROOT, 'src/keeper/confine.c')
# As strace names them.
NAMES = {'IPPROTO_IP': 'SOL_IP', 'IPPROTO_TCP': 'SOL_TCP',
         'SIOCOUTQ': '(?:SIOCOUTQ|TIOCOUTQ)'}
# Of other machines; the clock is read without a call on this one; and the wait
# for a log's reader, which jail.py shows.
ELSEWHERE = {'recv', 'send', 'fcntl64', 'clock_gettime64', 'ppoll_time64',
             'epoll_pwait', 'clock_gettime', 'ppoll'}
# They trace, stop or copy the program themselves, or time it: these are run
# with the limit alone. (Names without what they end in.)
LEFT_OUT = {'commands', 'errors', 'events', 'health', 'hostile', 'jail',
            'keeper', 'log-syslog', 'pause', 'promises', 'watch'}
# It puts programs in the place of one another.
NOT_AT_ALL = {'upgrade'}
# With KEEPER in the environment: a confined single process leaves the name of
# its socket.
WITH_KEEPER = {'addresses'}
CONFINED = ('case " $* " in *" --sandbox "*) ;; *" --single "*) '
            'set -- "$@" --sandbox on ;; esac')
STRACE = 'strace -D -f -qq -e signal=none -e trace={calls} -o {traces}/$$'
WRAPPER = """#!/bin/sh
case $1 in
status | control) exec {program} "$@" ;;
esac
{settings}
exec {under} {program} "$@"
"""
LOOK_EVERY_S = 0.02
UNLIMITED = resource.RLIM_INFINITY, resource.RLIM_INFINITY


def rows():
    """{a row's text: what its use looks like}"""
    with open(TABLE, encoding='utf-8') as f:
        table = f.read().split('rules[] = {')[1].split('\n};')[0]
    found = {}
    for text, arguments in re.findall(r'JAIL_CALL\w*\(((.*?))\)', table):
        call, *checks = [x.strip() for x in arguments.split(',')]
        if call in ELSEWHERE:
            continue
        values = dict(zip(map(int, checks[0::2]), checks[1::2]))
        form = ', '.join(NAMES.get(values.get(n), values.get(n, '[^,]*'))
                         for n in range(max(values, default=-1) + 1))
        found[text] = re.compile(rf'{call}\({form}' + r'\b' * bool(form))
    return found


def used(traces, wanted):
    """Which of `wanted` a confined process has made use of."""
    seen = set()
    for path in glob.glob(traces + '/*'):
        landlocked, confined = set(), set()
        with open(path, encoding='utf-8', errors='replace') as f:
            for line in f:
                pid, _, call = line.partition(' ')
                call = call.lstrip()
                if call.startswith('landlock_restrict_self('):
                    landlocked.add(pid)
                elif call.startswith('seccomp(') and pid in landlocked:
                    confined.add(pid)
                elif pid in confined:
                    seen |= {text for text, pattern in wanted.items()
                             if text not in seen and pattern.match(call)}
        os.unlink(path)
    return seen


def scripts():
    """Those of `make check` that start the proxy."""
    with open(os.path.join(proxy.ROOT, 'tests/scripts/scripts.mk'),
              encoding='utf-8') as f:
        names = re.search(r'^TESTS \+= (.*?)\)', f.read(), re.M | re.S)[1]
    return ['tests/scripts/' + name
            for name in re.findall(r'[\w-]+\.(?:sh|py)', names)]


class InPlace:
    """A folder of programs with another one in the place of the proxy, which
    is a copy, so that its processes are known from those of other tests."""

    def __init__(self, calls):
        self.top = folder()
        self.traces, self.bin = self.top + '/traces', self.top + '/bin'
        self.calls, self.capped = ','.join(calls), 0
        os.mkdir(self.bin)
        os.symlink(os.path.abspath(BIN) + '/contrib', self.bin + '/contrib')
        os.mkdir(self.traces)
        os.chmod(self.traces, 0o1777)
        self.program = shutil.copy(PROGRAM, self.top + '/sallyport')

    def passes(self, tests, settings, under='', **more):
        with open(self.bin + '/sallyport', 'w', encoding='utf-8') as f:
            f.write(WRAPPER.format(
                program=self.program, settings=settings,
                under=under.format(calls=self.calls, traces=self.traces)))
            os.chmod(f.fileno(), 0o755)
        if not tests:
            return True
        run = subprocess.Popen(['sh', 'tests/run.sh', *tests], cwd=proxy.ROOT,
                               env=dict(os.environ, BIN=self.bin, **more))
        while run.poll() is None:
            for pid in filter(str.isdigit, os.listdir('/proc')):
                with contextlib.suppress(OSError):
                    self.cap(int(pid))
            time.sleep(LOOK_EVERY_S)  # between two looks
        return run.returncode == 0

    def cap(self, pid):
        """Limits one of the proxy's that has no limit and is ready."""
        if os.readlink(f'/proc/{pid}/exe') == self.program and \
                resource.prlimit(pid, resource.RLIMIT_AS) == UNLIMITED and \
                tracegate.call_of(pid, pid) in tracegate.EPOLL_CALLS:
            pages = int(proc(pid, 'statm').split()[0])
            limit = proxy.GROW_BYTES + pages * resource.getpagesize()
            resource.prlimit(pid, resource.RLIMIT_AS, (limit, limit))
            self.capped += 1


def main(argv):
    tracegate.require_strace()
    wanted = rows()
    place = InPlace({re.match(r'\w+', text)[0] for text in wanted} |
                    {'seccomp', 'landlock_restrict_self'})
    tests = {test: re.search(r'([\w-]+)\.', test)[1]
             for test in argv or scripts()}

    def of(*names):
        return [test for test, name in tests.items() if name in names]
    special = LEFT_OUT | WITH_KEEPER | NOT_AT_ALL
    assert argv or special <= set(tests.values()), 'a test has another name now'
    passed = [
        place.passes(of(*set(tests.values()) - special),
                     CONFINED, STRACE),
        place.passes(of(*WITH_KEEPER), CONFINED, STRACE, KEEPER='1'),
        place.passes(of(*LEFT_OUT), '')]
    unused = set(wanted) - used(place.traces, wanted)
    for text in sorted(unused):
        print(f'never used: {text}')
    print(f'{len(wanted)} rows, {len(unused)} never used; {place.capped} '
          'proxies were capped')
    return all(passed) and (bool(argv) or not unused)


if __name__ == '__main__':
    tracegate.run(main)
