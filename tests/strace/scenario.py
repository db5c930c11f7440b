"""What the scenarios share: their declaration (proxy.py), and the beginning
and the end that most have in common."""

from proxy import scenario              # noqa: F401
from tracepeers import pattern


def streams(s, request=40, reply=80):
    return (s.stream('req', pattern('req', request)),
            s.stream('rep', pattern('rep', reply)))


def ask(s, req, fin=False):
    """A client sends `req`, and FIN; the device has got it. Both ends."""
    with s.at_once():
        c = s.client()
        c.send(req)
        if fin:
            c.shut()
    d = s.accepted()
    d.expect(req)
    if fin:
        d.ended()
    return c, d


def answer(s, d, c, rep):
    """The device sends `rep` and closes; the client has got both."""
    with s.at_once():
        d.send(rep)
        d.close()
    c.expect(rep)
    c.ended()


def exchange(s, req, rep, fin=False):
    """Both; the client closes last, which wakes nobody after its FIN."""
    c, d = ask(s, req, fin)
    answer(s, d, c, rep)
    c.close(woken=not fin)
