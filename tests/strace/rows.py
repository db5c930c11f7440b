#!/usr/bin/env python3
"""Proves that every row of the worker's filter is used by a test, and that the
script tests pass with the filter in force.

    rows.py             all of them
    rows.py TEST...     these, and what they leave unused

Each test runs with a program in place of the proxy that runs the proxy with
its sandbox on, under strace, and notes which calls a process makes once it is
confined.
"""

import glob
import os
import re
import subprocess
import tempfile

import proxy
import tracegate

TABLE = os.path.join(proxy.ROOT, 'src/keeper/confine.c')
# As strace names them.
NAMES = {'IPPROTO_IP': 'SOL_IP', 'IPPROTO_TCP': 'SOL_TCP',
         'SIOCOUTQ': '(?:SIOCOUTQ|TIOCOUTQ)'}
# Of other machines; the clock is read without a call on this one; and the wait
# for a log's reader, which jail.sh shows.
ELSEWHERE = {'recv', 'send', 'fcntl64', 'clock_gettime64', 'ppoll_time64',
             'epoll_pwait', 'clock_gettime', 'ppoll'}
# They trace, stop or copy the program themselves, or time it: with the sandbox
# on and without a tracer they pass, too.
LEFT_OUT = {'errors.sh', 'jail.sh', 'log-syslog.py', 'device-dead.py',
            'hostile.py', 'events.sh', 'keeper.sh', 'pause.py', 'promises.py',
            'upgrade.sh', 'watch.sh'}
# With a keeper: a confined single process leaves the name of its socket.
KEEPER = 'tests/scripts/addresses.py'
WRAPPER = '''#!/bin/sh
case $1 in
status | control) exec {program} "$@" ;;
esac
case " $* " in
*" --single "*) set -- "$@" --sandbox on ;;
esac
exec strace -D -f -qq -e signal=none -e trace={calls} -o {traces}/$$ \\
    {program} "$@"
'''


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
            for name in re.findall(r'[\w-]+\.(?:sh|py)', names)
            if name not in LEFT_OUT]


def passes(tests, directory, **more):
    return subprocess.run(
        ['sh', 'tests/run.sh', *tests], cwd=proxy.ROOT, check=False,
        env=dict(os.environ, BIN=directory, **more)).returncode == 0


def main(argv):
    tracegate.require_strace()
    program = os.path.abspath(proxy.PROGRAM)
    with tempfile.TemporaryDirectory() as top:
        directory, traces = top + '/bin', top + '/traces'
        os.chmod(top, 0o711)
        for path in directory, traces:
            os.mkdir(path)
        os.symlink(os.path.dirname(program) + '/contrib',
                   directory + '/contrib')
        wanted = rows()
        calls = {re.match(r'\w+', text)[0] for text in wanted}
        with open(directory + '/sallyport', 'w', encoding='utf-8') as f:
            f.write(WRAPPER.format(
                program=program, traces=traces,
                calls=','.join(calls | {'seccomp', 'landlock_restrict_self'})))
        os.chmod(directory + '/sallyport', 0o755)
        os.chmod(traces, 0o1777)
        tests = argv or scripts()
        alone = [test for test in tests if test != KEEPER]
        passed = not alone or passes(alone, directory)
        if KEEPER in tests:
            passed &= passes([KEEPER], directory, KEEPER='1')
        unused = set(wanted) - used(traces, wanted)
    for text in sorted(unused):
        print(f'never used: {text}')
    print(f'{len(wanted)} rows, {len(unused)} never used')
    return passed and (bool(argv) or not unused)


if __name__ == '__main__':
    tracegate.run(main)
