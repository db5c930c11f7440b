#!/usr/bin/env python3
"""Proves that the trace tests can fail: eighteen deliberate faults, one for
each promise and three that only a golden shows, are each found by name.

    mutants.py [FAULT...]       default: all

The faults are made between the proxy and the kernel by mutant.c, so that
they need no patch of sources that change.
"""

import os

import proxy
import startup
import tracegate
from sallyport import BUILD, is_sanitized
from scenarios import SCENARIOS

LIBRARY = os.path.join(BUILD, 'tests/strace/mutant.so')
# fault: by what it must be found, where it shows. "golden" is a difference.
FAULTS = {
    'connect-twice': ('P1', 'short-http', 'pileup'),
    'fin-waits': ('P2', 'request-then-eof', 'pileup'),
    'reads-on': ('P3', 'short-http', 'pileup'),
    'repeated-mask': ('P4', 'half-close-by-device', 'lockstep'),
    'spin': ('P5', 'short-http', 'lockstep'),
    'leak': ('P6', 'device-resets-before-reply', 'lockstep'),
    'sigpipe': ('P7', 'short-http', 'pileup'),
    'lost-bytes': ('P8', 'short-http', 'pileup'),
    'no-reset': ('P9', 'device-resets-before-reply', 'pileup'),
    'stale-event': ('P10', 'number-reused', 'pileup'),
    'greedy-accept': ('P11', 'short-http', 'lockstep'),
    'allocates': ('P12', 'short-http', 'lockstep'),
    'endless': ('P13', 'held-bulk', 'free'),
    'hup-closes': ('P14', 'request-then-eof', 'lockstep'),
    'cut-as-end': ('P15', 'device-resets-during-reply', 'lockstep'),
    'no-cloexec': ('golden', 'short-http', 'lockstep'),
    'slow-timers': ('golden', 'short-http', 'lockstep'),
    'delay': ('golden', 'start-up', ''),
}
# A peer that waits in vain has found the fault, too.
DEADLINE_S = 5
SAME_AS = {'cut-as-end': 'no-reset'}


def preload(fault):
    """strace's options that put the fault into the proxy alone."""
    return ('-E', 'LD_PRELOAD=' + LIBRARY, '-E',
            'MUTANT=' + SAME_AS.get(fault, fault))


def names_of(fault, name, gate):
    """What finds the fault."""
    if name == 'start-up':
        return {'golden'} if startup.differs(preload(fault)) else set()
    play = SCENARIOS[name]
    proxy.Proxy.strace = tracegate.Daemon.strace + preload(fault)
    run = proxy.SUITE.play_once(play, gate, deadline_s=DEADLINE_S)
    names = {name for name, _, _ in run.faults}
    golden = proxy.SUITE.read_golden(play, gate)
    if golden is not None and golden != proxy.SUITE.body(play, run):
        names.add('golden')
    return names


def check(fault):
    wanted, *where = FAULTS[fault]
    found = names_of(fault, *where)
    good = wanted in found
    print(f'{"ok  " if good else "FAIL"} {fault}: '
          + (f'{wanted}' if good else
             f'{wanted} not found; but {" ".join(sorted(found)) or "nothing"}'
             ), flush=True)
    return good


def main(faults):
    tracegate.require_strace()
    if is_sanitized():
        raise tracegate.Skip('the sanitizer must be loaded first')
    clean = names_of('none', 'short-http', 'lockstep')
    if clean:
        print('without a fault is found: ' + ' '.join(sorted(clean)))
        return False
    return all([check(fault) for fault in faults or FAULTS])


if __name__ == '__main__':
    tracegate.run(main)
