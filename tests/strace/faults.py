#!/usr/bin/env python3
"""Proves, on a sample that the month draws, that a failing system call ends at
most the connection it concerns: nothing crashes, stalls, leaks or lies. The
errno sweep: what if any system call fails, at any moment?

    faults.py [sample S]      as many runs as S seconds allow, in an order
                              that the month decides; exit 1 on any failure
    faults.py all REPORT DIR  every run; writes the report. What came of a
                              scenario is kept in DIR: one that is there is
                              not played again
    faults.py one SCENARIO RULE...
                              one run, with its trace, to look into a failure

A rule is strace's: CALL:error=ERRNO:when=K. The scenario is played without
a gate beside a bystander, a connection opened before and used after. Asked
of every run: the proxy lives, nothing stalls 2 s beyond the timers in play
(a run that was late is played once more, with all clocks slowed, and judged
by that: a busy machine is late once, a stall is for ever),
no socket is left when the peers are gone, the bystander's bytes are exact,
P1 to P15 hold, and TERM ends the proxy with status 0.
"""

import ctypes
import fcntl
import os
import random
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import proxy
import tracegate
import traceprops
from traceerrnos import DELAYS_US, ERRNOS, SIGNALS, moments
from tracefaults import counts
from tracepeers import Stage, pattern
from features import PROBE
from scenarios import SCENARIOS

# Not those made of injection, nor the longest streams.
PLAYED = [name for name in SCENARIOS if name not in (
    'local-exchange', 'refused-and-retried', 'held-bulk', 'bulk-both-ways',
    'slow-reader-copied')]
# Short timers, so that a run that waits for one is over soon.
TIMERS_MS = {'--connect-timeout': 200, '--idle-timeout': 300,
             '--fin-timeout': 200, '--send-timeout': 300,
             '--linger-timeout': 200, '--drain-timeout': 500,
             '--stream-timeout': 300}
# What a scenario sets itself, and is shorter here.
SHORTER_MS = {'--first-byte-timeout': 150}
TIMER_S = 0.5
STALL_S = 2 + TIMER_S
SAMPLE_S = 25
MOMENTS = 20
RUN_S = 20
SLOWED = 6
CLEAN_SLOWED = (1, 1, 2, 2, 4, 4, 6, 6)
EXITS = {0}
DIES_OF_WAIT = 71       # a wait that fails for ever ends the proxy, said so
WORKERS = int(os.environ.get('WORKERS', 8))
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1


def own_network():
    """A loopback of our own, if we may. On the machine's, a proxy of another
    test may still try a port where its device was, and which is now ours:
    what it sends is then "other bytes than were sent"."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0:
        with socket.socket() as s:
            fcntl.ioctl(s, SIOCSIFFLAGS,
                        struct.pack('16sh22x', b'lo', IFF_UP))


class Bystander:
    """A connection that was there before, and has nothing to do with it."""

    def __init__(self, stage):
        self.up = stage.stream('byc', pattern('byc', 64))
        self.down = stage.stream('byd', pattern('byd', 64))
        self.client, self.device = stage.client(), None
        self.exchange(slice(0, 32), stage.accepted)

    def exchange(self, part, accepted=lambda: None):
        self.client.send(self.up[part])
        self.device = self.device or accepted()
        self.device.expect(self.up[part])
        self.device.send(self.down[part])
        self.client.expect(self.down[part])

    def finish(self):
        self.exchange(slice(32, 64))
        self.device.shut()
        self.client.ended()
        self.client.close()
        self.device.ended()
        self.device.close()


def settings_of(play, slowed):
    timers = dict(TIMERS_MS)
    if 'buffers' in play.stage:     # takes its time, and a bystander idles
        timers['--idle-timeout'] = 1000
    if '--profile' in play.settings:    # nobody answers a probe
        timers['--first-byte-timeout'] = 300
    own = [f'{SHORTER_MS[name] * slowed}ms' if name in SHORTER_MS else word
           for name, word in zip(['', *play.settings], play.settings)]
    return own + [word for name, ms in timers.items()
                  if name not in play.settings
                  for word in (name, f'{ms * slowed}ms')]


def sockets(pid):
    """How many sockets the process has open."""
    return sum(tracegate.is_socket(pid, fd)
               for fd in tracegate.descriptors(pid))


def calls_so_far(trace_path):
    with open(trace_path) as f:
        return counts(f.read())


class Verdict:
    def __init__(self, scenario, rules):
        self.scenario, self.rules = scenario, rules
        self.failures, self.injected, self.calls = [], 0, 0
        self.worst_s, self.trace = 0.0, ''
        self.first = self.last = None
        self.early = None       # why a connection ended before its time
        self.stalls = 0         # how many of the failures are of time only

    def fail(self, text):
        self.failures.append(text)

    def stall(self, text):
        self.stalls += 1
        self.fail(f'stall: {text}')

    def is_only_late(self):
        return 0 < self.stalls == len(self.failures)

    def __str__(self):
        return f'{self.scenario} {" ".join(self.rules)}: ' + \
            '; '.join(self.failures)


class FaultRun:
    """One scenario with injected rules, from start to verdict."""

    def __init__(self, scenario, rules, slowed):
        self.play, self.rules = SCENARIOS[scenario], rules
        self.slowed, self.stall_s = slowed, STALL_S * slowed
        self.verdict = Verdict(scenario, rules)
        self.lame = any(r.startswith('close:error') for r in rules)
        # Nobody is to blame for a client that the kernel never hands over.
        self.short = any(r.startswith('accept4:') and r.endswith('+')
                         for r in rules)
        self.directory = tempfile.mkdtemp(prefix='faults-')

    def run(self):
        s = None
        try:
            s = Stage(
                'free', self.directory, lambda device, path: proxy.SUITE.start(
                    self.play, device, path, self.rules,
                    settings_of(self.play, self.slowed)),
                0.5 if self.lame else self.stall_s, **self.play.stage)
            self._on_stage(s)
        except tracegate.Stall as e:
            self.verdict.stall(e)
        finally:
            if s:
                self.verdict.worst_s = s.worst_s
                s.finish()
            shutil.rmtree(self.directory)
        return self.verdict

    def _on_stage(self, s):
        by = None
        # Elsewhere there is room for one only, a header before its bytes, or
        # the proxy has ended before.
        if s.listening and not self.play.whole and not {
                '--profile', '--slots', '--send-proxy',
                '--accept-proxy'} & set(self.play.settings):
            by = self._shielded(lambda: Bystander(s))
        s.daemon.settle(woken=False)
        self.baseline = sockets(s.daemon.pid)
        if not self.rules:
            self.verdict.first = calls_so_far(s.daemon.trace_path)
        self._shielded(lambda: self.play(s))
        self._leave(s, by)
        if not self.rules:
            self.verdict.last = calls_so_far(s.daemon.trace_path)
        if by:
            self._shielded(by.finish)
        self._end(s)

    def _shielded(self, act):
        """The proxy may end a connection early; it may neither stall it nor
        falsify it."""
        try:
            return act()
        except (tracegate.Ended, OSError) as e:
            self.verdict.early = str(e)
        except tracegate.Corrupt as e:
            self.verdict.fail(f'corrupt: {e}')
        except tracegate.Stall as e:
            if not (self.lame or self.short):
                self.verdict.stall(e)
        return None

    def _leave(self, s, by):
        """All peers of the scenario go; the proxy must forget them. (A close
        that strace suppresses leaks, whatever the proxy does.)"""
        mine = (by.client, by.device) if by else ()
        for peer in s.peers:
            if peer not in mine:
                peer.sock.close()
        if self.lame:
            return
        try:
            tracegate.until('sockets are left', lambda: s.daemon.gone() or
                            sockets(s.daemon.pid) <= self.baseline,
                            self.stall_s)
        except tracegate.Stall as e:
            self.verdict.stall(f'{e}: {sockets(s.daemon.pid)}, '
                               f'{self.baseline} before')

    def _end(self, s):
        v = self.verdict
        try:
            code = s.daemon.stop(self.stall_s)
        except tracegate.Stall as e:
            v.stall(e)
            code = 0
        allowed = EXITS | ({DIES_OF_WAIT} if self._wait_is_broken() else set())
        if code not in allowed:
            v.fail(f'exit status {code}')
        if s.streams:   # a fault may have the device suspected, and probed
            s.stream('probe', PROBE % s.device_port)
        v.trace = s.daemon.trace(s.streams, self.directory)
        v.injected = s.daemon.injections()
        said = proxy.SUITE.header(self.play, 'free')
        faults, v.calls = traceprops.check(v.trace, said)
        faults = [f for f in faults if f[0] == 'P5' or not self.lame]
        for name, number, why in faults[:3]:
            v.fail(f'{name}: line {number}: {why}')

    def _wait_is_broken(self):
        return any(r.startswith('epoll_') and r.endswith('+')
                   for r in self.rules)


def raise_stall(number, frame):
    raise tracegate.Stall('the run does not end')


def play(job):
    verdict = play_slowed(*job, 1)
    return play_slowed(*job, SLOWED) if verdict.is_only_late() else verdict


def play_slowed(scenario, rules, slowed):
    signal.signal(signal.SIGALRM, raise_stall)
    signal.alarm(RUN_S * slowed)
    try:
        return FaultRun(scenario, rules, slowed).run()
    except Exception as e:      # a bug of the driver is a failure, not an end
        v = Verdict(scenario, rules)
        v.fail(f'driver: {type(e).__name__}: {e}')
        return v
    finally:
        signal.alarm(0)


def rules_for(call, k):
    """Everything worth injecting at the k-th `call`."""
    for errno in ERRNOS.get(call, ()):
        for when in moments(call, errno, k):
            yield f'{call}:error={errno}:when={when}'
    for name in SIGNALS:
        yield f'{call}:signal={name}:when={k}'
    for delay in DELAYS_US:
        yield f'{call}:{delay}:when={k}'


def jobs_of(scenario):
    """Every run of a scenario: measured on a clean one. Of many calls of a
    kind the first ones and the last are tried."""
    for slowed in CLEAN_SLOWED:     # a busy machine may be late for a timer
        clean = play_slowed(scenario, [], slowed)
        if not clean.failures and not clean.early:
            break
    else:
        raise SystemExit(f'the clean run fails: {clean} {clean.early or ""}')
    for call in sorted(clean.last):
        all_k = range(clean.first[call] + 1, clean.last[call] + 1)
        for k in (*all_k[:MOMENTS], *all_k[MOMENTS:][-1:]):
            for rule in rules_for(call, k):
                yield scenario, [rule]


def all_jobs():
    return [job for name in PLAYED for job in jobs_of(name)]


class Tally:
    def __init__(self):
        self.runs, self.injected, self.bad = Counter(), Counter(), []
        self.worst = None

    def add(self, v):
        self.runs[v.scenario] += 1
        self.injected[v.scenario] += v.injected > 0
        if not self.worst or v.worst_s > self.worst.worst_s:
            self.worst = v
        if v.failures:
            self.bad.append(v)

    def say(self, out):
        total = sum(self.runs.values())
        print(f'{total} runs, {len(self.bad)} failures; worst wait '
              f'{self.worst.worst_s:.2f} s: {self.worst.scenario} '
              f'{" ".join(self.worst.rules)}', file=out)


def sweep(jobs, seconds=float('inf')):
    """Runs wait for timers more than they compute: hence the workers."""
    tally, end = Tally(), time.monotonic() + seconds
    with ProcessPoolExecutor(WORKERS, initializer=own_network) as pool:
        for v in pool.map(play, jobs):
            tally.add(v)
            if v.failures:
                print(v, flush=True)
            if time.monotonic() > end:
                pool.shutdown(cancel_futures=True)
                break
    return tally


def sample(seconds):
    jobs = all_jobs()
    random.Random(proxy.month()).shuffle(jobs)
    tally = sweep(jobs, seconds)
    print(f'of {len(jobs)} runs in the order of seed {proxy.month()}:')
    tally.say(sys.stdout)
    return not tally.bad


def show_one(scenario, rules):
    v = play((scenario, rules))
    print(v.trace, end='')
    print(v, f'[{v.injected} injected, {v.calls} calls, '
          f'{v.worst_s:.2f} s]')
    return not v.failures


def main(argv):
    tracegate.require_strace()
    own_network()
    if argv[:1] == ['one']:
        return show_one(argv[1], argv[2:])
    if argv[:1] != ['all']:
        return sample(float(argv[1]) if argv[1:] else SAMPLE_S)
    import report
    rows = [report.row(name, argv[2], jobs_of, sweep) for name in PLAYED]
    return report.write(rows, argv[1])


if __name__ == '__main__':
    tracegate.run(main)
