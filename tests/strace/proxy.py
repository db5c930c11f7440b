"""How the suite starts the proxy: its command line, strace's, and the line that
it writes when it is ready.

Starts it itself: strace runs it, stopped and let go between its calls, and what
is awaited is looked for without a moment between two looks."""

import datetime
import functools
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, 'contrib', 'trace'),
                os.path.join(ROOT, 'tests', 'lib')]

import tracegate
import tracesuite
from sallyport import PROGRAM, TEMPDEV, Listening

# Of whoever looks whether the jail changes anything: SANDBOX=on.
SANDBOX = os.environ.get('SANDBOX', 'off')
READY_TEXT = 'ready on'
READY = re.compile(rb'ready on (?:([0-9.]+):(\d+)|(/[^,]+))')
# What its address space may grow by after READY: as good as nothing.
GROW_BYTES = 1 << 20


def month():
    """The seed of today's samples."""
    return datetime.date.today().strftime('%Y-%m')


def strace(trace_path, rules, *more):
    """strace's command line, for a program behind it."""
    return ['strace', '-qq', '-v', '-s', '512', '-e', 'trace=!getpid', '-o',
            trace_path, *more,
            *(word for rule in rules for word in ('-e', 'inject=' + rule))]


def emulator():
    """The emulated device, without its delays."""
    return Listening(TEMPDEV, '--listen', '0', '--instant', '--uptime', '100',
                     '--console', os.devnull)


class Proxy(tracegate.Daemon):
    ready, exits_with_0, form = READY_TEXT, True, ()
    environment = {'ASAN_OPTIONS': 'detect_leaks=0'}

    def __init__(self, settings, device, trace_path, inject=(),
                 grow_bytes=GROW_BYTES, listen='127.0.0.1:0',
                 host='127.0.0.1', emulated=False):
        self.emulator = emulator() if emulated else None
        if emulated:
            device = self.emulator.port
        directory = os.path.dirname(trace_path)
        self.settings = [word.format(dir=directory) for word in settings]
        self.listen, self.host = listen.format(dir=directory), host
        super().__init__(device, trace_path, inject)
        if grow_bytes is not None:
            self.cap_memory(grow_bytes)

    def kill(self):
        super().kill()
        if self.emulator:
            self.emulator.stop()

    def command(self):
        return [PROGRAM, '--single', '--sandbox', SANDBOX, *self.settings,
                self.listen,
                f'{self.host}:{self.device}']

    def front(self):
        m = READY.search(self.err)
        if m and m[3]:
            return m[3].decode()
        return (m[1].decode(), int(m[2])) if m else None

    def asleep(self):
        return tracegate.state(self.pid, self.pid) == 'S' and \
            tracegate.call_of(self.pid, self.pid) in tracegate.EPOLL_CALLS


# Timers of these lengths, far from any that a run meets and far apart, show
# in a golden by name; what is shorter is T.
FIRST_TIMER_MS, TIMER_STEP_MS = 100000, 10000


@functools.lru_cache(maxsize=None)
def timers(settings):
    """{name: ms}: a length for each timer in force that `settings` leave
    alone, whatever the timers are called today."""
    run = subprocess.run(
        [PROGRAM, '--show-config', *settings, '127.0.0.1:0', '127.0.0.1:9'],
        capture_output=True, text=True)
    names = [words[0] for words in map(str.split, run.stdout.splitlines())
             if len(words) == 2 and words[0].endswith('-timeout') and
             words[1] != '0' and words[0] != 'user-timeout' and
             '--' + words[0] not in settings]
    return {name: FIRST_TIMER_MS + TIMER_STEP_MS * n
            for n, name in enumerate(names)}


class ProxySuite(tracesuite.Suite):
    """Scenarios have settings for the command line, and may inject."""

    profile = 'strict'

    def start(self, play, device, path, inject=(), settings=None):
        if settings is None:
            settings = play.settings + [
                word for name, ms in timers(tuple(play.settings)).items()
                for word in ('--' + name, f'{ms}ms')]
        return Proxy(settings, device, path, [*play.inject, *inject],
                     play.grow_bytes, **play.ends)

    def timers_of(self, play):
        return dict(timers(tuple(play.settings)),
                    T=FIRST_TIMER_MS - TIMER_STEP_MS)

    def header(self, play, gate):
        said = dict(super().header(play, gate), waive=','.join(play.waived))
        if {'--half-close', '--on-device-fin', '--profile'} & set(
                play.settings):
            said['half-close'] = 'no'
        return said

    def body(self, play, run):
        """Up to the signal that ends the proxy, or, where that is the
        subject, without the tidying up at the very end."""
        lines = []
        for line in run.trace.splitlines():
            if line.startswith('E wait') and ' G:IN' in line and \
                    not play.whole:
                break
            if not (line[0] == '#' or play.whole and line[0] in '-F'):
                lines.append(line)
        return lines


def scenario(budget, settings=(), inject=(), grow_bytes=GROW_BYTES,
             waived=(), ends=None, **more):
    """tracesuite's, with settings ("{dir}" is the run's directory), rules to
    inject, how many bytes the address space may grow by, promises that do not
    fit, and, in `ends`, where it listens, under which name the device is
    known, or that it is the emulated one."""
    declare = tracesuite.scenario(budget, **more)

    def add(play):
        play.settings, play.inject = list(settings), list(inject)
        play.grow_bytes, play.waived = grow_bytes, waived
        play.ends = ends or {}
        return declare(play)
    return add


SUITE = ProxySuite(HERE)
