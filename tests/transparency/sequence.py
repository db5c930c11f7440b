"""What two endpoints of one connection can do, in what order, and whether they
have seen the same of it with and without the proxy. Pure: no sockets here.

An action is a side and a verb, "c:snd": the client, which connected, or the
server sends its next three letters, receives, ends its sending direction
(shw), closes, or closes with a reset. What was seen is a dictionary: what each
action returned, as "0 c:snd"; what poll() said of each side behind it, where
everything settles; and a last look at the sides that are still open.
"""
import itertools

SIDES = "cs"
CLOSING = ("clo", "rst")
ACTIONS = [side + ":" + verb for side in SIDES
           for verb in ("snd", "rcv", "shw", *CLOSING)]
LETTERS = 3  # of one send
SUCCESS = {"snd": str(LETTERS), "shw": "0"}
CLOSED = "-"  # poll of a side that has closed
EQUAL, EXCUSED, DIFFERENT = "equal", "excused", "different"


def closes(action):
    return action[2:] in CLOSING


def sequences(depth, begun=(), sides=SIDES):
    """Every sequence of `depth` actions, and every shorter one after which
    both sides have closed: all others of at most `depth` begin one of these.
    Who has closed does nothing more."""
    if len(begun) == depth or not sides:
        yield begun
        return
    for action in ACTIONS:
        if action[0] in sides:
            left = sides.replace(action[0], "") if closes(action) else sides
            yield from sequences(depth, (*begun, action), left)


def keys(sequence):
    return ["%d %s" % step for step in enumerate(sequence)]


def turns(sequence, in_turns):
    """The steps that are done back to back: all that one side does before the
    other does something, or a single one."""
    return [list(steps) for _, steps in itertools.groupby(
        keys(sequence), lambda step: step[2] if in_turns else step)]


def failed(outcome):
    return outcome.startswith("E") and outcome != "EAGAIN"


def met_within_turn(sequence, direct):
    """The first call that meets, when direct, a reset provoked by a send of
    its own turn; None if there is none. Only a side that has closed answers
    so, hence this turn is the last."""
    provoked = False
    closed = next((at for at, action in enumerate(sequence)
                   if closes(action)), len(sequence))
    for at in range(closed + 1, len(sequence)):
        outcome = direct[keys(sequence)[at]]
        if provoked and failed(outcome):
            return at
        provoked |= sequence[at][2:] == "snd" and outcome[0] != "E"
    return None


def is_excused(sequence, direct, proxied):
    """The one thing that may differ, which no proxy outside the kernel can
    give: where the other side has closed and a send provokes its kernel's
    reset, a later call of the same turn meets that reset at once when direct,
    and only after the turn through a proxy. That call may then succeed, and
    the ERR bit and SO_ERROR be there or not."""
    met = met_within_turn(sequence, direct)
    if met is None:
        return False
    alike, side = dict(proxied), "end %s " % sequence[met][0]
    for action, key in list(zip(sequence, keys(sequence)))[met:]:
        if proxied[key] == SUCCESS.get(action[2:]):
            alike[key] = direct[key]
    if alike[side + "poll"] != CLOSED:
        alike[side + "poll"] ^= (
            alike[side + "poll"] ^ direct[side + "poll"]) & {"ERR"}
        alike[side + "error"] = direct[side + "error"]
    return alike == direct


def compare(sequence, direct, proxied, in_turns):
    """`in_turns`: the actions of a turn were done back to back."""
    if direct == proxied:
        return EQUAL
    return EXCUSED if in_turns and is_excused(sequence, direct, proxied) \
        else DIFFERENT


def table(direct, proxied):
    """Both side by side; what differs begins with "!"."""
    def text(seen):
        return seen if isinstance(seen, str) else " ".join(sorted(seen))
    rows = [(" ", "", "direct", "proxy")]
    rows += [("!" if direct[key] != proxied[key] else " ", key,
              text(direct[key]), text(proxied[key])) for key in direct]
    return "\n".join("%s %-16s %-30s %s" % row for row in rows)
