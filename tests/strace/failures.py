"""Resets, refusals and silence."""

from tracepeers import pattern
from scenario import answer, ask, scenario, streams


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
    c, d = ask(s, req, fin=True)
    c.reset()
    s.daemon.settle([], woken=False)


@scenario(budget=(20, 16))
def device_resets_before_reply(s):
    """The device takes the request and resets; so is the client."""
    req, _ = streams(s)
    c, d = ask(s, req)
    d.reset()
    c.was_reset()


@scenario(budget=(23, 19))
def device_resets_during_reply(s):
    """Half an answer, then a reset: the client gets both, in order."""
    req, rep = streams(s)
    c, d = ask(s, req)
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
        d.send(rep, may_fail=True)      # without a gate the reset may be there
    d.was_reset()
    d.forget()
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
    c, d = ask(s, req)
    s.wait_for_daemon()
    answer(s, d, c, rep)
    c.close()


@scenario(budget=(26, 0), gates=('lockstep',), listening=False,
          settings=['--connect-retry', '2'])
def refused_to_the_end(s):
    """A silent client, and a device that refuses three times: the client is
    reset, and was not read in vain at each try."""
    c = s.client()
    c.was_reset()
