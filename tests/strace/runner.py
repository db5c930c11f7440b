"""One scenario, once: played, ended, its trace normalised and checked."""

import shutil
import tempfile

import props
from peers import Stage


class Run:
    """What came of it."""

    def __init__(self):
        self.trace = self.failure = None
        self.faults, self.calls, self.exit_code = [], 0, None


def header(play, gate):
    said = {'budget': play.budget.get(gate, 0)}
    if {'--half-close', '--on-device-fin', '--profile'} & set(play.settings):
        said['half-close'] = 'no'
    return said


def is_gate_noise(line):
    return line.startswith('E wait') and line.endswith('-> EINTR')


def body(play, trace):
    """The scenario's own lines: up to the signal that ends the door."""
    lines = []
    for line in trace.splitlines():
        if line.startswith('E wait') and ' G:IN' in line and not play.whole:
            break
        lines.append(line)
    return lines


def play_once(play, gate):
    """Plays `play`; a Run with its trace, faults and count of calls."""
    run = Run()
    directory = tempfile.mkdtemp(prefix='strace-')
    try:
        s = Stage(gate, directory, play.settings, **play.stage)
        try:
            play(s)
            run.exit_code = s.door.stop()
            run.trace = s.door.trace(s.streams, directory)
        finally:
            s.finish()
    finally:
        shutil.rmtree(directory)
    if gate == 'pileup':
        run.trace = '\n'.join(
            line for line in run.trace.splitlines()
            if not is_gate_noise(line)) + '\n'
    run.faults, run.calls = props.check(run.trace, header(play, gate))
    if run.exit_code != 0:
        run.faults.append(('exit', 'end', f'status {run.exit_code}'))
    return run
