"""What the client and the device do to the door, scenario by scenario.

Each is a function of a Stage; its docstring heads the golden. `budget` is
the most calls, log lines apart, from the wait that brings the connection to
its last close: lock-step, then pile-up (one number: both). `settings` go on
the door's command line. `whole` keeps the door's end in the golden; gate `free`
has none, for the sizes of its reads are the kernel's choice. Looks
come before acts: under pile-up everything inside `at_once` happens while the
door is held.
"""

from peers import pattern

GATES = ('lockstep', 'pileup')
SCENARIOS = {}


def scenario(budget, settings=(), gates=GATES, whole=False, **stage):
    budgets = budget if isinstance(budget, tuple) else (budget, budget)


    def add(play):
        play.name = play.__name__.replace('_', '-')
        play.budget = dict(zip(GATES, budgets), free=0)
        play.settings, play.stage = list(settings), stage
        play.gates, play.whole = gates, whole
        SCENARIOS[play.name] = play
        return play
    return add


def streams(s, request=40, reply=80):
    return (s.stream('req', pattern('req', request)),
            s.stream('rep', pattern('rep', reply)))


@scenario(budget=(25, 19))
def request_then_eof(s):
    """The client sends a request and FIN; the device answers and closes."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
        c.shut()
    d = s.accepted()
    d.expect(req)
    d.ended()
    with s.at_once():
        d.send(rep)
        d.close()
    c.expect(rep)
    c.ended()
    c.close(woken=False)


@scenario(budget=(23, 17))
def short_http(s):
    """Short HTTP, twice: the device closes, then the client. The second
    one is counted: the door has learnt what it learns once."""
    req = s.stream('req', b'GET / HTTP/1.0\r\n\r\n')
    rep = s.stream('rep', b'HTTP/1.0 200 OK\r\n\r\n' + pattern('rep', 64))
    for _ in range(2):
        with s.at_once():
            c = s.client()
            c.send(req)
        d = s.accepted()
        d.expect(req)
        with s.at_once():
            d.send(rep)
            d.close()
        c.expect(rep)
        c.ended()
        c.close()


@scenario(budget=(0, 17), gates=('pileup',),
          inject=['epoll_wait,epoll_pwait:delay_enter=1s:when=3'])
def local_exchange(s):
    """The device answers and closes while the door still wakes up: request
    and FIN, answer and FIN are all there at its second look. (That look is
    put off by a second; waits one and two are the gate's and the accept.)"""
    req, rep = streams(s)
    with s.at_once(settle=False):
        c = s.client()
        c.send(req)
        c.shut()
    d = s.accepted()
    d.expect(req)
    s.alone(d.send, rep)
    s.alone(d.close)
    c.expect(rep)
    c.ended()
    c.close(woken=False)


@scenario(budget=(28, 22))
def answer_in_two_parts(s):
    """Request and FIN; the answer comes in two parts, FIN with the second."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
        c.shut()
    d = s.accepted()
    d.expect(req)
    d.ended()
    d.send(rep[:48])
    c.expect(rep[:48])
    with s.at_once():
        d.send(rep[48:])
        d.close()
    c.expect(rep[48:])
    c.ended()
    c.close(woken=False)


@scenario(budget=22)
def client_closes_late(s):
    """The device speaks first; the client sends nothing and closes late."""
    _, rep = streams(s)
    c = s.client()
    d = s.accepted()
    d.send(rep)
    c.expect(rep)
    c.shut()
    d.ended()
    d.close()
    c.ended()
    c.close(woken=False)


@scenario(budget=(25, 21))
def server_closes_late(s):
    """Request and FIN at once; the device answers, and closes late."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
        c.shut()
    d = s.accepted()
    d.expect(req)
    d.ended()
    d.send(rep)
    c.expect(rep)
    d.close()
    c.ended()
    c.close(woken=False)


@scenario(budget=(29, 23))
def half_close_by_device(s):
    """The device ends its side first; the client goes on sending."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req[:16])
    d = s.accepted()
    d.expect(req[:16])
    with s.at_once():
        d.send(rep)
        d.shut()
    c.expect(rep)
    c.ended()
    c.send(req[16:])
    d.expect(req[16:])
    c.close()
    d.ended()
    d.close(woken=False)


@scenario(budget=38)
def ping_pong(s):
    """Three requests and answers on one connection; the client ends it."""
    req, rep = streams(s, 48, 48)
    c = s.client()
    d = s.accepted()
    for at in range(0, 48, 16):
        c.send(req[at:at + 16])
        d.expect(req[at:at + 16])
        d.send(rep[at:at + 16])
        c.expect(rep[at:at + 16])
    c.close()
    d.ended()
    d.close()


@scenario(budget=17)
def client_resets(s):
    """The client resets an idle connection."""
    c = s.client()
    d = s.accepted()
    c.reset()
    d.was_reset()


@scenario(budget=20)
def client_resets_after_request(s):
    """A request, then a reset: the device gets the bytes, then the reset."""
    req, _ = streams(s)
    c = s.client()
    d = s.accepted()
    with s.at_once():
        c.send(req)
        c.reset()
    d.expect(req)
    d.was_reset()


@scenario(budget=(24, 20))
def client_resets_after_fin(s):
    """FIN, then a reset: ERR without a readable error."""
    req, _ = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
        c.shut()
    d = s.accepted()
    d.expect(req)
    d.ended()
    c.reset()
    s.door.settle([], woken=False)


@scenario(budget=(20, 16))
def device_resets_before_reply(s):
    """The device takes the request and resets; so is the client."""
    req, _ = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
    d = s.accepted()
    d.expect(req)
    d.reset()
    c.was_reset()


@scenario(budget=(23, 19))
def device_resets_during_reply(s):
    """Half an answer, then a reset: the client gets both, in order."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
    d = s.accepted()
    d.expect(req)
    with s.at_once():
        d.send(rep[:48])
        d.reset()
    c.expect(rep[:48])
    c.was_reset()


@scenario(budget=(0, 36), gates=('pileup',))
def number_reused(s):
    """One batch: a client resets, another comes, the first one's device
    speaks. The newcomer gets the numbers of the dead."""
    rep = s.stream('rep', pattern('rep', 40))
    late_req = s.stream('lreq', pattern('lreq', 40))
    c = s.client()
    d = s.accepted()
    with s.at_once():
        c.reset()
        late = s.client()
        late.send(late_req)
        d.send(rep)
    d.was_reset()
    d = s.accepted()
    d.expect(late_req)
    late.close()
    d.ended()
    d.close()


@scenario(budget=12, listening=False)
def device_refuses(s):
    """Nobody listens on the device's port: the client is reset."""
    c = s.client()
    c.was_reset()


@scenario(budget=12, gates=('lockstep',), backlog=0,
          settings=['--connect-timeout', '200ms'])
def device_is_silent(s):
    """The device's kernel drops the SYN: the client is reset in time."""
    s.refuse_silently()
    c = s.client()
    c.was_reset()


@scenario(budget=(26, 24), settings=['--connect-retry', '5'],
          inject=['connect:error=ECONNREFUSED:when=1'])
def refused_and_retried(s):
    """The first connect is refused; the second, 50 ms later, is not."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
    d = s.accepted()
    d.expect(req)
    s.wait_for_door()
    with s.at_once():
        d.send(rep)
        d.close()
    c.expect(rep)
    c.ended()
    c.close()


@scenario(budget=(26, 0), gates=('lockstep',), listening=False,
          settings=['--connect-retry', '2'])
def refused_to_the_end(s):
    """A silent client, and a device that refuses three times: the client is
    reset, and was not read in vain at each try."""
    c = s.client()
    c.was_reset()


@scenario(budget=(45, 37), settings=['--slots', '1'])
def queue_wait(s):
    """Two clients, one slot: the second is dialled when the first is done."""
    req, rep = streams(s)
    late_req = s.stream('lreq', pattern('lreq', 40))
    late_rep = s.stream('lrep', pattern('lrep', 80))
    with s.at_once():
        c = s.client()
        c.send(req)
    d = s.accepted()
    d.expect(req)
    with s.at_once():
        late = s.client()
        late.send(late_req)
    with s.at_once():
        d.send(rep)
        d.close()
    c.expect(rep)
    c.ended()
    c.close()
    d = s.accepted()
    d.expect(late_req)
    with s.at_once():
        d.send(late_rep)
        d.close()
    late.expect(late_rep)
    late.ended()
    late.close()


REQUEST = b'GET /temperature HTTP/1.0\r\nHost: device\r\n\r\n'
REPLY = b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n21.5\n'


@scenario(budget=(30, 25), settings=['--profile', 'w5500'])
def gate_http_held(s):
    """A request in two parts: nothing is dialled before it is whole."""
    req, rep = s.stream('req', REQUEST), s.stream('rep', REPLY)
    with s.at_once():
        c = s.client()
        c.send(req[:20])
    c.send(req[20:])
    d = s.accepted()
    d.expect(req)
    with s.at_once():
        d.send(rep)
        d.close()
    c.expect(rep)
    c.ended()
    c.close(woken=False)


@scenario(budget=(11, 9), settings=['--profile', 'w5500'])
def gate_http_answered(s):
    """No request at all: the door answers 400 itself, the device sleeps."""
    req = s.stream('req', b'hello, device\r\n\r\n')
    with s.at_once():
        c = s.client()
        c.send(req)
    c.answered(400)
    c.close()


@scenario(budget=(24, 18), settings=['--half-close', 'after-reply'])
def fin_held_back(s):
    """The client's FIN reaches the device only when it has finished."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
        c.shut()
    d = s.accepted()
    d.expect(req)
    with s.at_once():
        d.send(rep)
        d.shut()
    c.expect(rep)
    c.ended()
    d.ended()
    d.close(woken=False)
    c.close(woken=False)


@scenario(budget=(24, 18), settings=['--on-device-fin', 'close'])
def device_fin_closes(s):
    """The device's FIN ends its side at once; the client is still fed."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
    d = s.accepted()
    d.expect(req)
    with s.at_once():
        d.send(rep)
        d.shut()
    d.ended()
    c.expect(rep)
    c.ended()
    c.close()
    d.close(woken=False)


@scenario(budget=0, gates=('free',), settings=['--splice', 'off'])
def bulk_copied(s):
    """A long answer, by copying alone."""
    bulk_spliced(s)


@scenario(budget=0, gates=('free',))
def bulk_spliced(s):
    """A long answer to a client that keeps up: bytes go through a pipe."""
    req, rep = streams(s, 40, 1 << 20)
    c = s.client()
    c.send(req)
    d = s.accepted()
    d.expect(req)
    d.stream_to(c, rep)
    d.close()
    c.ended()
    c.close()


@scenario(budget=0, gates=('free',))
def bulk_both_ways(s):
    """Long streams, one after the other, over one connection."""
    req, rep = streams(s, 1 << 19, 1 << 19)
    c = s.client()
    d = s.accepted()
    c.stream_to(d, req)
    d.stream_to(c, rep)
    c.close()
    d.ended()
    d.close()


@scenario(budget=0, gates=('free',), settings=['--sndbuf', '32k'],
          buffers=32768)
def slow_reader(s):
    """A client that does not read until everything behind it is full."""
    req, rep = streams(s, 40, 4 << 20)
    c = s.client(receive_bytes=32768)
    c.send(req)
    d = s.accepted()
    d.expect(req)
    sent = d.fill(rep)
    c.expect(rep[:sent])
    d.close()
    c.ended()
    c.close()


@scenario(budget=0, gates=('free',),
          settings=['--sndbuf', '32k', '--splice', 'off'], buffers=32768)
def slow_reader_copied(s):
    """The same without splice: what a short send leaves is kept in chunks."""
    slow_reader(s)


@scenario(budget=0, gates=('free',), settings=['--sndbuf', '32k'],
          buffers=32768)
def blocked_after_hang_up(s):
    """Everything is full, then the device ends and the client's FIN is long
    through: its hang-up stands while the client reads nothing."""
    req, rep = streams(s, 40, 4 << 20)
    c = s.client(receive_bytes=32768)
    c.send(req)
    c.shut()
    d = s.accepted()
    d.expect(req)
    d.ended()
    sent = d.fill(rep)
    d.close()
    s.door.settle(woken=False)
    c.expect(rep[:sent])
    c.ended()
    c.close()


@scenario(budget=0, gates=('free',), buffers=4 << 20)
def held_bulk(s):
    """Megabytes are there before the door looks, and room for them beyond:
    how much does it move before it looks at others?"""
    req, rep = streams(s, 40, 8 << 20)
    c = s.client(receive_bytes=8 << 20)
    c.send(req)
    d = s.accepted()
    d.expect(req)
    d.stream_to(c, rep)
    d.close()
    c.ended()
    c.close()


@scenario(budget=(35, 29), whole=True)
def drain(s):
    """TERM while a connection is open: it may finish, then the door ends."""
    req, rep = streams(s)
    with s.at_once():
        c = s.client()
        c.send(req)
    d = s.accepted()
    d.expect(req)
    s.terminate()
    with s.at_once():
        d.send(rep)
        d.close()
    c.expect(rep)
    c.ended()
    c.close()


