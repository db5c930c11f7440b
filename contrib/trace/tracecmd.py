#!/usr/bin/env python3
"""Traces of a daemon: recorded, read, checked, compared, drawn.

    trace record [-o FILE] [--play COMMAND] -- PROGRAM [ARGUMENT]...
                               run PROGRAM under strace, until it ends or
                               COMMAND has; FILE (trace.strace) is the trace
    trace show FILE            the trace in canonical form
    trace check FILE...        what became of each promise
    trace ladder FILE [FILE]   clients, program, device, drawn as a ladder
    trace bless FILE           write its canonical form beside it: FILE.golden
    trace diff FILE [FILE]     against its golden, or another; times ignored

FILE is strace's output or a canonical trace. In its place may stand a suite,
a Python file with a Daemon and scenarios (see sallyport's doc/testing.txt):

    trace bless SUITE [NAME]...      play each 20 times under both gates, and
                                     write what all agree on
    trace check SUITE [NAME]...      play each, compare, and judge
    trace show SUITE NAME GATE       one run
    trace ladder SUITE NAME GATE     one run, drawn
    trace sweep SUITE [NAME]...      make every call fail
"""

import argparse
import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import tracecalls
import tracegate
import tracemap
import traceprops
import tracesuite

# strace's options of a recording: all that the tools can use.
RECORD = ['strace', '-f', '-v', '-ttt', '-s', '512', '-a', '1']


def canonical(path, options):
    """The text of `path` in canonical form."""
    text = traceprops.read(path)
    if text.strip() and tracecalls.is_canonical(text):
        return tracecalls.require(text, path)
    command = [tracegate.tool('traceform'), '-n', '-t']
    ready = {'wait': '@wait', 'listen': '@listen', 'all': None}.get(
        options.ready, options.ready)
    command += ['-r', ready] if ready else []
    command += ['-l'] if not options.stream else []
    for flag, values in (('-a', options.address), ('-p', options.stream),
                         ('-w', options.timer)):
        command += [word for value in values for word in (flag, value)]
    with tempfile.TemporaryFile('w+', errors='replace') as f:
        f.write(text)
        f.seek(0)
        run = subprocess.run(command, stdin=f, capture_output=True, text=True,
                             errors='replace')
    sys.stderr.write(run.stderr)
    if run.returncode > 1:
        raise SystemExit(run.returncode)
    if run.returncode != 0:
        raise tracecalls.NoTrace(f'{path}: no trace of strace\'s')
    if not tracecalls.parse(run.stdout)[1]:
        raise tracecalls.NoTrace(
            f'{path}: there is no call after "{options.ready}": try --ready '
            'all' if ready and text.strip() else
            f'{path}: there is no call in it')
    return run.stdout


def timeless(text):
    """The lines as diffs see them."""
    calls = tracecalls.parse(text)[1]
    return [(c.task + '.' if c.task else '') + c.text for c in calls]


class Slip(Exception):
    """A command line that asks for what there is not."""


# -- recordings

class Recorded(tracegate.Daemon):
    """A program that is to be recorded."""

    def __init__(self, words, path):
        self.words = words
        self.strace = ('-ttt', '-s', '512', '-e', 'trace=!getpid')
        super().__init__(0, path)

    def command(self):
        return self.words


def was_written(path):
    """Has strace traced anything? Its status is that of the program."""
    return os.path.exists(path) and (
        not os.path.isfile(path) or os.path.getsize(path) > 0)


def record(options):
    if not options.words:
        raise Slip('record: which program? It stands behind --')
    if os.path.isfile(options.output):
        os.remove(options.output)
    if not options.play:
        command = RECORD + ['-o', options.output, '--', *options.words]
        tracer = subprocess.Popen(command)
        signal.signal(signal.SIGINT, signal.SIG_IGN)    # the program's
        signal.signal(signal.SIGTERM, lambda n, f: tracer.terminate())
        tracer.wait()
        return was_written(options.output)
    daemon = Recorded(options.words, options.output)
    try:
        host, port = daemon.address
        env = dict(os.environ, HOST=host, PORT=str(port))
        played = subprocess.run(options.play, shell=True, env=env)
        tracegate.until('it does not sleep', daemon.asleep)
        daemon.stop()
        sys.stderr.write(daemon.err.decode(errors='replace'))
    finally:
        daemon.kill()
    return played.returncode == 0


def golden_of(path):
    return path + '.golden'


def bless(options):
    for path in options.files:
        lines = timeless(canonical(path, options))
        with open(golden_of(path), 'w') as f:
            f.write(f'# {os.path.basename(path)}\n' + '\n'.join(lines) + '\n')
        print(f'{golden_of(path)}: {len(lines)} lines')
    return True


def diff(options):
    paths = options.files if len(options.files) > 1 else [
        golden_of(options.files[0]), options.files[0]]
    one, two = (timeless(canonical(path, options)) for path in paths)
    lines = list(difflib.unified_diff(one, two, *paths, lineterm=''))
    print(*lines, sep='\n', end='\n' if lines else '')
    return not lines


def own_promises(options):
    return [p for path in options.promises for p in traceprops.load(path)]


def check(options):
    good = True
    for path in options.files:
        if len(options.files) > 1:
            print(f'{path}:')
        good &= traceprops.report(
            canonical(path, options),
            {'profile': options.profile or 'any'}, own_promises(options))
    return good


def show(options):
    for path in options.files:
        text = canonical(path, options)
        if not options.times and not tracecalls.is_canonical(
                traceprops.read(path)):
            heading = [x for x in text.splitlines() if x.startswith('#')]
            text = '\n'.join(heading + timeless(text)) + '\n'
        sys.stdout.write(text)
    return True


def draw(texts, names, options):
    header = {'profile': options.profile or 'any',
              'waive': ','.join(options.waived)}
    ladders = [tracemap.Ladder(text, header, options.brief, name)
               for text, name in zip(texts, names)]
    if options.svg:
        sys.stdout.write(tracemap.as_svg(ladders))
    elif len(ladders) == 1:
        print('\n'.join(tracemap.as_text(ladders[0], options.width)))
    else:
        print('\n'.join(tracemap.side_by_side(*ladders[:2], options.width)))
    return True


def ladder(options):
    return draw([canonical(path, options) for path in options.files],
                [os.path.basename(path) for path in options.files], options)


# -- suites

def with_suite(options):
    tracegate.require_strace()
    suite = tracesuite.load(options.files[0])
    if options.profile:
        suite.profile = options.profile
    suite.promises = tuple(suite.promises) + tuple(own_promises(options))
    names = options.files[1:]
    command = options.command
    for name in names if command in ('check', 'bless', 'sweep') else names[:1]:
        if name not in suite.scenarios:
            raise Slip(f'{options.files[0]} has no scenario {name}, but: '
                       + ' '.join(suite.scenarios))
    if command in ('check', 'bless'):
        return getattr(suite, command)(names)
    if command == 'sweep':
        import tracefaults
        return tracefaults.sweep(suite, names, options.calls)
    if command not in ('show', 'ladder'):
        raise Slip(f'{command} takes no suite')
    gate = names[1] if len(names) > 1 else 'lockstep'
    if not names or gate not in tracesuite.GATES:
        raise Slip(f'{command} SUITE NAME {"|".join(tracesuite.GATES)}')
    run = suite.play_once(suite.scenarios[names[0]], gate)
    if command == 'ladder':
        options.profile, options.waived = suite.profile, suite.waived
        return draw([run.trace], [f'{names[0]} {gate}'], options)
    print(run.trace, end='')
    print(*(f'{name}: line {number}: {why}'
            for name, number, why in run.faults), sep='\n')
    return True


STATUS = {tracegate.Stall: 1, Slip: 2, FileNotFoundError: 66,
          IsADirectoryError: 66, PermissionError: 66, tracecalls.NoTrace: 66,
          tracegate.Skip: 77}
COMMANDS = {'record': record, 'show': show, 'check': check, 'bless': bless,
            'diff': diff, 'ladder': ladder, 'sweep': with_suite}


def pair(text):
    """Two words with = between."""
    if not all(text.partition('=')):
        raise argparse.ArgumentTypeError(
            f'{text!r}: expected two words with = between')
    return text


def timer(text):
    if not re.fullmatch('.+=0*[1-9][0-9]*', text):
        raise argparse.ArgumentTypeError(
            f'{text!r}: expected a name, = and milliseconds, such as idle=500')
    return text


def parse_options(argv):
    words = argv[argv.index('--') + 1:] if '--' in argv else []
    argv = argv[:argv.index('--')] if '--' in argv else argv
    parser = argparse.ArgumentParser(
        prog='trace', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('command', choices=COMMANDS)
    add('files', nargs='*', metavar='FILE')
    add('-o', '--output', default='trace.strace', metavar='FILE')
    add('--play', metavar='COMMAND', help='what makes the traffic; it finds '
        'the address in $HOST and $PORT')
    add('--ready', default='wait', metavar='WHAT',
        help='where the trace begins: "wait" (default), "listen", "all", or '
        'a text that the program writes')
    add('-a', '--address', action='append', default=[],
        metavar='ADDRESS=NAME', type=pair)
    add('-s', '--stream', action='append', default=[], metavar='NAME=FILE',
        type=pair)
    add('-w', '--timer', action='append', default=[], metavar='NAME=MS',
        type=timer)
    add('-p', '--promises', action='append', default=[], metavar='FILE')
    add('--calls', type=lambda text: text.split(','), default=[],
        metavar='CALL,...', help='which a sweep lets fail; default all')
    add('--profile', choices=traceprops.PROFILES)
    add('-t', '--times', action='store_true')
    add('--brief', action='store_true')
    add('--svg', action='store_true')
    add('--width', type=int, default=80, metavar='COLUMNS')
    options = parser.parse_intermixed_args(argv)
    options.words, options.waived = words, ()
    if options.command != 'record' and not options.files:
        parser.error('which file?')
    return options


def main(argv):
    options = parse_options(argv)
    if options.files and options.files[0].endswith('.py'):
        return with_suite(options)
    return COMMANDS[options.command](options)


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        sys.exit(0 if main(sys.argv[1:]) else 1)
    except tuple(STATUS) as reason:
        print(f'trace: {traceprops.error_text(reason)}', file=sys.stderr)
        sys.exit(next(status for kind, status in STATUS.items()
                      if isinstance(reason, kind)))
