"""Ordinary exchanges, to their orderly end."""

from tracepeers import pattern
from scenario import answer, ask, exchange, scenario, streams


@scenario(budget=(25, 19))
def request_then_eof(s):
    """The client sends a request and FIN; the device answers and closes."""
    exchange(s, *streams(s), fin=True)


@scenario(budget=(23, 17))
def short_http(s):
    """Short HTTP, twice: the device closes, then the client. The second
    one is counted: the proxy has learnt what it learns once."""
    req = s.stream('req', b'GET / HTTP/1.0\r\n\r\n')
    rep = s.stream('rep', b'HTTP/1.0 200 OK\r\n\r\n' + pattern('rep', 64))
    for _ in range(2):
        exchange(s, req, rep)


@scenario(budget=(0, 17), gates=('pileup',),
          inject=['epoll_wait,epoll_pwait:delay_enter=1s:when=3'])
def local_exchange(s):
    """The device answers and closes while the proxy still wakes up: request
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
    c, d = ask(s, req, fin=True)
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
    c, d = ask(s, req, fin=True)
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


@scenario(budget=(37, 31), whole=True)
def drain(s):
    """TERM while a connection is open: it may finish, then the proxy ends."""
    req, rep = streams(s)
    c, d = ask(s, req)
    s.terminate()
    answer(s, d, c, rep)
    c.close()


@scenario(budget=(31, 24), settings=['--quickack', 'on'])
def acks_at_once(s):
    """The kernel leaves quick acknowledgement by itself: it is asked for
    again after every read from the device, while there is a device."""
    req, rep = streams(s)
    c, d = ask(s, req, fin=True)
    d.send(rep[:48])
    c.expect(rep[:48])
    answer(s, d, c, rep[48:])
    c.close(woken=False)
