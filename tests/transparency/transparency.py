#!/usr/bin/env python3
"""Proves that two endpoints cannot tell that the proxy stands between them:
every sequence of four actions, settled and in turns, with little and with many
bytes.

    transparency.py                         all of it
    transparency.py MODE LETTER SEQUENCE    one, shown, as a failure says

Every sequence of actions of both endpoints is played once over a direct TCP
connection and once through the proxy; returns, errors, bytes, their order, end
or reset, and poll masks must be the same. In mode "settled" everything settles
after each action, in mode "turns" one side's consecutive actions are done back
to back.

A turn is atomic only if the proxy cannot run within it: driver and proxy share
one processor, and the driver is the SCHED_FIFO process of higher priority. The
proxy is one too, so that a busy machine delays nothing.
"""
import collections
import itertools
import os
import shutil
import socket
import sys

sys.path.insert(0, "tests/lib")
from relays import free_port, haproxy
from sallyport import (Program, Started, folder, own_network,
                       skip, until)
from pair import OPEN_S, Pair, Process, Rest
from sequence import (CLOSED, DIFFERENT, EQUAL, EXCUSED,
                      SIDES, compare, keys, sequences, table, turns)

DEPTH = int(os.environ.get("TRANSPARENCY_DEPTH", 4))
# Bytes of a letter: one, and enough for a send of three to need several.
LETTERS = (1, int(os.environ.get("TRANSPARENCY_LETTER", 6000)))
MODES = ("settled", "turns")
BATCH = 128
PLAYS = 5  # a difference stays in all of them
PROVEN_ENOUGH = 200  # differences; more are not played again
SHOWN = 5
DRIVER_PRIORITY, PROXY_PRIORITY = 2, 1


def become_real_time():
    """The command under which the proxy is so, too; None: not allowed."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO,
                              os.sched_param(DRIVER_PRIORITY))
    except PermissionError:
        return None
    return "chrt", "--fifo", str(PROXY_PRIORITY)


class Way:
    """From client to server: direct, or through a proxy. Turns of many
    sequences are played together, so that waiting for rest is paid once for
    all of them."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.settimeout(OPEN_S)
        self.to = self.device = self.listener.getsockname()
        self.rest = Rest()

    def play(self, in_turns, letter_bytes, batch):
        """What was seen of each sequence."""
        pairs = [Pair(self, letter_bytes) for _ in batch]
        seen = [{} for _ in batch]
        self.rest.wait()
        for steps_of in itertools.zip_longest(
                *(turns(sequence, in_turns) for sequence in batch),
                fillvalue=()):
            for pair, what, steps in zip(pairs, seen, steps_of):
                what.update((step, pair.act(step[2:])) for step in steps)
            self.rest.wait()
            for pair, what, steps in zip(pairs, seen, steps_of):
                if steps and not in_turns:
                    what.update(("%s, %s poll" % (steps[0], side),
                                 pair.poll(side)) for side in SIDES)
        for pair, what in zip(pairs, seen):
            what.update(pair.last_look())
            pair.drop()
        self.rest.wait()
        return seen

    def through(self, program, address):
        """`program` passes on what comes to `address`."""
        self.to = address
        until("the proxy serves", lambda: program.ended() or self.serves())
        assert not program.ended(), program.lines
        try:
            self.rest.processes = list(map(Process, program.pids()))
        except OSError as error:
            skip("cannot see whether the proxy rests: %s" % error)
        return self

    def serves(self):
        try:
            Pair(self, 1).drop()
        except ConnectionRefusedError:
            return False
        return True


def through_proxy(under):
    way = Way()
    program = Started("127.0.0.1:0", "%s:%d" % way.device, under=under)
    return way.through(program, program.address)


def through_haproxy(under):
    way, port = Way(), free_port()
    command = haproxy(folder(), "127.0.0.1:%d" % port,
                      "%s:%d" % way.device)
    return way.through(Program(*command, under=under), ("127.0.0.1", port))


class Comparison:
    """Of a way with the direct one."""

    def __init__(self, way, mode, letter_bytes):
        self.way, self.direct = way, Way()
        self.mode, self.letter_bytes = mode, letter_bytes
        self.count = collections.Counter()

    def play(self, batch):
        """Each sequence with its verdict, and what was seen of it."""
        how = self.mode == "turns", self.letter_bytes, batch
        for sequence, *seen in zip(batch, self.direct.play(*how),
                                   self.way.play(*how)):
            yield compare(sequence, *seen, how[0]), sequence, *seen

    def judge(self, verdict, sequence):
        """On a busy machine something comes later than it is waited for now
        and then; what the proxy does otherwise, it does each time."""
        for _ in range(1, PLAYS):
            if verdict != DIFFERENT or self.count[DIFFERENT] >= PROVEN_ENOUGH:
                break
            verdict = next(self.play([sequence]))[0]
            self.count["late"] += verdict != DIFFERENT
        self.count[verdict] += 1
        return verdict

    def play_all(self, depth, shown=SHOWN):
        """Prints the first differences; how many there are."""
        left = sequences(depth)
        while batch := list(itertools.islice(left, BATCH)):
            for verdict, sequence, *seen in list(self.play(batch)):
                if self.judge(verdict, sequence) == DIFFERENT and \
                        self.count[DIFFERENT] <= shown:
                    self.show(sequence, seen)
        total = sum(self.count[v] for v in (EQUAL, EXCUSED, DIFFERENT))
        print("%s, %d: %d sequences: " % (self.mode, self.letter_bytes, total)
              + ", ".join("%d %s" % (self.count[what], what) for what in (
                  EQUAL, EXCUSED, "late", DIFFERENT)), flush=True)
        return self.count[DIFFERENT]

    def show(self, sequence, seen):
        print(self.mode, self.letter_bytes, ",".join(sequence))
        print(table(*seen))


def check_the_judge():
    """It lists every sequence once, and excuses one thing, in one place."""
    assert [len(set(sequences(depth))) for depth in range(1, 6)] == [
        len(list(sequences(depth))) for depth in range(1, 6)] == [
            10, 80, 548, 3500, 21644]
    assert turns(("c:snd", "c:shw", "s:rcv", "c:rcv"), True) == [
        ["0 c:snd", "1 c:shw"], ["2 s:rcv"], ["3 c:rcv"]]

    # The server closes; then the client's send provokes a reset that its next
    # call meets when direct, and only later through a proxy.
    late = "s:clo", "c:snd", "c:snd", "c:rcv"

    def verdict(*sequence, in_turns=True, first="3", **other):
        steps = keys(sequence)
        direct = dict(zip(steps, ("0", first, "EPIPE", "end")), **{
            "end c poll": {"IN", "HUP"}, "end s poll": CLOSED,
            "end c left": "end", "end c error": "-"})
        proxied = {**direct, steps[2]: "3", "end c error": "EPIPE",
                   "end c poll": {"IN", "HUP", "ERR"}, **other}
        return compare(sequence, direct, proxied, in_turns)
    assert verdict(*late) == EXCUSED
    assert verdict(*late, in_turns=False) == DIFFERENT
    for other in ({"3 c:rcv": '"A"'}, {"end c left": '"A" end'},
                  {"end c poll": {"IN", "ERR"}}, {"1 c:snd": "EPIPE"}):
        assert verdict(*late, **other) == DIFFERENT, other
    # The peer is open; the error was not provoked in the turn.
    assert verdict("s:shw", *late[1:]) == DIFFERENT
    assert verdict("s:clo", "c:rcv", *late[2:], first="end") == DIFFERENT


def main(argv):
    own_network()
    check_the_judge()
    under = become_real_time()
    if argv:
        one = Comparison(through_proxy(under or ()), argv[0], int(argv[1]))
        (verdict, sequence, *seen), = one.play([tuple(argv[2].split(","))])
        one.show(sequence, seen)
        return verdict == DIFFERENT
    # The driver sees a difference where there is one.
    if shutil.which("haproxy"):
        assert Comparison(through_haproxy(under or ()), "settled", 1).play_all(
            4, 0), "a proxy that turns resets into ends is not found out"
    way = through_proxy(under or ())
    different = 0
    for letter_bytes in LETTERS:
        for mode in MODES:
            if mode == "turns" and not under:
                skip("no right to use SCHED_FIFO")
            different += Comparison(way, mode, letter_bytes).play_all(DEPTH)
    return different > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
