#!/usr/bin/env python3
"""Compares the proxy's traces with the goldens, or writes them anew.

    golden.py check [SCENARIO...]   plays each under each of its gates
    golden.py bless [SCENARIO...]   writes what 20 runs agree on, and says
                                    which calls were added, removed, moved
    golden.py show SCENARIO GATE    one run's trace, for the eye
    golden.py faults SCENARIO GATE  the names of the promises it breaks

Exit 77 with the reason as the last line when strace cannot do its work.
"""

import difflib
import os
import platform
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import proxy
import tracegate
from runner import body, play_once
from scenarios import SCENARIOS

HERE = os.path.dirname(os.path.abspath(__file__))
BLESS_RUNS = 20


def path_of(play, gate):
    return os.path.join(HERE, 'golden', f'{play.name}.{gate}')


def read_golden(play, gate):
    try:
        with open(path_of(play, gate)) as f:
            lines = f.read().splitlines()
    except FileNotFoundError:
        return None
    return [line for line in lines if not line.startswith('#')]


def changes(old, new):
    """Lines added, removed, and moved: gone from one place and come up in
    another."""
    gone, come = Counter(), Counter()
    for line in difflib.ndiff(old, new):
        if line.startswith('- '):
            gone[line[2:]] += 1
        elif line.startswith('+ '):
            come[line[2:]] += 1
    moved = gone & come
    return come - moved, gone - moved, moved


def say_changes(old, new):
    for word, lines in zip(('added', 'removed', 'moved'),
                           changes(old, new)):
        for line, count in sorted(lines.items()):
            print(f'    {word:8}{line}' + (f'  x{count}' * (count > 1)))


def check_one(job):
    """The complaints about one scenario under one gate, and its calls."""
    play, gate = job
    run = play_once(play, gate)
    complaints = [f'{name}: line {number} of show: {why}'
                  for name, number, why in run.faults]
    golden, now = read_golden(play, gate), body(play, run.trace)
    if gate == 'free':
        pass
    elif golden is None:
        complaints.append('no golden: make bless')
    elif golden != now:
        complaints += list(difflib.unified_diff(
            golden, now, path_of(play, gate), 'this run', lineterm=''))
    return job, complaints, run.calls


def check(jobs):
    good = True
    with ThreadPoolExecutor(2) as pool:
        for (play, gate), complaints, calls in pool.map(check_one, jobs):
            good &= not complaints
            print(f'{"ok  " if not complaints else "FAIL"} {play.name} '
                  f'{gate}: {calls} calls, budget {play.budget[gate]}')
            for line in complaints:
                print('    ' + line)
    return good


def versions():
    strace = subprocess.run(['strace', '--version'], capture_output=True,
                            text=True).stdout.split('\n')[0].split()[-1]
    kernel = '.'.join(platform.release().split('.')[:2])
    return f'linux {kernel}, strace {strace}, {" ".join(platform.libc_ver())}'


def heading(play, gate):
    doc = ' '.join(play.__doc__.split())
    return (f'# {play.name}  gate={gate}  budget={play.budget[gate]}\n'
            f'# {doc}\n# {versions()}\n')


def agreed(play, gate):
    """What all runs show, or None after saying how two of them differ."""
    first = None
    for n in range(1, BLESS_RUNS + 1):
        run = play_once(play, gate)
        if run.faults:
            print(f'{play.name} {gate}: run {n} breaks a promise: '
                  f'{run.faults}')
            return None
        now = body(play, run.trace)
        if first is None:
            first = now
        if now != first:
            print(f'{play.name} {gate}: run {n} differs from run 1')
            say_changes(first, now)
            return None
    return first


def bless_one(job):
    play, gate = job
    lines = agreed(play, gate)
    if lines is None:
        return False
    old = read_golden(play, gate)
    if old == lines:
        return True
    print(f'{play.name} {gate}: {"changed" if old else "new"}, '
          f'{len(lines)} lines')
    if old:
        say_changes(old, lines)
    with open(path_of(play, gate), 'w') as f:
        f.write(heading(play, gate) + '\n'.join(lines) + '\n')
    return True


def bless(jobs):
    with ThreadPoolExecutor(2) as pool:
        return all(list(pool.map(bless_one, jobs)))


def main(argv):
    command, names = argv[0], argv[1:]
    tracegate.require_strace()
    if command == 'faults':
        run = play_once(SCENARIOS[names[0]], names[1])
        print(*sorted({name for name, _, _ in run.faults}))
        return True
    if command == 'show':
        run = play_once(SCENARIOS[names[0]], names[1])
        print(run.trace, end='')
        print(*run.faults, sep='\n')
        return True
    jobs = [(SCENARIOS[name], gate) for name in names or SCENARIOS
            for gate in SCENARIOS[name].gates]
    if command == 'check':
        return check(jobs)
    return bless([job for job in jobs if job[1] != 'free'])


if __name__ == '__main__':
    try:
        sys.exit(0 if main(sys.argv[1:]) else 1)
    except tracegate.Skip as reason:
        print(reason)
        sys.exit(77)
