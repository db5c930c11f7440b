"""Scenarios of a daemon, their goldens, and what becomes of both.

A suite is a Python file with a Daemon (tracegate.py) and scenarios:

    from tracesuite import Daemon, scenario

    class Mine(Daemon):
        def command(self):
            return ['./mydaemon', '--port', '8080']

    @scenario()
    def a_line_comes_back(s):
        '''One client, one line.'''
        c = s.client()
        c.send(b'hello\\n')
        c.expect(b'hello\\n')
        c.close()

Each scenario is a function of a Stage (tracepeers.py); its docstring heads
the golden. Looks come before acts: under pile-up everything inside
`s.at_once()` happens while the daemon is held. Goldens stand in "golden"
beside the file. The module may say PROFILE (which promises; default "any"),
PROMISES (classes of its own), WAIVED (names of promises that it is known to
break), and TIMERS (name: milliseconds).
"""

import difflib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import tracecalls
import traceprops
from tracecalls import Call
from tracegate import Corrupt, Daemon, Ended, Stall
from tracepeers import Stage, pattern   # noqa: F401  pattern for suites

GATES = ('lockstep', 'pileup')
BLESS_RUNS = 20
SCENARIOS = {}
RANGE = re.compile(r'\[(\d+)\.\.(\d+)\)')


def scenario(budget=0, gates=GATES, whole=False, **stage):
    """`budget`: the most calls, log lines apart, from the wait that brings
    the connection to its last close: lock-step, then pile-up (one number:
    both; 0: any). `whole` keeps the daemon's end in the golden; gate "free"
    has none, for the sizes of its reads are the kernel's choice."""
    budgets = budget if isinstance(budget, tuple) else (budget, budget)

    def add(play):
        play.name = play.__name__.replace('_', '-')
        play.budget = dict(zip(GATES, budgets), free=0)
        play.gates, play.whole, play.stage = gates, whole, stage
        SCENARIOS[play.name] = play
        return play
    return add


class Run:
    """What came of one scenario, played once."""

    def __init__(self):
        self.trace = self.cut = ''      # all of it; the scenario's own part
        self.faults, self.calls = [], 0


def without_gate(trace):
    """The waits that the pile-up gate interrupted are its own noise."""
    def is_noise(line):
        call = Call(line)
        return call.verb == 'wait' and call.error == 'EINTR'
    return ''.join(line + '\n' for line in trace.splitlines()
                   if line.startswith('#') or not is_noise(line))


def by_task(lines):
    """Tasks run side by side, in an order of chance: each one's lines stay
    together, and which of two closes the last copy is left out."""
    tasks = {}
    for line in lines:
        tasks.setdefault(Call(line).task, []).append(line)
    if len(tasks) > 1:
        tasks = {task: [line.replace(' close copy', ' close') for line in own]
                 for task, own in tasks.items()}
    return [line for _, own in sorted(tasks.items()) for line in own]


def lacks_room(call):
    """May it be told later that there is room?"""
    offered = RANGE.search(' '.join(call.args[:1]))
    return call.verb == 'connect' or call.verb == 'send' and (
        call.error == 'EAGAIN' or offered and call.result.isdigit() and
        int(call.result) < int(offered[2]) - int(offered[1]))


def without_edges(lines):
    """In edge mode each acknowledgement may report OUT once more, or not: OUT
    alone of what does not lack room is left out, and a wait that brought
    nothing else."""
    edge, lacking, kept = set(), set(), []
    for line in lines:
        call = Call(line)
        if call.verb in ('add', 'mod') and len(call.args) > 1:
            (edge.add if 'ET' in call.args[1].split('|')
             else edge.discard)(call.args[0])
        elif lacks_room(call):
            lacking.add(call.who)
        elif call.verb == 'wait':
            idle = {f'{who}:OUT' for who, bits, _ in call.events
                    if bits == {'OUT'} and who in edge - lacking}
            lacking -= {who for who, bits, _ in call.events if 'OUT' in bits}
            if idle and len(idle) == len(call.events):
                continue
            line = ' '.join(w for w in line.split(' ') if w not in idle)
        kept.append(line)
    return kept


def without_ticks(lines):
    """A wait that only its time has ended, with the next one right behind it,
    is the beat of a clock: how many there are is chance."""
    calls = [Call(line) for line in lines]
    ticks = [a.verb == b.verb == 'wait' and a.result == '-' and
             (a.who, a.task) == (b.who, b.task)
             for a, b in zip(calls, calls[1:])]
    return [line for line, tick in zip(lines, ticks + [False]) if not tick]


class Suite:
    """Of one daemon; derive from it where a file is not enough."""

    profile = 'any'
    promises = waived = ()
    timers = {}

    def __init__(self, directory, scenarios=None, daemon=None):
        self.golden = os.path.join(directory, 'golden')
        self.scenarios = SCENARIOS if scenarios is None else scenarios
        self.daemon = daemon

    def start(self, play, device, path, inject=()):
        return self.daemon(device, path, inject)

    def timers_of(self, play):
        return self.timers

    def header(self, play, gate):
        return {'budget': play.budget.get(gate, 0), 'profile': self.profile}

    def body(self, play, run):
        """The lines of the golden."""
        text = run.trace if play.whole else run.cut
        return without_ticks(without_edges(by_task(
            [line for line in text.splitlines() if not line.startswith('#')])))

    def stage(self, play, gate, directory, inject=(), **more):
        return Stage(gate, directory, lambda device, path: self.start(
            play, device, path, inject), **dict(play.stage, **more))

    def play_once(self, play, gate, inject=(), **more):
        """Plays it, on a Stage with `more` options; what the peers met that
        they should not have met is the first fault."""
        run = Run()
        directory = tempfile.mkdtemp(prefix='trace-')
        try:
            s = self.stage(play, gate, directory, inject, **more)
            try:
                self._play_and_end(play, s, run)
                timers = [word for name, ms in self.timers_of(play).items()
                          for word in ('-w', f'{name}={ms}')]
                run.trace = s.daemon.trace(s.streams, directory, timers)
                run.cut = s.daemon.trace(s.streams, directory, timers,
                                         s.daemon.end)
            finally:
                s.finish()
        except Stall as e:      # it does not start, or its trace is none
            run.faults.append(('peers', 'end', str(e)))
        finally:
            shutil.rmtree(directory)
        if not run.faults and not inject and not tracecalls.parse(
                run.trace)[1]:
            run.faults.append(('peers', 'end', 'there is no call in the '
                               'trace: did it write what "ready" says?'))
        if gate == 'pileup':
            run.trace = without_gate(run.trace)
            run.cut = without_gate(run.cut)
        faults, run.calls = traceprops.check(
            run.trace, self.header(play, gate), self.promises)
        run.faults += [f for f in faults if f[0] not in self.waived]
        return run

    def _play_and_end(self, play, s, run):
        try:
            play(s)
            if s.gate:
                s.daemon.settle(woken=False)
            s.daemon.mark_end()
            code = s.daemon.stop()
            if code != 0 and s.daemon.exits_with_0:
                run.faults.append(('exit', 'end', f'status {code}'))
        except (Stall, Ended, Corrupt, OSError) as e:
            run.faults.append(('peers', 'end', f'{type(e).__name__}: {e}'))
            self._end_anyhow(s, isinstance(e, Stall))

    @staticmethod
    def _end_anyhow(s, stalled):
        """strace writes a wait when it returns: what the daemon slept on
        through the failure shows only now. What it does at its end, and when
        the signal finds each task, is no more the scenario's."""
        try:
            if s.gate and not stalled:
                s.daemon.settle(woken=False)
                s.daemon.mark_end()
            s.daemon.stop(1)
        except Stall:
            pass

    # -- goldens

    def path_of(self, play, gate):
        return os.path.join(self.golden, f'{play.name}.{gate}')

    def read_golden(self, play, gate):
        try:
            with open(self.path_of(play, gate)) as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            return None
        return [line for line in lines if not line.startswith('#')]

    def jobs(self, names=()):
        return [(self.scenarios[name], gate)
                for name in names or self.scenarios
                for gate in self.scenarios[name].gates]

    def _check_one(self, job):
        """The errors of one scenario under one gate, and its calls."""
        play, gate = job
        run = self.play_once(play, gate)
        errors = [f'{name}: line {number} of show: {why}'
                  for name, number, why in run.faults]
        golden, now = self.read_golden(play, gate), self.body(play, run)
        if gate == 'free':
            pass
        elif golden is None:
            errors.append('no golden: bless it')
        elif golden != now:
            errors += list(difflib.unified_diff(
                golden, now, self.path_of(play, gate), 'this run',
                lineterm=''))
        return job, errors, run.calls

    def check(self, names=()):
        good = True
        with ThreadPoolExecutor(2) as pool:
            for (play, gate), errors, calls in pool.map(
                    self._check_one, self.jobs(names)):
                good &= not errors
                budget = play.budget[gate]
                print(f'{"ok  " if not errors else "FAIL"} {play.name} '
                      f'{gate}'
                      + (f': {calls} calls, budget {budget}' if budget
                         else f': {calls} calls' if calls else ''))
                for line in errors:
                    print('    ' + line)
        return good

    def _agreed(self, play, gate):
        """What all runs show, or None after saying how two of them differ."""
        first = None
        for n in range(1, BLESS_RUNS + 1):
            run = self.play_once(play, gate)
            wrong = run.faults if n == 1 or self.profile == 'strict' else [
                f for f in run.faults if f[0] in ('peers', 'exit')]
            if wrong:
                print(f'{play.name} {gate}: run {n} breaks a promise:')
                print(*(f'    {name}: line {number}: {why}'
                        for name, number, why in wrong), sep='\n')
                if self.profile == 'strict' or wrong[0][0] in ('peers',
                                                               'exit'):
                    return None
            now = self.body(play, run)
            if first is None:
                first = now
            if now != first:
                print(f'{play.name} {gate}: run {n} differs from run 1')
                say_changes(first, now)
                return None
        return first

    def _bless_one(self, job):
        play, gate = job
        lines = self._agreed(play, gate)
        if lines is None:
            return False
        old = self.read_golden(play, gate)
        if old == lines:
            return True
        print(f'{play.name} {gate}: {"changed" if old else "new"}, '
              f'{len(lines)} lines')
        if old:
            say_changes(old, lines)
        doc = ' '.join((play.__doc__ or '').split())
        budget = play.budget[gate]
        os.makedirs(self.golden, exist_ok=True)
        with open(self.path_of(play, gate), 'w') as f:
            f.write(f'# {play.name}  gate={gate}'
                    + (f'  budget={budget}' if budget else '')
                    + f'\n# {doc}\n# {versions()}\n'
                    + '\n'.join(lines) + '\n')
        return True

    def bless(self, names=()):
        with ThreadPoolExecutor(2) as pool:
            return all(list(pool.map(self._bless_one, [
                job for job in self.jobs(names) if job[1] != 'free'])))


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


def versions():
    strace = subprocess.run(['strace', '--version'], capture_output=True,
                            text=True).stdout.split('\n')[0].split()[-1]
    kernel = '.'.join(platform.release().split('.')[:2])
    return f'linux {kernel}, strace {strace}, {" ".join(platform.libc_ver())}'


def load(path):
    """The suite that a Python file describes."""
    directory = os.path.dirname(os.path.abspath(path))
    sys.path.insert(0, directory)
    SCENARIOS.clear()
    spec = importlib.util.spec_from_file_location('suite', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    daemons = [c for c in vars(module).values() if isinstance(c, type) and
               issubclass(c, Daemon) and c.__module__ == 'suite']
    if not daemons or not SCENARIOS:
        raise SystemExit(f'{path}: a suite has a Daemon and @scenario()s')
    suite = Suite(directory, dict(SCENARIOS), daemons[-1])
    suite.profile = getattr(module, 'PROFILE', suite.profile)
    suite.promises = getattr(module, 'PROMISES', suite.promises)
    suite.waived = getattr(module, 'WAIVED', suite.waived)
    suite.timers = getattr(module, 'TIMERS', suite.timers)
    return suite
