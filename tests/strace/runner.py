"""One scenario, once: played, ended, its trace normalised and checked."""

import shutil
import tempfile

import proxy
import traceprops
from tracegate import Corrupt, Ended, Stall


class Run:
    """What came of it."""

    def __init__(self):
        self.trace, self.faults, self.calls = '', [], 0


def header(play, gate):
    said = {'budget': play.budget.get(gate, 0), 'profile': 'strict'}
    if {'--half-close', '--on-device-fin', '--profile'} & set(play.settings):
        said['half-close'] = 'no'
    return said


def is_gate_noise(line):
    return line.startswith('E wait') and line.endswith('-> EINTR')


def body(play, trace):
    """The scenario's own lines: up to the signal that ends the proxy, or,
    where that is the subject, without the tidying up at the very end."""
    lines = []
    for line in trace.splitlines():
        if line.startswith('E wait') and ' G:IN' in line and not play.whole:
            break
        if not (line[0] == '#' or play.whole and line[0] in '-F'):
            lines.append(line)
    return lines


def play_once(play, gate):
    """Plays `play`; a Run with its trace, faults and count of calls. What
    the peers met that they should not have met is its first fault."""
    run = Run()
    directory = tempfile.mkdtemp(prefix='strace-')
    try:
        s = proxy.stage(gate, directory, play.settings, **play.stage)
        try:
            play_and_end(play, s, run)
            run.trace = s.daemon.trace(s.streams, directory)
        finally:
            s.finish()
    finally:
        shutil.rmtree(directory)
    if gate == 'pileup':
        run.trace = '\n'.join(
            line for line in run.trace.splitlines()
            if not is_gate_noise(line)) + '\n'
    faults, run.calls = traceprops.check(run.trace, header(play, gate))
    run.faults += faults
    return run


def play_and_end(play, s, run):
    try:
        play(s)
        code = s.daemon.stop()
        if code != 0:
            run.faults.append(('exit', 'end', f'status {code}'))
    except (Stall, Ended, Corrupt, OSError) as e:
        run.faults.append(('peers', 'end', f'{type(e).__name__}: {e}'))
        end_anyhow(s)


def end_anyhow(s):
    """strace writes a wait when it returns: what the proxy slept on through
    the failure shows only now."""
    try:
        s.daemon.stop(1)
    except Stall:
        pass
