"""Canonical traces as objects: calls, and what they say about each role.

The text is traceform's (grammar: doc/testing.txt). A World is fed one call
at a time and knows, for every role, what has happened so far; the promises
of traceprops.py ask it before it takes the call in.
"""

import re

RANGE = re.compile(r'(\S+)\[(\d+)\.\.(\d+)\)$')
EVENT = re.compile(r'([A-Z]\w*):([A-Z|]+|none)(\(stale\))?$')
LINE = re.compile(r'(?:@(-?[\d.]+) )?(?:([a-z]{1,2})\.)?(.*)')
WHO = re.compile(r'[A-Z]\w*$|-$')
READS = ('recv', 'splice')
# Lines that are of a task and not of a role.
OF_TASK = ('exit', 'killed', 'signal', 'log', 'poll', 'select')


class NoTrace(Exception):
    """What was given can be read and not be judged."""


class Call:
    """One line: who did what, and what came of it."""

    def __init__(self, text, number=0):
        self.number = number
        time, task, self.text = LINE.match(text).groups()
        self.time = float(time) if time else None
        self.task = task or ''
        body, arrow, result = self.text.partition(' ->')
        words = body.split()
        self.injected = self.text.endswith(' injected')
        if body.endswith(' injected'):
            words = words[:-1]
        self.who = words[0] if words else '-'
        self.verb = words[1] if len(words) > 1 else ''
        self.args = words[2:]
        self.result = result.removesuffix(' injected').strip()
        self.error = self.result if re.match(r'E[A-Z0-9]+$', self.result) \
            and self.result != 'EOF' else None

    @property
    def is_canonical(self):
        return bool(WHO.match(self.who) and self.verb and
                    '(' not in self.verb) or self.who in OF_TASK

    @property
    def of_role(self):
        return self.who not in OF_TASK and self.who != '-'

    @property
    def range(self):
        """The bytes moved: (stream, from, to), or None."""
        said = self.args[0] if self.verb == 'send' and self.args \
            else self.result
        m = RANGE.match(said)
        if not m:
            return None
        start, end = int(m[2]), int(m[3])
        if self.verb == 'send':
            sent = 0 if self.error else int(self.result or 0)
            end = start + sent
        return m[1], start, end

    @staticmethod
    def _events(words):
        found = (EVENT.match(w) for w in words)
        return [(m[1], set(m[2].split('|')), bool(m[3]))
                for m in found if m]

    @property
    def events(self):
        """What a wait brought: [(role, {bits}, stale)]."""
        return self._events(self.result.split())

    @property
    def wanted(self):
        """What a poll or select asked for: {role: {bits}}."""
        return {name: bits for name, bits, _ in self._events(self.args)}

    @property
    def asked(self):
        return int(self.args[1 if self.verb == 'splice' else 0])


class Role:
    def __init__(self, name):
        self.name, self.kind = name, name[0]
        self.open = True
        self.peer = None
        self.task = ''              # who used it last
        self.masks = {}             # epoll set: bits
        self.watched_by = set()     # epoll sets that it was added to
        self.blocking = None        # None: not known
        self.local = False          # a Unix socket
        self.connected = self.kind != 'S'
        self.connecting = False
        self.saw_out = False        # OUT without ERR was reported
        self.may_read = self.kind == 'C'    # one try after accept
        self.rdhup = False
        self.hung_up = False        # RDHUP, HUP or ERR was reported
        self.announced = None       # what was reported and is still unread
        self.misled = False         # a read of it failed by injection
        self.doubt = False          # its end was told by splice alone
        self.broken = False         # ERR was reported of a connection
        self.eof = self.error = self.shut = self.lingers = False
        self.send_error = False     # its input may still be good
        self.blocked = False        # the last send did not take all
        self.stream_in = None
        self.received = self.sent = self.piped = 0
        self.inexact = False        # bytes whose number is not known
        self.answered = False       # was sent bytes of the program's own

    @property
    def mask(self):
        return set().union(*self.masks.values()) if self.masks else None

    @property
    def is_stream(self):
        return self.kind in 'CS'

    @property
    def edge(self):
        return 'ET' in (self.mask or ())

    def blocks(self, call):
        """Would this call wait by itself?"""
        return self.blocking and 'DONTWAIT' not in call.args


class Batch:
    """What a task's last wait brought, and what was done since."""

    def __init__(self):
        self.bits = {}              # role: bits
        self.closed, self.made = set(), set()
        self.waited = False         # has this task ever waited?
        self.blind = False          # strace did not say what came


class World:
    def __init__(self):
        self.roles = {}
        self.tasks = {}             # task: Batch, of its last wait

    def batch_of(self, call):
        return self.tasks.setdefault(call.task, Batch())

    def role(self, name):
        if name not in self.roles:
            self.roles[name] = Role(name)
        return self.roles[name]

    def pairs(self):
        return [r for r in self.roles.values() if r.peer]

    def drained(self, to):
        """Everything `to`'s peer will ever send has been passed on."""
        source = to.peer
        return (source and source.eof and not source.doubt and
                not source.error and to.open
                and to.connected and not to.shut and not to.error
                and not to.send_error
                and to.sent == source.received)

    def take(self, call):
        if call.verb == 'wait':
            self._wait(call)
            return
        if not call.of_role:
            return
        if call.who.startswith('E') and call.verb in ('add', 'mod', 'del'):
            self._control(call)
            return
        r = self.role(call.who)
        r.task = call.task
        self._learn_blocking(r, call)
        handler = getattr(self, '_' + call.verb, None)
        if handler:
            handler(r, call)

    @staticmethod
    def _learn_blocking(r, call):
        if call.verb == 'fcntl' and call.args[:1] == ['F_SETFL']:
            r.blocking = 'O_NONBLOCK' not in call.args
        elif call.verb == 'socket':
            r.blocking = 'no-NONBLOCK' in call.args
            r.local = 'unix' in call.args
        elif call.error in ('EAGAIN', 'EINPROGRESS') and not call.injected \
                and call.verb in READS + ('send', 'connect') \
                and 'DONTWAIT' not in call.args:
            r.blocking = False

    def _wait(self, call):
        b = self.tasks[call.task] = Batch()
        b.waited, b.blind = True, call.result == '?'
        if b.blind:
            for r in self.roles.values():
                r.may_read, r.announced = True, None
        wanted = call.wanted
        for name, bits, stale in call.events:
            b.bits[name] = bits
            if not stale:
                r = self.role(name)
                self._report(r, bits, wanted.get(name) or r.mask or ())

    @staticmethod
    def _report(r, bits, wanted):
        if bits & {'RDHUP', 'HUP', 'ERR'}:
            r.hung_up = True
        r.rdhup |= 'RDHUP' in bits
        r.broken |= 'ERR' in bits and r.connected
        if bits & {'IN', 'RDHUP'} or 'IN' in wanted:
            r.announced = bits & {'IN', 'RDHUP'} or None
        if bits & {'IN', 'PRI', 'RDHUP', 'HUP', 'ERR'}:
            r.may_read = True
        if 'OUT' in bits and 'ERR' not in bits:
            r.saw_out = r.connected = True
            r.connecting = False

    def _control(self, call):
        if call.error:
            return
        r = self.role(call.args[0])
        r.masks.pop(call.who, None)
        if call.verb != 'del':
            r.masks[call.who] = set(call.args[1].split('|'))
            r.watched_by.add(call.who)

    def _accept(self, listener, call):
        if call.error:
            return
        new = self.role(call.result)
        new.blocking = 'no-NONBLOCK' in call.args
        new.local = 'unix' in call.args
        new.task = call.task
        self.batch_of(call).made.add(call.result)

    def _socket(self, r, call):
        waiting = [c for c in self.roles.values() if c.kind == 'C' and
                   c.open and not (c.peer and c.peer.open)]
        self.batch_of(call).made.add(r.name)
        mine = [c for c in waiting if c.task == call.task]
        if waiting and r.kind == 'S':
            self._pair((mine or waiting)[0], r)

    @staticmethod
    def _pair(client, server):
        for r in (client, server):
            if r.peer and r.peer.peer is r:
                r.peer.peer = None
        client.peer, server.peer = server, client

    def _connect(self, r, call):
        r.connecting = call.error in ('EINPROGRESS', 'EINTR')
        r.connected = not call.error
        r.error |= bool(call.error) and not r.connecting

    def _recv(self, r, call):
        if call.error == 'EINTR':
            return
        if r.doubt:
            r.doubt, r.eof = False, call.result == 'EOF'
        if call.error:
            r.may_read, r.announced = False, None
            r.error |= call.error != 'EAGAIN'
            r.misled |= call.injected
            return
        r.connected, r.connecting = True, False
        if call.result == 'EOF':
            r.eof, r.may_read, r.announced = True, False, None
            return
        if 'PEEK' in call.args:
            return
        count = self._count(r, call)
        r.received += count
        if call.range:
            r.stream_in = call.range[0]
        if 'RDHUP' not in (r.announced or ()):
            r.announced = None      # whether more was there is not known
        if count < call.asked and call.range:
            # In edge mode the next report may already have been used up.
            r.may_read = r.edge
            r.announced = None
            r.eof |= r.rdhup and not (r.edge or r.misled or r.local or
                                      self._interrupted(r, call))

    def _interrupted(self, r, call):
        """A read stops early at urgent data and before an error. (Of a Unix
        socket also at descriptors.)"""
        return self.batch_of(call).bits.get(r.name, set()) & {'PRI', 'ERR'}

    @staticmethod
    def _count(r, call):
        if call.range:
            return call.range[2] - call.range[1]
        r.inexact = True            # foreign bytes: the number is not said
        r.may_read = r.may_read or not r.blocking
        r.announced = None
        return len(call.result)

    def _send(self, r, call):
        if call.error:
            r.blocked = True
            r.send_error |= call.error not in ('EAGAIN', 'EINTR')
            if r.send_error:
                r.announced = None
            return
        r.connected, r.connecting = True, False
        taken = int(call.result or 0)
        r.sent += taken
        m = RANGE.match(call.args[0])
        r.blocked = bool(m) and taken < int(m[3]) - int(m[2])
        r.answered |= not m
        if m:
            self._recognise(r, m[1])

    def _sendfile(self, r, call):
        r.blocked = bool(call.error)
        r.answered = r.inexact = True

    def _recognise(self, r, stream):
        """Bytes tell who belongs together better than order does."""
        if r.kind != 'S' or (r.peer and r.peer.stream_in == stream):
            return
        for c in self.roles.values():
            if c.kind == 'C' and c.open and c.stream_in == stream:
                self._pair(c, r)
                return

    def _splice(self, source, call):
        target = self.role(call.args[0])
        if call.error in ('EINTR', 'EINVAL'):
            return              # interrupted, or this pair cannot splice
        if call.error and target.kind == 'P':
            source.may_read, source.announced = False, None
            source.error |= call.error != 'EAGAIN'
            return
        if call.error:
            target.blocked = True
            target.send_error |= call.error != 'EAGAIN'
            return
        if call.result == 'EOF':
            # Before urgent data splice brings nothing, too.
            source.eof = source.doubt = True
            source.may_read, source.announced = False, None
            return
        count = self._count(source, call)
        if target.kind == 'P':
            source.received += count
            source.announced = None
        else:
            target.sent += count
            target.blocked = count < call.asked

    def _shut(self, r, call):
        r.shut |= not call.error
        r.send_error |= bool(call.error)

    def _set(self, r, call):
        if call.args[:1] == ['SO_LINGER']:
            r.lingers = call.args[1] == '1,0'

    def _get(self, r, call):
        if call.args[:1] == ['SO_ERROR'] and call.result != '0':
            r.error, r.announced = True, None

    def _close(self, r, call):
        if 'copy' in call.args:
            return
        r.open = False
        r.masks = {}
        self.batch_of(call).closed.add(r.name)

    def _listen(self, r, call):
        if call.result:             # "S1 listen 128 -> L"
            r.open = False
            self.role(call.result)


def parse(text):
    """Calls of a canonical trace, and its "# key=value" header as a dict."""
    header, calls = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith('#'):
            header.update(w.split('=', 1) for w in line.split() if '=' in w)
        elif line.strip():
            calls.append(Call(line, number))
    return header, calls


def is_canonical(text):
    """Judged by the first call; what has none may be."""
    calls = parse(text)[1]
    return not calls or calls[0].is_canonical


def require(text, path):
    """`text`, which is `path`, if it is a canonical trace with calls."""
    if not is_canonical(text):
        raise NoTrace(f'{path}: no canonical trace: traceform makes one')
    calls = parse(text)[1]
    if not calls:
        raise NoTrace(f'{path}: there is no call in it')
    for call in calls:
        if not call.is_canonical:
            raise NoTrace(f'{path}: line {call.number} is none that '
                          f'traceform prints: {call.text!r:.60}')
    return text
