"""Waiting line, gate, and other ways to end than the raw one."""

from tracepeers import pattern
from scenario import answer, ask, scenario, streams

REQUEST = b'GET /temperature HTTP/1.0\r\nHost: device\r\n\r\n'
REPLY = b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n21.5\n'


@scenario(budget=(45, 37), settings=['--slots', '1'])
def queue_wait(s):
    """Two clients, one slot: the second is connected when the first is done."""
    req, rep = streams(s)
    late_req = s.stream('lreq', pattern('lreq', 40))
    late_rep = s.stream('lrep', pattern('lrep', 80))
    c, d = ask(s, req)
    with s.at_once():
        late = s.client()
        late.send(late_req)
    answer(s, d, c, rep)
    c.close()
    d = s.accepted()
    d.expect(late_req)
    answer(s, d, late, late_rep)
    late.close()


@scenario(budget=(30, 25), settings=['--profile', 'w5500'])
def gate_http_held(s):
    """A request in two parts: no connect before it is whole."""
    req, rep = s.stream('req', REQUEST), s.stream('rep', REPLY)
    with s.at_once():
        c = s.client()
        c.send(req[:20])
    c.send(req[20:])
    d = s.accepted()
    d.expect(req)
    answer(s, d, c, rep)
    c.close(woken=False)


@scenario(budget=(11, 9), settings=['--profile', 'w5500'])
def gate_http_answered(s):
    """No request at all: the proxy answers 400 itself, the device sleeps."""
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
    c, d = ask(s, req)
    with s.at_once():
        d.send(rep)
        d.shut()
    d.ended()
    c.expect(rep)
    c.ended()
    c.close()
    d.close(woken=False)
