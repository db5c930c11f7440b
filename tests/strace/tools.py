#!/usr/bin/env python3
"""Proves that the trace tools do for a stranger's daemon what chapter 9 of
doc/testing.txt says: a recording is shown, checked, blessed, compared and
drawn, and a suite is blessed, checked, and sees a program that changed."""

import itertools
import os
import re
import subprocess
import sys
import xml.dom.minidom

import proxy
import tracesuite
from sallyport import folder, write
from tracegate import Ended, require_strace, run, tool as tool_path

TOOLS = os.path.join(proxy.ROOT, 'contrib/trace')
EXAMPLES = {'import select': 'echo.py', 'from tracesuite': 'suite.py',
            'from traceprops': 'own.py'}
PLAY = '''
import os, socket
s = socket.create_connection((os.environ['HOST'], int(os.environ['PORT'])))
s.sendall(b'hello\\n')
assert s.recv(6) == b'hello\\n'
s.shutdown(socket.SHUT_WR)
assert s.recv(1) == b''
'''
# A process for each client, or a thread.
DAEMON = '''
import os, signal, socket, sys, threading
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.create_server(('127.0.0.1', 0))

def serve(client):
    while data := client.recv(100):
        client.send(data.upper())
    client.close()

while True:
    client, _ = listener.accept()
    if sys.argv[1] == 'thread':
        threading.Thread(target=serve, args=(client,), daemon=True).start()
        client = None
    elif os.fork() == 0:
        listener.close()
        serve(client)
        os._exit(0)
    else:
        client.close()
'''
SUITE = '''
from tracesuite import Daemon, scenario

class Tasks(Daemon):
    def command(self):
        return ['python3', '%s', '%s']

@scenario(gates=('pileup',))
def two_clients(s):
    """Two at once; one resets."""
    with s.at_once():
        a, b = s.client(), s.client()
        a.send(b'one')
        b.send(b'two')
    a.expect(b'ONE')
    b.expect(b'TWO')
    a.reset()
    b.close()
'''


def trace(*words, good=True, tool='tracecmd.py'):
    """What it says; it must succeed, or must not."""
    done = subprocess.run(
        [sys.executable, os.path.join(TOOLS, tool), *words], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode == 0) == good, f'{words}: {done.stdout}'
    return done.stdout


def has(pattern, text):
    assert re.search(pattern, text, re.M), f'no {pattern!r} in:\n{text}'


def write_examples():
    """The program and the suite of the chapter itself."""
    with open(os.path.join(proxy.ROOT, 'doc/testing.txt')) as f:
        chapter = f.read().split('\n9. YOUR OWN DAEMON')[1]
    for start, name in EXAMPLES.items():
        lines = chapter[chapter.index(f'\n    {start}') + 1:].split('\n')
        write(name, *(line[4:] for line in itertools.takewhile(
            lambda line: line[:1] in ('', ' ') and
            not line.startswith('    trace '), lines)))


def a_recording():
    write('play.py', PLAY)
    trace('record', '-o', 'first', '--play', 'python3 play.py', '--',
          'python3', 'echo.py', '0')
    has(r'^C1 send C1\[0\.\.6\) no-NOSIGNAL -> 6$', trace('show', 'first'))
    has(r'^P3   not judged it blocks \(C1\)',
        trace('check', 'first', '--profile', 'server'))
    has('^NoDelay broken .*C1 sends without NODELAY',
        trace('check', 'first', '-p', 'own.py', good=False))
    trace('bless', 'first')
    trace('diff', 'first')
    with open('first.golden') as f:
        write('other', f.read().replace('C1 close', 'C1 shut WR'))
    has(r'^\+C1 close$', trace('diff', 'other', 'first', good=False))


def drawings():
    for width in 80, 120:
        drawn = trace('ladder', 'first', '--width', str(width))
        assert max(map(len, drawn.splitlines())) <= width, drawn
    has(r'C1 SYN .*>\|.*L accept', drawn)
    has(r'<-* C1\[0..6\) -*\|.*C1 send', drawn)
    has(r'<-* C1 FIN -*\|.*C1 close', drawn)
    two = trace('ladder', '--svg', 'first', 'first')
    xml.dom.minidom.parseString(two)
    has('prefers-color-scheme: dark', two)
    has(r'S1 connect back .*\| P1$', trace(
        '--profile', 'relay', proxy.HERE + '/notes/2017-remote.trace',
        tool='tracemap.py'))


def a_suite():
    one = 'suite.py', 'a-line-comes-back'
    trace('bless', *one)
    trace('check', *one)
    with open('echo.py') as f:
        write('echo.py', f.read().replace('recv(4096)', 'recv(4095)'))
    has(r'^    \+C1 recv 4095', trace('check', *one, good=False))
    has('recvfrom:error=ECONNRESET:when=1: it ended',
        trace('sweep', *one, '--calls', 'recvfrom', good=False))


def tasks():
    """Two clients in one batch give the same golden in each of 20 runs."""
    for how in 'fork', 'thread':
        os.mkdir(how)
        daemon = write(how + '/daemon.py', DAEMON)
        trace('bless', write(how + '/suite.py', SUITE % (daemon, how)))
        with open(how + '/golden/two-clients.pileup') as f:
            has(r'^c.C2 recv 100 -> C2\[0..3\)', f.read())


def chance():
    """The beat of a clock is not in a golden, nor room that was not missed."""
    shown = tracesuite.without_edges([
        'E add C1 IN|OUT|ET', 'E wait T -> C1:OUT',
        'E wait T -> C1:OUT C2:OUT', 'C1 send x[0..9) -> 4',
        'E wait T -> C1:OUT', 'E wait T -> C1:OUT'])
    assert shown == ['E add C1 IN|OUT|ET', 'E wait T -> C2:OUT',
                     'C1 send x[0..9) -> 4', 'E wait T -> C1:OUT'], shown
    shown = tracesuite.without_ticks(['E wait T -> -', 'E wait T -> -',
                                      'C1 close'])
    assert shown == ['E wait T -> -', 'C1 close'], shown


def ends():
    """Nor is what a program does at its end, after a scenario that was not
    met; nor is it chance what a poll brings of two acts at once."""
    suite = tracesuite.load('suite.py')

    @tracesuite.scenario()
    def unmet(s):
        s.client()
        raise Ended('on purpose')

    @tracesuite.scenario()
    def two_speak(s):
        a, b = s.client(), s.client()
        with s.at_once():
            a.send(b'1')
            b.send(b'2')
        a.expect(b'1')
        b.expect(b'2')
    played = suite.play_once(unmet, 'lockstep')
    assert 'EINTR' in played.trace and 'EINTR' not in played.cut, played.cut
    assert len({suite.play_once(two_speak, 'pileup').cut
                for _ in range(8)}) == 1
    suite.daemon.ready = 'never said'
    has('no call in the trace', str(suite.play_once(
        two_speak, 'lockstep').faults))


def slips():
    """What cannot be read, or is no trace, does not keep all promises."""
    write('raw', 'close(3) = 0', '[ Process PID=4 runs in 32 bit mode. ]')
    write('good', 'L accept -> C1')
    write('bare', '# traceform lost=0')
    write('own-none.py', 'x = 1')
    for name, *lines in (
            ('empty',), ('words', 'no trace'), ('junk', 'C1 close', 'foo'),
            ('short', 'L accept'), ('lost', '# lost=x', 'L x'),
            ('profile', '# profile=foo', 'C1 close')):
        write(name, *lines)
    for pattern, *words in (
            ('nowhere: No such file', 'nowhere'), (r'\.: Is a directory', '.'),
            ('raw: no canonical trace', 'raw'),
            ('.*/nowhere.py: No such', '-p', 'nowhere.py', 'good'),
            ('raw: no Python file', '-p', 'raw', 'good'),
            ('own-none.py: no class', '-p', 'own-none.py', 'good'),
            ('empty: there is no call', 'empty'),
            ('bare: there is no call', 'bare'),
            ("junk: line 2 .*: 'foo'", 'junk'),
            ("line 1 lacks .*: 'L accept'", 'short'),
            ('heading: expected profile=any', 'profile'),
            ('heading: .*lost=NUMBER', 'lost'),
            ('good: no heading "# expect="', '--negative', 'good')):
        has('^traceprops: ' + pattern,
            trace(*words, tool='traceprops.py', good=False))
    for pattern, *words in (
            ('', 'record', '-o', 'none', '--', './nowhere'),
            ('', 'record', '-o', 'nowhere/none', '--', 'true'),
            ('which program', 'record', 'true'),
            (r'\.: Is a directory', 'show', '.'),
            ('empty: there is no call in it$', 'check', 'empty'),
            ('empty: there is no call in it$', 'bless', 'empty'),
            ('bare: there is no call in it$', 'diff', 'bare', 'bare'),
            ('raw: .* after "wait": try --ready all$', 'check', 'raw'),
            ("junk: line 2 .*: 'foo'", 'check', 'junk'),
            ("words: no trace of strace's", 'show', 'words'),
            ("-w/--timer: 'idle=1s'", 'show', '-w', 'idle=1s', 'raw'),
            ("-s/--stream: 'idle'", 'show', '-s', 'idle', 'raw'),
            ('nowhere: No such', 'show', '-s', 'req=nowhere', 'raw'),
            ('suite.py has no scenario x, but: a-line', 'check', 'suite.py',
             'x'),
            ('show SUITE NAME lockstep', 'show', 'suite.py'),
            ('show SUITE NAME lockstep', 'show', 'suite.py',
             'a-line-comes-back', 'x'),
            ('diff takes no suite', 'diff', 'suite.py')):
        said = trace(*words, good=False)
        has(pattern, said)
        assert 'Traceback' not in said, said
    has('empty: there is no call', trace('empty', tool='tracemap.py',
                                         good=False))
    for words, status, pattern in (
            (('.',), 66, r'^\.: Is a directory'),
            (('raw', 'good'), 64, '^traceform: good: one trace is enough'),
            (('-w', 'idle=1s', 'raw'), 64, '^traceform: 1s: expected milli'),
            (('-a', 'here', 'raw'), 64, '^traceform: here: expected two'),
            (('words',), 1, '1 of 1 lines not understood'),
            (('raw',), 0, ' lost=0 ')):
        done = subprocess.run([tool_path('traceform'), *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == status, f'{words}: {done.returncode}'
        has(pattern, done.stdout)


def main(_):
    require_strace()
    os.environ['BIN'] = os.path.abspath(os.environ.get('BIN', '.'))
    os.chdir(folder())
    # The interpreter itself, where python3 is a script that looks for it.
    os.mkdir('bin')
    os.symlink(os.path.realpath(sys.executable), 'bin/python3')
    os.environ['PATH'] = os.path.abspath('bin') + ':' + os.environ['PATH']
    write_examples()
    for part in (a_recording, drawings, a_suite, tasks, chance, ends,
                 slips):
        part()
    return True


if __name__ == '__main__':
    run(main)
