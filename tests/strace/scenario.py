"""How a scenario is declared.

Each is a function of a Stage; its docstring heads the golden. `budget` is
the most calls, log lines apart, from the wait that brings the connection to
its last close: lock-step, then pile-up (one number: both). `settings` go on
the proxy's command line. `whole` keeps the proxy's end in the golden; gate
`free` has none, for the sizes of its reads are the kernel's choice. Looks
come before acts: under pile-up everything inside `at_once` happens while the
door is held.
"""

from tracepeers import pattern

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
