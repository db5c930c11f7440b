"""Canonical traces as objects: calls, and what they say about each role.

The text is traceform's (grammar: doc/testing.txt). A World is fed one call
at a time and knows, for every role, what has happened so far; the properties
of props.py ask it before it takes the call in.
"""

import re

RANGE = re.compile(r'(\S+)\[(\d+)\.\.(\d+)\)$')
EVENT = re.compile(r'(\S+?):([A-Z|]+|none)(\(stale\))?$')
READS = ('recv', 'splice')


class Call:
    """One line: who did what, and what came of it."""

    def __init__(self, text, number=0):
        self.text, self.number = text, number
        body, arrow, result = text.partition(' ->')
        words = body.split()
        self.injected = text.endswith(' injected')
        if body.endswith(' injected'):
            words = words[:-1]
        self.who = words[0]
        self.verb = words[1] if len(words) > 1 else ''
        self.args = words[2:]
        self.result = result.removesuffix(' injected').strip()
        self.error = self.result if re.match(r'E[A-Z0-9]+$', self.result) \
            and self.result != 'EOF' else None

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

    @property
    def events(self):
        """What a wait brought: [(role, {bits}, stale)]."""
        found = (EVENT.match(w) for w in self.result.split())
        return [(m[1], set(m[2].split('|')), bool(m[3]))
                for m in found if m]

    @property
    def asked(self):
        return int(self.args[1 if self.verb == 'splice' else 0])


class Role:
    def __init__(self, name):
        self.name, self.kind = name, name[0]
        self.open = True
        self.peer = None
        self.mask = None            # in the epoll set: a set of bits
        self.connected = self.kind != 'S'
        self.connecting = False
        self.saw_out = False        # OUT without ERR was reported
        self.may_read = self.kind == 'C'    # one try after accept
        self.rdhup = False
        self.hung_up = False        # RDHUP, HUP or ERR was reported
        self.eof = self.error = self.shut = self.lingers = False
        self.send_error = False     # its input may still be good
        self.blocked = False        # the last send did not take all
        self.stream_in = None
        self.received = self.sent = self.piped = 0


class World:
    def __init__(self):
        self.roles = {}
        self.batch = {}             # role: bits, of the last wait
        self.closed_in_batch = set()
        self.made_in_batch = set()

    def role(self, name):
        if name not in self.roles:
            self.roles[name] = Role(name)
        return self.roles[name]

    def pairs(self):
        return [r for r in self.roles.values() if r.peer]

    def drained(self, to):
        """Everything `to`'s peer will ever send has been passed on."""
        source = to.peer
        return (source and source.eof and not source.error and to.open
                and to.connected and not to.shut and not to.error
                and not to.send_error
                and to.sent == source.received)

    def take(self, call):
        if call.who in ('exit', 'killed', 'signal', 'log'):
            return
        if call.verb == 'wait':
            self._wait(call)
            return
        if call.who.startswith('E'):
            self._control(call)
            return
        handler = getattr(self, '_' + call.verb, None)
        if handler and call.who != '-':
            handler(self.role(call.who), call)

    def _wait(self, call):
        self.closed_in_batch, self.made_in_batch = set(), set()
        self.batch = {}
        for name, bits, stale in call.events:
            self.batch[name] = bits
            if stale or name == '?':
                continue
            r = self.role(name)
            if bits & {'RDHUP', 'HUP', 'ERR'}:
                r.hung_up = True
            r.rdhup |= 'RDHUP' in bits
            if bits & {'IN', 'PRI', 'RDHUP', 'HUP', 'ERR'}:
                r.may_read = True
            if 'OUT' in bits and 'ERR' not in bits:
                r.saw_out = r.connected = True
                r.connecting = False

    def _control(self, call):
        if call.error or call.verb not in ('add', 'mod', 'del'):
            return
        r = self.role(call.args[0])
        r.mask = None if call.verb == 'del' else \
            set(call.args[1].split('|'))

    def _accept(self, listener, call):
        if call.error:
            return
        self.role(call.result)
        self.made_in_batch.add(call.result)

    def _socket(self, r, call):
        waiting = [c for c in self.roles.values() if c.kind == 'C' and
                   c.open and not (c.peer and c.peer.open)]
        self.made_in_batch.add(r.name)
        if waiting:
            self._marry(waiting[0], r)

    @staticmethod
    def _marry(client, server):
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
        if call.error:
            r.may_read = False
            r.error |= call.error != 'EAGAIN'
            return
        r.connected, r.connecting = True, False
        if call.result == 'EOF':
            r.eof, r.may_read = True, False
            return
        if 'PEEK' in call.args:
            return
        count = self._count(call)
        r.received += count
        if call.range:
            r.stream_in = call.range[0]
        if count < call.asked:
            r.may_read = False
            r.eof |= r.rdhup and not self._interrupted(r)

    def _interrupted(self, r):
        """A read stops early at urgent data and before an error."""
        return self.batch.get(r.name, set()) & {'PRI', 'ERR'}

    @staticmethod
    def _count(call):
        if call.range:
            return call.range[2] - call.range[1]
        return len(call.result)     # foreign bytes: the number is not said

    def _send(self, r, call):
        if call.error:
            r.blocked = True
            r.send_error |= call.error not in ('EAGAIN', 'EINTR')
            return
        r.connected, r.connecting = True, False
        taken = int(call.result)
        r.sent += taken
        m = RANGE.match(call.args[0])
        r.blocked = bool(m) and taken < int(m[3]) - int(m[2])
        if m:
            self._recognise(r, m[1])

    def _recognise(self, r, stream):
        """Bytes tell who belongs together better than order does."""
        if r.kind != 'S' or (r.peer and r.peer.stream_in == stream):
            return
        for c in self.roles.values():
            if c.kind == 'C' and c.open and c.stream_in == stream:
                self._marry(c, r)
                return

    def _splice(self, source, call):
        target = self.role(call.args[0])
        if call.error in ('EINTR', 'EINVAL'):
            return              # interrupted, or this pair cannot splice
        if call.error and target.kind == 'P':
            source.may_read = False
            source.error |= call.error != 'EAGAIN'
            return
        if call.error:
            target.blocked = True
            target.send_error |= call.error != 'EAGAIN'
            return
        if call.result == 'EOF':
            source.eof, source.may_read = True, False
            return
        count = self._count(call)
        if target.kind == 'P':
            source.received += count
        else:
            target.sent += count
            target.blocked = count < call.asked

    def _shut(self, r, call):
        r.shut |= not call.error
        r.send_error |= bool(call.error)

    def _set(self, r, call):
        if call.args[0] == 'SO_LINGER':
            r.lingers = call.args[1] == '1,0'

    def _get(self, r, call):
        if call.args[0] == 'SO_ERROR' and call.result != '0':
            r.error = True

    def _close(self, r, call):
        r.open = False
        r.mask = None
        self.closed_in_batch.add(r.name)


def parse(text):
    """Calls of a canonical trace, and its "# key=value" header as a dict."""
    header, calls = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith('#'):
            header.update(w.split('=', 1) for w in line.split() if '=' in w)
        elif line.strip():
            calls.append(Call(line, number))
    return header, calls
