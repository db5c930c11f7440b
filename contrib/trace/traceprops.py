#!/usr/bin/env python3
"""Checks that a canonical trace keeps the promises P1 to P15.

    traceprops [--profile NAME] [-p FILE]... TRACE...
                        what became of each promise; exit 1 if one is broken
    traceprops --list   the promises and the profiles
    traceprops --negative TRACE...
                        each trace's "# expect=P1@13,P3@7" heading must be
                        exactly what is found broken in it, and
                        "# unjudged=P8", if it is there, what is not judged

A promise is kept, broken (which line, and why), or not judged (because of
what). Each is a class; its docstring is the promise, doc/testing.txt says
why it matters. -p loads promises of your own from a Python file. TRACE is
what traceform prints; "-" is standard input.
"""

import argparse
import importlib.util
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import tracecalls
from tracecalls import READS, NoTrace

TOLERATED = {'wait', 'add', 'mod', 'del', 'accept', 'recv', 'send', 'sendmsg',
             'splice', 'pipe', 'socket', 'connect', 'shut', 'set', 'get',
             'outq', 'inq', 'close', 'read', 'write', 'bind', 'exit_group',
             'getsockname', 'getpeername', 'munmap'}
# What the kernel gives back on its own when a signal interrupts a wait.
TOLERATED |= {'restart_syscall', 'rt_sigreturn'}


class Promise:
    def __init__(self, world, header):
        self.world, self.header = world, header
        self.broken, self.unjudged, self.judged = [], {}, 0

    def fault(self, call, why):
        number = call.number if call else 'end'
        self.broken.append((type(self).__name__, number, why))

    def skip(self, why, who=''):
        """This promise does not judge here, because of `why`."""
        self.unjudged.setdefault(why, []).append(who)

    def call(self, call):
        """Sees each call before the world takes it in."""

    def end(self):
        """Sees the world after the last call."""

    @property
    def reason(self):
        """Why something was not judged, or ''."""
        return '; '.join(
            why + (f' ({", ".join(sorted(set(who)))})' if any(who) else '')
            for why, who in self.unjudged.items())


class P1(Promise):
    """No second connect on a role that already sent or saw OUT."""

    def call(self, call):
        if call.verb != 'connect' or call.args[:1] == ['_:0']:
            return
        r = self.world.role(call.who)
        if r.kind == 'S' and (r.saw_out or r.sent or r.connected):
            self.fault(call, f'{r.name} connects again though it is '
                             'connected')


class P2(Promise):
    """At EOF, shut WR is the next call on the other side, on the same
    wake-up, and never before the connect has succeeded."""

    def call(self, call):
        w = self.world
        if call.verb == 'shut' and not w.role(call.who).connected and \
                not w.role(call.who).error:
            self.fault(call, f'{call.who} is shut before it is connected')
        if self.header.get('half-close') == 'no':
            return
        for r in w.pairs():
            if not w.drained(r):
                continue
            if r.inexact or r.peer.inexact:
                self.skip('bytes of unknown number', r.name)
            elif call.verb == 'wait' and call.task == r.peer.task:
                self.fault(call, f'{r.name} lacks only a shut WR and waits')
            elif call.who == r.name and call.verb in READS + ('send',) and \
                    r.kind != 'P':
                self.fault(call, f'{r.name} lacks a shut WR before this')


class P3(Promise):
    """No read after a short one, or after the end, unless something was
    reported; one try is free right after accept. A splice that moves nothing
    is no end yet: an urgent mark looks the same, and a recv may ask."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.asked = set()  # roles whose end only a splice has told

    def call(self, call):
        r = self.world.role(call.who)
        if call.verb not in READS or r.kind not in 'CS':
            return
        if r.blocks(call):
            self.skip('it blocks', r.name)
        elif call.verb == 'splice' and call.result == 'EOF':
            self.asked.add(r.name)
        elif call.verb == 'recv' and r.name in self.asked:
            if call.error != 'EINTR':
                self.asked.discard(r.name)
        elif r.error or r.eof and 'ERR' not in \
                self.world.batch_of(call).bits.get(r.name, ()):
            self.fault(call, f'{r.name} is read past its end')
        elif not r.may_read and not stale_batch(self.world, r, call):
            self.fault(call, f'{r.name} is read though nothing was reported')


def stale_batch(world, r, call):
    """Was `r` made in a batch that also held events of a role closed in
    it? Then an unprompted call on `r` answers someone else's event."""
    b = world.batch_of(call)
    return r.name in b.made and b.closed & set(b.bits)


class P4(Promise):
    """No epoll_ctl repeats the mask in force; OUT only while something
    waits to be sent or connected, never after shut WR."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.refused = False    # an interest the kernel refused is repeated
        self.vain = {}          # task: roles reported OUT, nothing done yet

    def call(self, call):
        if call.verb in ('add', 'mod', 'del'):
            self.refused |= bool(call.error)
            self.vain.get(call.task, set()).discard(call.args[0])
            if not call.error:
                self.control(call)
        elif call.verb == 'wait':
            self.wait(call)
            self.refused = False
        else:
            for waiting in self.vain.values():
                waiting.discard(call.who)

    def control(self, call):
        r = self.world.role(call.args[0])
        mask = r.masks.get(call.who)
        new = None if call.verb == 'del' else set(call.args[1].split('|'))
        if call.verb == 'add' or mask != new:
            return
        if call.who not in r.watched_by:
            self.skip('it was added before the trace began', r.name)
            return
        if (new or set()) & {'ET', 'ONESHOT'}:
            self.skip('a repeated mask arms edge and one-shot anew', r.name)
        else:
            self.fault(call, f'{r.name} already had this mask')

    def wait(self, call):
        for name in sorted(self.vain.pop(call.task, ())):
            r = self.world.role(name)
            if r.open and self.wants_out(r, call):
                self.fault(call, f'{name} wants OUT with nothing to send')
        for r in list(self.world.roles.values()):
            if not self.refused and r.open and r.is_stream and \
                    self.wants_out(r, call):
                self.interest(call, r)
        self.vain[call.task] = {
            name for name, bits, stale in call.events
            if 'OUT' in bits and not stale and
            self.is_mute(self.world.role(name))}

    @staticmethod
    def wants_out(r, call):
        if call.who in ('poll', 'select'):
            return 'OUT' in call.wanted.get(r.name, ())
        return 'OUT' in r.masks.get(call.who, ())

    @staticmethod
    def is_mute(r):
        """What it has to send cannot be seen: it has no other side, or
        makes bytes of its own."""
        return r.is_stream and r.connected and not r.edge and (
            not r.peer or r.answered or r.inexact or r.peer.inexact)

    def interest(self, call, r):
        if r.edge:
            self.skip('edge mode wants OUT for good', r.name)
        elif r.shut:
            self.fault(call, f'{r.name} wants OUT after shut WR')
        elif r.connected and not r.blocked and not self.is_mute(r) and \
                r.sent >= r.peer.received:
            self.fault(call, f'{r.name} wants OUT with nothing to send')


class P5(Promise):
    """No spin: an event brings a call on its role or another mask; at most
    two identical waits in a row without progress."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.tasks = {}         # task: [last result, repeats, progress]

    def call(self, call):
        if call.verb != 'wait':
            if call.injected or (call.who != 'log' and not call.error):
                for state in self.tasks.values():
                    state[2] = True
            return
        state = self.tasks.setdefault(call.task, [None, 0, False])
        same = call.events and call.result == state[0] and not state[2]
        state[:] = call.result, state[1] + 1 if same else 0, call.injected
        if state[1] >= 2:
            self.fault(call, f'spins on {call.result}')


class P6(Promise):
    """What is opened is closed once, and not touched afterwards."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.alive, self.exited = set(), False
        self.vain = []          # closes of what is not open, in a row

    def call(self, call):
        self.exited = call.who in ('exit', 'killed')
        self.alive.add(call.task)
        if self.exited:
            self.alive.discard(call.task)
        names = [call.who] + call.args[:1] if call.verb in (
            'add', 'mod', 'del', 'splice') else [call.who]
        for name in names:
            r = self.world.roles.get(name)
            if r and not r.open:
                self.fault(call, f'{name} was closed before')
        if call.verb == 'close' and 'at-exit' in call.args and \
                self.header.get('profile') == 'strict':
            self.fault(call, f'{call.who} is left to the end of the process')
        if call.verb == 'close' and call.error == 'EBADF' and \
                not call.injected:
            self.vain.append(call)
        else:
            self.judge_vain()

    def judge_vain(self):
        """Daemons close in a row whatever may be open; that is no fault."""
        if len(self.vain) < 3:
            for call in self.vain:
                self.fault(call, f'{call.who} is not open')
        self.vain = []

    def end(self):
        self.judge_vain()
        # A trace cut short proves nothing of leaks.
        if not self.exited or self.alive:
            self.skip('the trace ends before the program does')
            return
        for r in self.world.roles.values():
            if r.open and r.is_stream:
                self.fault(None, f'{r.name} was never closed')


class P7(Promise):
    """Every send has NOSIGNAL, or SIGPIPE is ignored; after MSG_MORE comes a
    send or a shut before the next wait."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.corked = set()

    def call(self, call):
        if call.verb == 'send' and 'no-NOSIGNAL' in call.args and \
                call.who[0] in 'CSU':
            self.bare_send(call)
        if call.verb in ('send', 'shut', 'close'):
            self.corked.discard(call.who)
        if call.verb == 'send' and 'MORE' in call.args and not call.error:
            self.corked.add(call.who)
        if call.verb == 'wait':
            for name in sorted(self.corked):
                if self.world.role(name).task != call.task:
                    continue
                self.fault(call, f'{name} waits with bytes held by MSG_MORE')
                self.corked.discard(name)

    def bare_send(self, call):
        signal = self.header.get('sigpipe', 'default')
        if signal == 'unknown':
            self.skip('whether SIGPIPE is ignored is not in the trace')
        elif signal == 'default' or self.header.get('profile') == 'strict':
            self.fault(call, f'{call.who} sends without NOSIGNAL')


class P8(Promise):
    """What is sent is what was received: in order, once, unchanged."""

    def call(self, call):
        if call.error or call.verb not in READS + ('send', 'sendfile'):
            return
        r = self.world.role(call.who)
        if not r.is_stream and r.kind != 'P':
            return
        if call.verb == 'splice' and r.kind == 'P' and \
                '?[' not in call.result:
            self.sent(call, self.world.role(call.args[0]))
        elif call.verb == 'sendfile':
            self.skip('bytes of a file', r.name)
        elif '?[' in call.result:
            self.skip('splice does not show its bytes', r.name)
        elif call.verb == 'send':
            self.sent(call, r)
        elif call.result not in ('EOF', '?'):
            self.received(call, r)

    def foreign(self, call, r, what):
        """Bytes of no stream: a fault where all streams were named before,
        else the trace shows too little."""
        if is_learnt(self.header):
            self.skip('bytes that no stream has', r.name)
        else:
            self.fault(call, what)

    def received(self, call, r):
        if not call.range or call.range[0] == '?':
            self.foreign(call, r, f'{r.name} gives bytes nobody sent')
        elif call.range[1] != r.received and not r.inexact:
            self.fault(call, f'{r.name} gives {call.range[0]} from byte '
                             f'{call.range[1]}, not {r.received}')

    def sent(self, call, r):
        source = r.peer
        if not call.range or call.range[0] == '?':
            if not is_own_answer(call, r):
                self.foreign(call, r, f'{r.name} is sent foreign bytes')
            return
        stream, start, end = call.range
        if r.inexact or r.answered:
            self.skip('bytes of its own among them', r.name)
        elif start != r.sent:
            self.fault(call, f'{r.name} is sent {stream} from byte {start}, '
                             f'not {r.sent}')
        elif source and source.stream_in == stream and \
                end > source.received and not source.inexact:
            self.fault(call, f'{r.name} is sent more than was received')


def is_own_answer(call, r):
    said = call.args[0] if call.args else ''
    return said.startswith('answer-') if r.kind == 'C' else \
        said == 'proxy-header'


def is_learnt(header):
    return header.get('streams', 'named') == 'learnt'


def is_relayed_whole(header):
    """Does each side end because the other did? Not where the program has
    its own mind about it, such as HTTP's."""
    return header.get('half-close') != 'no'


class P9(Promise):
    """A reset of one side ends the other with a reset, an EOF with a FIN."""

    def call(self, call):
        r = self.world.role(call.who)
        source = r.peer
        if not source or r.error or not is_relayed_whole(self.header):
            return
        if call.verb == 'shut' and was_reset(source) and not source.eof:
            self.fault(call, f'{source.name} was reset and {r.name} gets a '
                             'FIN')
        elif is_close(call) and was_reset(source) and not r.lingers and \
                not r.shut:
            self.fault(call, f'{source.name} was reset and {r.name} is '
                             'closed in order')
        elif is_close(call) and source.eof and r.eof and \
                r.lingers and not (source.error or source.send_error or
                                   r.send_error):
            self.fault(call, f'both ended in order and {r.name} is reset')


def is_close(call):
    return call.verb == 'close' and 'copy' not in call.args


def was_reset(r):
    return (r.error or r.broken) and not r.connecting and r.connected


class P10(Promise):
    """An event of a descriptor closed in its own batch causes no call."""

    def call(self, call):
        r = self.world.role(call.who)
        if call.verb in READS and r.kind in 'CS' and not r.may_read and \
                not r.eof and not r.error and not r.blocks(call) and \
                stale_batch(self.world, r, call):
            self.fault(call, f'{r.name} answers an event that was not its '
                             'own')


class P11(Promise):
    """Calls stay within the scenario's budget; one fruitless try per side
    and wake-up."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.calls, self.probes, self.over = 0, {}, False

    def call(self, call):
        if call.verb == 'wait':
            self.probes = {k: v for k, v in self.probes.items()
                           if k[0] != call.task}
            self.count_wait(call)
        elif call.of_role or call.who == '-':
            self.calls += not self.over
        if call.verb in READS + ('accept',) and call.error == 'EAGAIN' \
                and not call.injected and call.who[0] in 'CSL':
            key = call.task, call.who
            n = self.probes[key] = self.probes.get(key, 0) + 1
            if n > 1:
                self.fault(call, f'{call.who} was tried in vain already')

    def count_wait(self, call):
        """The count is that of the last connection met while no other was
        open: from the wait that brings it to its last close."""
        idle = not any(r.open and r.kind in 'CS'
                       for r in self.world.roles.values())
        brought = [name for name, _, _ in call.events]
        if idle and 'L' in brought:
            self.calls = 0
        self.over = idle and 'L' not in brought
        self.calls += not self.over

    def end(self):
        budget = int(self.header.get('budget', 0))
        if budget and self.calls > budget:
            self.fault(None, f'{self.calls} calls, budget {budget}')


class P12(Promise):
    """After READY: no memory, no files, no processes; only known calls."""

    def call(self, call):
        if not call.of_role and call.who != '-':
            return
        if call.verb == 'fcntl' and call.args[:1] in (
                ['F_SETPIPE_SZ'], ['F_GETPIPE_SZ'], ['F_GETFL']):
            return
        if call.verb not in TOLERATED:
            self.fault(call, f'{call.verb} after READY')


class P13(Promise):
    """A wake-up moves a bounded number of bytes for each role."""

    LIMIT = 2 << 20     # more than a loop should allow itself

    def __init__(self, world, header):
        super().__init__(world, header)
        self.moved = {}

    def call(self, call):
        if call.verb == 'wait':
            self.moved = {k: v for k, v in self.moved.items()
                          if k[0] != call.task}
        elif call.verb in READS and call.range:
            self.read(call)

    def read(self, call):
        if not self.world.batch_of(call).waited:
            self.skip('a task that never waits', call.who)
            return
        n = call.range[2] - call.range[1]
        key = call.task, call.who
        self.moved[key] = total = self.moved.get(key, 0) + n
        limit = int(self.header.get('batch', self.LIMIT))
        if total > limit and total - n <= limit:
            self.fault(call, f'{call.who} moved {total} bytes in one '
                             'wake-up')


class P14(Promise):
    """What was announced is read before a close: HUP in no way indicates
    the ability to avoid reading. A reset on purpose says so."""

    def call(self, call):
        r = self.world.role(call.who)
        if not is_close(call) or not r.is_stream or not r.announced:
            return
        if r.eof or r.error or r.send_error or r.lingers:
            return
        bits = '|'.join(sorted(r.announced))
        self.fault(call, f'{r.name} is closed though {bits} was reported '
                         'and not read')


class P15(Promise):
    """A reset or a cut on one side is not an orderly end on the other."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.cut = set()        # closed by the program before their end
        self.ended = set()      # got FIN by a shut or a close

    def call(self, call):
        r = self.world.role(call.who)
        if not r.is_stream or not r.peer or \
                not is_relayed_whole(self.header):
            return
        orderly = not (r.error or r.broken or r.send_error or r.lingers)
        if call.verb == 'shut' or is_close(call) and not r.shut:
            if orderly:
                self.judge(call, r)
        if is_close(call) and orderly and r.eof:
            self.ended.add(r.name)
        if is_close(call) and orderly and r.connected and not (
                r.eof or r.hung_up or r.peer.error or r.peer.broken or
                r.peer.send_error):
            self.close_early(call, r)

    def judge(self, call, r):
        if r.peer.eof or (r.answered and not r.sent):
            return
        what = 'was reset' if was_reset(r.peer) else \
            'was cut' if r.peer.name in self.cut else None
        if what:
            self.fault(call, f'{r.peer.name} {what} before its end and '
                             f'{r.name} ends in order')

    def close_early(self, call, r):
        """The client may have got its end already, as if all had come."""
        self.cut.add(r.name)
        if r.kind == 'S' and r.peer.name in self.ended and not r.peer.answered:
            self.fault(call, f'{r.name} is cut before its end, '
                             f'{r.peer.name} has ended in order')


ALL = (P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15)
NAMES = [p.__name__ for p in ALL]
ANY = ('P1', 'P3', 'P4', 'P5', 'P6', 'P7', 'P10', 'P14')
PROFILES = {
    'any': ANY,
    'server': ANY + ('P11', 'P13'),
    'relay': ANY + ('P2', 'P8', 'P9', 'P11', 'P13', 'P15'),
    'strict': tuple(NAMES),     # of a relay that allocates nothing
}


def examine(text, header=None, more=()):
    """The promises after the whole trace, and the heading. There "profile"
    says which are judged, but not those of "waive"; `more` are classes beside
    them."""
    said, calls = tracecalls.parse(text)
    said.update(header or {})
    waived = said.get('waive', '').split(',')
    name = said.setdefault('profile', 'strict')
    if name not in PROFILES or not said.get('lost', '0').isdecimal():
        raise NoTrace(f'heading: expected profile={"|".join(PROFILES)} and '
                      'lost=NUMBER')
    profile = [name for name in PROFILES[name] if name not in waived]
    world = tracecalls.World()
    promises = [p(world, said) for p in ALL + tuple(more)
                if p.__name__ in profile or p in more]
    theirs = [p for p in promises if type(p) in more]
    ours = [p for p in promises if type(p) not in more]
    for call in calls:
        for p in theirs:
            p.call(call)
        take(call, ours, world)
    for p in promises:
        p.end()
        if said.get('io_uring'):
            p.skip('operations of io_uring are not seen')
        if int(said.get('lost', 0)):
            p.skip(f'{said["lost"]} lines were not understood')
    return promises, said


def take(call, promises, world):
    """Shows a call to the promises, and then to the world."""
    try:
        for p in promises:
            p.call(call)
        world.take(call)
    except (IndexError, ValueError) as e:
        raise NoTrace(f'line {call.number} lacks what traceform prints of '
                      f'such a call: {call.text!r:.60}') from e


def check(text, header=None, more=()):
    """The faults in a canonical trace: [(promise, line, why)], and the
    number of calls the budget counts."""
    promises, _ = examine(text, header, more)
    faults = [f for p in promises for f in p.broken]
    return faults, sum(p.calls for p in promises if isinstance(p, P11))


def verdict(promise):
    """'kept', 'broken' or 'not judged', and why."""
    if promise.broken:
        why = '; '.join(f'line {n}: {text}'
                        for _, n, text in promise.broken[:3])
        more = len(promise.broken) - 3
        return 'broken', why + (f'; {more} more' if more > 0 else '')
    if promise.unjudged:
        return 'not judged', promise.reason
    return 'kept', ''


def report(text, header=None, more=(), out=sys.stdout):
    """Prints what became of each promise; true if none is broken."""
    promises, said = examine(text, header, more)
    for p in promises:
        word, why = verdict(p)
        print(f'{type(p).__name__:<4} {word:<10} {why}'.rstrip(), file=out)
    left = [n for n in NAMES if n not in PROFILES[said['profile']]]
    if left:
        print(f'not of profile {said["profile"]}: {" ".join(left)}',
              file=out)
    return not any(p.broken for p in promises)


def load(path):
    """The promises of a Python file."""
    spec = importlib.util.spec_from_file_location('own_promises', path)
    if not spec:
        raise NoTrace(f'{path}: no Python file (*.py)')
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault('traceprops', sys.modules[__name__])
    spec.loader.exec_module(module)
    found = [c for c in vars(module).values() if isinstance(c, type) and
             issubclass(c, Promise) and c.__module__ == 'own_promises']
    if not found:
        raise NoTrace(f'{path}: no class derived from traceprops.Promise')
    return found


def check_negative(path, text, more=()):
    """Is just that broken, and just that not judged, which the heading says?
    Without "unjudged=" the latter is not asked."""
    promises, said = examine(text, {}, more)
    if 'expect' not in said:
        raise NoTrace(f'{path}: no heading "# expect="')
    expected = {'broken': said['expect']}
    found = {'broken': {f'{name}@{number}' for p in promises
                        for name, number, _ in p.broken}}
    if 'unjudged' in said:
        expected['not judged'] = said['unjudged']
        found['not judged'] = {type(p).__name__ for p in promises
                               if verdict(p)[0] == 'not judged'}
    good = True
    for what, names in expected.items():
        if found[what] != set(filter(None, names.split(','))):
            good = False
            print(f'{path}: {what}: expected {names or "nothing"}, '
                  f'found {",".join(sorted(found[what])) or "nothing"}')
    return good


def read(path):
    if path == '-':
        return sys.stdin.read()
    with open(path, errors='replace') as f:
        return f.read()


def read_canonical(path):
    return tracecalls.require(read(path), path)


def error_text(reason):
    """An exception as one line: PLACE: what is wrong."""
    if isinstance(reason, OSError) and reason.filename:
        return f'{reason.filename}: {reason.strerror}'
    return str(reason)


def show_list(more):
    for p in ALL + tuple(more):
        print(f'{p.__name__:<4} {" ".join(p.__doc__.split())}')
    for name, promises in PROFILES.items():
        print(f'profile {name}: {" ".join(promises)}')


def parse_options(argv):
    parser = argparse.ArgumentParser(
        prog='traceprops', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--profile', choices=PROFILES)
    parser.add_argument('-p', '--promises', action='append', default=[],
                        metavar='FILE')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--negative', action='store_true')
    parser.add_argument('traces', nargs='*', metavar='TRACE')
    return parser.parse_intermixed_args(argv)


def main(argv):
    options = parse_options(argv)
    more = [p for path in options.promises for p in load(path)]
    if options.list:
        show_list(more)
        return 0
    header = {'profile': options.profile} if options.profile else {}
    good = True
    for path in options.traces or ['-']:
        text = read_canonical(path)
        if options.negative:
            good &= check_negative(path, text, more)
            continue
        if len(options.traces) > 1:
            print(f'{path}:')
        if 'profile' not in tracecalls.parse(text)[0]:
            header.setdefault('profile', 'any')
        good &= report(text, header, more)
    return 0 if good else 1


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except (NoTrace, OSError) as reason:
        print(f'traceprops: {error_text(reason)}', file=sys.stderr)
        sys.exit(66)
