#!/usr/bin/env python3
"""Plays our scenarios through other relays, and writes what came of it.

    others.py [FILE]    writes doc/traces-of-others.md, or FILE

Under both gates, twice each. The promises are those of the profile
"relay"; what a peer did not get, though the other had sent it, is told as
well. Programs that are not installed are left out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict

import proxy
import tracegate
import traceprops
import tracesuite
from scenarios import SCENARIOS

sys.path.insert(0, os.path.join(proxy.HERE, 'strangers'))
import record

RUNS = 2
PLAYED = ('request-then-eof', 'short-http', 'answer-in-two-parts',
          'client-closes-late', 'server-closes-late', 'half-close-by-device',
          'ping-pong', 'client-resets', 'client-resets-after-request',
          'client-resets-after-fin', 'device-resets-before-reply',
          'device-resets-during-reply', 'device-refuses')
PROGRAMS = {
    'HAProxy': ('haproxy', 'haproxy -v', '`mode tcp`, one thread, timeouts '
                'of 2 and 9 s'),
    'nginx': ('nginx', 'nginx -v', 'stream, `proxy_half_close on`'),
    'pen': ('pen', "dpkg-query -f '${Version}' -W pen", 'defaults'),
    'socat': ('socat', 'socat -V | sed -n 2p', '`-t 10 TCP-LISTEN:...,fork`'),
    'socket-proxyd': ('socket-proxyd', '/lib/systemd/systemd-socket-proxyd '
                      '--version', 'defaults'),
    'sallyport': (None, proxy.PROGRAM + ' --version', 'defaults'),
}


class Relay(record.Stranger):
    strace_options = ()
    patience_s = 0.5

    def __init__(self, name, directory, device, path):
        self.words = record.PROGRAMS[name][0](
            directory, record.relays.free_port(), device)
        self.strace = ('-s', '512', '-e', record.CALLS)
        tracegate.Daemon.__init__(self, device, path)


class OthersSuite(tracesuite.Suite):
    profile = 'relay'

    def __init__(self, name):
        super().__init__('', SCENARIOS)
        self.name, self.directory = name, tempfile.mkdtemp(prefix='others-')

    def start(self, play, device, path, inject=()):
        if self.name:
            return self._relay(device, path)
        return proxy.Proxy([], device, path, grow_bytes=None)

    def _relay(self, device, path):
        for attempt in range(4):
            try:
                return Relay(self.name, self.directory, device, path)
            except tracegate.Stall:     # its port was taken meanwhile
                if attempt == 3:
                    raise
        return None

    def header(self, play, gate):
        return {'profile': 'relay'}

    def stage(self, play, gate, directory, inject=(), **more):
        return super().stage(play, gate, directory, inject, deadline_s=8,
                             **more)


class Findings:
    def __init__(self):
        self.plays = 0
        self.broken = defaultdict(dict)     # promise: {play: (line, why)}
        self.unjudged = {}
        self.unmet = {}                     # what peers missed: {play: why}

    def add(self, play, gate, run):
        self.plays += 1
        where = f'{play.name}, {gate}'
        lines = run.trace.splitlines()
        for name, number, why in run.faults:
            if name in ('peers', 'exit'):
                self.unmet.setdefault(where, why)
            elif where not in self.broken[name]:
                said = lines[number - 1] if number != 'end' else 'the end'
                self.broken[name][where] = said, why
        for p in traceprops.examine(run.trace, {'profile': 'relay'})[0]:
            if traceprops.verdict(p)[0] == 'not judged' and p.unjudged:
                self.unjudged[type(p).__name__] = next(iter(p.unjudged))


def play_all(program):
    suite, found = OthersSuite(PROGRAMS[program][0]), Findings()
    try:
        for name in PLAYED:
            for gate in tracesuite.GATES:
                for _ in range(RUNS):
                    run = suite.play_once(SCENARIOS[name], gate)
                    found.add(SCENARIOS[name], gate, run)
    finally:
        shutil.rmtree(suite.directory, ignore_errors=True)
    return found


def version(command):
    run = subprocess.run(command, shell=True, capture_output=True, text=True)
    lines = (run.stdout + run.stderr).strip().splitlines()
    return lines[0] if run.returncode == 0 and lines else None


def cell(found, promise):
    if found.broken.get(promise):
        return f'**broken** ({len(found.broken[promise])})'
    return 'not judged' if promise in found.unjudged else 'kept'


def section(program, said, found):
    lines = [f'## {program}', '', f'{said}; {PROGRAMS[program][2]}.', '']
    for promise in traceprops.NAMES:
        places = found.broken.get(promise, {})
        for where, (line, why) in list(places.items())[:2]:
            lines += [f'- **{promise}** in {where}: {why}.', '',
                      f'      {line}', '']
        if len(places) > 2:
            others = sorted({w.split(',')[0] for w in list(places)[2:]})
            lines += [f'  Also in {", ".join(others)}.', '']
    for where, why in found.unmet.items():
        lines.append(f'- A peer missed something in {where}: {why}.')
    if not any(found.broken.values()) and not found.unmet:
        lines.append('Nothing is broken.')
    reasons = [f'{name} ({why})' for name, why in found.unjudged.items()
               if not found.broken.get(name)]
    if reasons:
        lines += ['', 'Not judged: ' + '; '.join(reasons) + '.']
    return lines + ['']


HEAD = '''# What other relays do

Made by `tests/strace/others.py`; do not edit. The {scenarios} scenarios of
exchanges and failures that the project plays through its own proxy, played
through others, under both gates (`lockstep`: one event after the other;
`pileup`: all at once), twice each. The promises are explained in
`testing.txt`. {versions}.

They are promises of a relay that is as exact as TCP allows, not of a good
program: a second `epoll_ctl` costs a microsecond, and a program may have its
reasons to end both sides when one has ended. Which of them matter is for the
reader to say; P14 and P15 are those by which bytes are lost, or a lost end
looks like a good one. A number in brackets counts scenarios and gates, of 26.
"where a reset was due": the other side had been reset, and the end came as a
FIN. "EOF after": bytes that had arrived were not passed on. P14 also counts an
end that was announced and not read, where nothing is lost; where bytes are
lost, an "EOF after" says so.

'''


def main(argv):
    tracegate.require_strace()
    path = argv[0] if argv else os.path.join(proxy.ROOT, 'doc',
                                             'traces-of-others.md')
    results = {}
    for program, (_, command, _) in PROGRAMS.items():
        said = version(command)
        if said:
            print(f'{program}: {said}', flush=True)
            results[program] = said, play_all(program)
    promises = [p for p in traceprops.NAMES
                if p in traceprops.PROFILES['relay']]
    with open(path, 'w') as f:
        f.write(HEAD.format(scenarios=len(PLAYED),
                            versions=tracesuite.versions().capitalize()))
        f.write('| | ' + ' | '.join(results) + ' |\n')
        f.write('|---' * (len(results) + 1) + '|\n')
        for promise in promises:
            f.write(f'| {promise} | ' + ' | '.join(
                cell(found, promise) for _, found in results.values())
                + ' |\n')
        f.write('| a peer missed something | ' + ' | '.join(
            str(len(found.unmet)) for _, found in results.values())
            + ' |\n\n')
        for program, (said, found) in results.items():
            f.write('\n'.join(section(program, said, found)) + '\n')
    return True


if __name__ == '__main__':
    tracegate.run(main)
