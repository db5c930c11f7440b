#!/usr/bin/env python3
"""Checks that a canonical trace keeps the promises P1 to P13.

    props.py FILE...            exit 1 and name what is broken, with lines
    props.py --negative FILE... each file's "# expect=P1,P3" header must be
                                exactly what is found in it

Each property is a class; its docstring is the promise. doc/testing.txt says
why each matters. Under injection a property that the injected result itself
makes meaningless keeps quiet, nothing more.
"""

import sys

import canonical
from canonical import READS

TOLERATED = {'wait', 'add', 'mod', 'del', 'accept', 'recv', 'send', 'sendmsg',
             'splice', 'pipe', 'socket', 'connect', 'shut', 'set', 'get',
             'outq', 'inq', 'close', 'read', 'write', 'bind', 'exit_group',
             'getsockname', 'getpeername', 'munmap'}
# What the kernel gives back on its own when a signal interrupts a wait.
TOLERATED |= {'restart_syscall', 'rt_sigreturn'}


class Property:
    def __init__(self, world, header):
        self.world, self.header = world, header
        self.broken = []

    def fault(self, call, why):
        number = call.number if call else 'end'
        self.broken.append((type(self).__name__, number, why))

    def call(self, call):
        """Sees each call before the world takes it in."""

    def end(self):
        """Sees the world after the last call."""


class P1(Property):
    """No second connect on a role that already sent or saw OUT."""

    def call(self, call):
        if call.verb != 'connect':
            return
        r = self.world.role(call.who)
        if r.saw_out or r.sent or r.connected:
            self.fault(call, f'{r.name} connects again though it is '
                             'connected')


class P2(Property):
    """At EOF, shut WR is the next call on the other side, on the same
    wake-up, and never before the connect has succeeded."""

    def call(self, call):
        w = self.world
        if call.verb == 'shut' and not w.role(call.who).connected:
            self.fault(call, f'{call.who} is shut before it is connected')
        if self.header.get('half-close') == 'no':
            return
        for r in w.pairs():
            if not w.drained(r):
                continue
            if call.verb == 'wait':
                self.fault(call, f'{r.name} owes only a shut WR and waits')
            elif call.who == r.name and call.verb in READS + ('send',) and \
                    r.kind != 'P':
                self.fault(call, f'{r.name} owes a shut WR before this')


class P3(Property):
    """No read after a short one, or after the end, unless something was
    reported; one try is free right after accept."""

    def call(self, call):
        r = self.world.role(call.who)
        if call.verb not in READS or r.kind not in 'CS':
            return
        if r.eof or r.error:
            self.fault(call, f'{r.name} is read past its end')
        elif not r.may_read and not stale_batch(self.world, r):
            self.fault(call, f'{r.name} is read though nothing was reported')


def stale_batch(world, r):
    """Was `r` made in a batch that also held events of a role closed in
    it? Then an unprompted call on `r` answers someone else's event."""
    return r.name in world.made_in_batch and \
        world.closed_in_batch & set(world.batch)


class P4(Property):
    """No epoll_ctl repeats the mask in force; OUT only while something
    waits to be sent or connected, never after shut WR."""

    refused = False     # a wish the kernel refused is repeated next time

    def call(self, call):
        if call.verb in ('add', 'mod', 'del'):
            self.refused |= bool(call.error)
            if not call.error:
                self.control(call)
        elif call.verb == 'wait':
            for r in self.world.roles.values():
                if not self.refused:
                    self.wish(call, r)
            self.refused = False

    def control(self, call):
        mask = self.world.role(call.args[0]).mask
        new = None if call.verb == 'del' else set(call.args[1].split('|'))
        if call.verb != 'add' and mask == new:
            self.fault(call, f'{call.args[0]} already had this mask')

    def wish(self, call, r):
        if not r.open or r.kind not in 'CS' or 'OUT' not in (r.mask or ()):
            return
        if r.shut:
            self.fault(call, f'{r.name} wants OUT after shut WR')
        elif r.connected and not r.blocked and not (
                r.peer and r.sent < r.peer.received):
            self.fault(call, f'{r.name} wants OUT with nothing to send')


class P5(Property):
    """No spin: an event brings a call on its role or another mask; at most
    two identical waits in a row without progress."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.last, self.same, self.progress = None, 0, False

    def call(self, call):
        if call.verb != 'wait':
            self.progress |= call.injected or (
                call.who != 'log' and not call.error)
            return
        same = call.events and call.result == self.last and \
            not self.progress
        self.same = self.same + 1 if same else 0
        if self.same >= 2:
            self.fault(call, f'spins on {call.result}')
        self.last, self.progress = call.result, call.injected


class P6(Property):
    """What is opened is closed once, and not touched afterwards."""

    exited = False      # a trace cut short proves nothing about leaks

    def call(self, call):
        self.exited |= call.who == 'exit'
        names = [call.who] + call.args[:1] if call.verb in (
            'add', 'mod', 'del', 'splice') else [call.who]
        for name in names:
            r = self.world.roles.get(name)
            if r and not r.open:
                self.fault(call, f'{name} was closed before')
        if call.verb == 'close' and call.error == 'EBADF' and \
                not call.injected:
            self.fault(call, f'{call.who} is not open')

    def end(self):
        for r in self.world.roles.values():
            if self.exited and r.open and r.kind in 'CS':
                self.fault(None, f'{r.name} was never closed')


class P7(Property):
    """Every send has NOSIGNAL; after MSG_MORE comes a send or a shut before
    the next wait."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.corked = set()

    def call(self, call):
        if call.verb == 'send' and 'no-NOSIGNAL' in call.args:
            self.fault(call, f'{call.who} sends without NOSIGNAL')
        if call.verb in ('send', 'shut', 'close'):
            self.corked.discard(call.who)
        if call.verb == 'send' and 'MORE' in call.args and not call.error:
            self.corked.add(call.who)
        if call.verb == 'wait':
            for name in sorted(self.corked):
                self.fault(call, f'{name} waits with bytes held by MSG_MORE')
            self.corked.clear()


class P8(Property):
    """What is sent is what was received: in order, once, unchanged."""

    def call(self, call):
        if call.error or call.verb not in READS + ('send',):
            return
        r = self.world.role(call.who)
        if call.verb == 'splice' and r.kind == 'P':
            self.sent(call, self.world.role(call.args[0]))
        elif call.verb == 'send':
            self.sent(call, r)
        elif call.result != 'EOF':
            self.received(call, r)

    def received(self, call, r):
        if not call.range:
            self.fault(call, f'{r.name} gives bytes nobody sent')
        elif call.range[1] != r.received:
            self.fault(call, f'{r.name} gives {call.range[0]} from byte '
                             f'{call.range[1]}, not {r.received}')

    def sent(self, call, r):
        source = r.peer
        if not call.range:
            if not is_own_answer(call, r):
                self.fault(call, f'{r.name} is sent foreign bytes')
            return
        stream, start, end = call.range
        if start != r.sent:
            self.fault(call, f'{r.name} is sent {stream} from byte {start}, '
                             f'not {r.sent}')
        elif source and source.stream_in == stream and \
                end > source.received:
            self.fault(call, f'{r.name} is sent more than was received')


def is_own_answer(call, r):
    return r.kind == 'C' and call.args[0].startswith('answer-')


class P9(Property):
    """A reset of one side ends the other with a reset, an EOF with a FIN."""

    def call(self, call):
        r = self.world.role(call.who)
        source = r.peer
        if not source or r.error or \
                self.header.get('half-close') == 'no':
            return
        reset = source.error and not source.connecting and source.connected
        if call.verb == 'shut' and reset and not source.eof:
            self.fault(call, f'{source.name} was reset and {r.name} gets a '
                             'FIN')
        elif call.verb == 'close' and reset and not r.lingers:
            self.fault(call, f'{source.name} was reset and {r.name} is '
                             'closed in peace')
        elif call.verb == 'close' and source.eof and r.eof and \
                r.lingers and not (source.error or source.send_error or
                                   r.send_error):
            self.fault(call, f'both ended in peace and {r.name} is reset')


class P10(Property):
    """An event of a descriptor closed in its own batch causes no call."""

    def call(self, call):
        r = self.world.role(call.who)
        if call.verb in READS and r.kind in 'CS' and not r.may_read and \
                not r.eof and not r.error and stale_batch(self.world, r):
            self.fault(call, f'{r.name} answers an event that was not its '
                             'own')


class P11(Property):
    """Calls stay within the scenario's budget; one fruitless try per side
    and wake-up."""

    def __init__(self, world, header):
        super().__init__(world, header)
        self.calls, self.probes, self.over = 0, {}, False

    def call(self, call):
        if call.verb == 'wait':
            self.probes = {}
            self.count_wait(call)
        elif call.who not in ('exit', 'killed', 'signal', 'log'):
            self.calls += not self.over
        if call.verb in READS + ('accept',) and call.error == 'EAGAIN' \
                and not call.injected:
            n = self.probes[call.who] = self.probes.get(call.who, 0) + 1
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


class P12(Property):
    """After READY: no memory, no files, no processes; only known calls."""

    def call(self, call):
        if call.who in ('exit', 'killed', 'signal', 'log'):
            return
        if call.verb == 'fcntl' and call.args[:1] == ['F_SETPIPE_SZ']:
            return
        if call.verb not in TOLERATED:
            self.fault(call, f'{call.verb} after READY')


class P13(Property):
    """A wake-up moves a bounded number of bytes for each role."""

    LIMIT = 2 << 20     # more than the door allows itself

    def __init__(self, world, header):
        super().__init__(world, header)
        self.moved = {}

    def call(self, call):
        if call.verb == 'wait':
            self.moved = {}
        elif call.verb in READS and call.range:
            n = call.range[2] - call.range[1]
            self.moved[call.who] = total = self.moved.get(call.who, 0) + n
            limit = int(self.header.get('batch', self.LIMIT))
            if total > limit and total - n <= limit:
                self.fault(call, f'{call.who} moved {total} bytes in one '
                                 'wake-up')


ALL = (P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13)


def check(text, header=None):
    """The faults in a canonical trace: [(property, line, why)], and the
    number of calls the budget counts."""
    said, calls = canonical.parse(text)
    said.update(header or {})
    world = canonical.World()
    properties = [p(world, said) for p in ALL]
    for call in calls:
        for p in properties:
            p.call(call)
        world.take(call)
    for p in properties:
        p.end()
    faults = [f for p in properties for f in p.broken]
    return faults, properties[10].calls


def check_negative(path, text):
    expected = set(filter(None, canonical.parse(text)[0]['expect'].split(',')))
    found = {name for name, _, _ in check(text)[0]}
    if found == expected:
        return True
    print(f'{path}: expected {sorted(expected)}, found {sorted(found)}')
    return False


def main(argv):
    negative = argv[:1] == ['--negative']
    good = True
    for path in argv[negative:]:
        with open(path) as f:
            text = f.read()
        if negative:
            good &= check_negative(path, text)
            continue
        for name, number, why in check(text)[0]:
            good = False
            print(f'{path}:{number}: {name}: {why}')
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
