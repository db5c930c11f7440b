"""Does the status tell the truth? Asked four times a second beside a scenario.

A claim is true if it was so within the second before it. What was so is known
from the clients, who know what they sent and were told, and from the device,
which writes down its connections; from nothing that the proxy says of itself.
"""
import bisect
import concurrent.futures
import json
import re
import select
import socket
import threading
import time
import urllib.request

from clients import Client
from rig import run
from sallyport import PROGRAM

SECOND = 1.0
EVERY_S = 0.25
LOOK_S = 0.02  # how often clients and device are looked at
LATE_S = 0.1  # so late that may notice a change
OPEN = ("SynRecv", "Establ", "FinWait", "ClsWait", "LastAck")
# What an answer tells of the device, by its status or by words of its page.
TELLS = {b"does not answer at present": {"down", "stuck"},
         b"is being checked": {"suspected"},
         b"HTTP/1.1 504": {"suspected", "down", "stuck"},
         b"</html>": None}  # its own page, if no other was found: it is up


class Steps:
    """A value that changes now and then."""

    def __init__(self, first):
        self.times, self.values = [0.0], [first]

    def to(self, at, value):
        if value != self.values[-1]:
            self.times.append(at)
            self.values.append(value)

    def between(self, begin, end):
        """All values that it had."""
        return self.values[bisect.bisect_right(self.times, begin) - 1:
                           bisect.bisect_right(self.times, end)]


def ask(admin, path):
    with urllib.request.urlopen("http://" + admin + path, timeout=20) as reply:
        return reply.read().decode()


def told(client):
    """What the states of the device may be after that answer; None: any."""
    if not client.got or client.result == "torn":
        return None
    for words, states in TELLS.items():
        if words in client.got:
            return states or {"up"}
    return None


class Witness:
    """From `front` being ready to end()."""

    def __init__(self, front, device):
        self.front, self.device = front, device
        self.admin = front.process.admin()
        self.samples, self.pages = [], 0
        self.lies = []
        self.in_use = Steps((0, 0))  # surely, perhaps
        self.well = Steps(True)
        self.over = threading.Event()
        pool = concurrent.futures.ThreadPoolExecutor(2)
        self.looking = [pool.submit(f) for f in (self.look, self.sample)]

    # ---- what is so ----

    def look(self):
        states = {}
        with socket.socket(socket.AF_UNIX) as s, \
                open(self.device.events_path) as events:
            s.connect(self.device.control.getpeername())
            answers = s.makefile("r")
            rest = ""
            while not self.over.is_set():
                *lines, rest = (rest + events.read()).split("\n")
                for e in map(json.loads, lines):
                    states[e["slot"]] = e["to"]
                    now = list(states.values())
                    self.in_use.to(time.monotonic(), (
                        now.count("Establ"), sum(s in OPEN for s in now)))
                s.sendall(b"stat\n")
                stat = json.loads(answers.readline())
                self.well.to(time.monotonic(), self.is_well(stat))
                self.look_at_clients()
                time.sleep(LOOK_S)  # between two looks

    @staticmethod
    def is_well(stat):
        slots = [s["sr"] for s in stat["slots"]]
        return (stat["fw"] not in ("off", "boot", "hung") and
                "SynRecv" not in slots and slots.count("Closed") < len(slots))

    @staticmethod
    def look_at_clients():
        """Who has an answer, whether he reads it or not?"""
        poll = select.poll()
        waiting = {}
        for c in Client.made:
            fd = c.sock.fileno()
            if c.answered_at is None and fd >= 0:
                waiting[fd] = c
                poll.register(fd, select.POLLIN)
        now = time.monotonic()
        for fd, _ in poll.poll(0):
            waiting[fd].answered_at = waiting[fd].answered_at or now

    # ---- what is said ----

    def sample(self):
        while not self.over.wait(EVERY_S):
            said = json.loads(ask(self.admin, "/status.json"))
            self.samples.append((time.monotonic(), said))
            if len(self.samples) % 4 == 0:
                self.read_page(said["state"])

    def read_page(self, before):
        page = ask(self.admin, "/")
        after = json.loads(ask(self.admin, "/status.json"))["state"]
        shown = re.search(r'id="state">([^<]*)<', page)[1]
        self.pages += 1
        if shown not in (before, after):
            self.lies.append("the page said %s between %s and %s" %
                             (shown, before, after))

    def order(self, word, state):
        """What is ordered is said within a second, too."""
        run(PROGRAM, "control", self.front.admin, word)
        end = time.monotonic() + SECOND
        said = {"state": None}
        while said["state"] != state and time.monotonic() < end:
            said = json.loads(ask(self.admin, "/status.json"))
            time.sleep(LOOK_S)  # between two looks
        if said["state"] != state or said["since_ms"] > 1000 * SECOND:
            self.lies.append("after %s it said %s for %d ms" %
                             (word, said["state"], said["since_ms"]))

    # ---- do they agree? ----

    def possible(self):
        """In which states the device may be known to be."""
        answers = sorted(((c.answered_at, told(c)) for c in Client.made
                          if told(c)), key=lambda a: a[0])
        times = sorted({at for at, _ in answers} | set(self.in_use.times) |
                       set(self.well.times))
        states = Steps({"up"})
        answers.reverse()
        for at in times:
            now = states.values[-1]
            while answers and answers[-1][0] <= at:
                now = answers.pop()[1]
            if not self.well.between(at, at)[0]:
                now = now | {"suspected", "down", "stuck"}
            elif self.in_use.between(at, at)[0][1] > 0:
                now = now | {"up"}  # perhaps it was a probe
            states.to(at, now)
        return states

    def judge(self, at, said, states, clients):
        """What is untrue of it."""
        begin, end = at - SECOND, at
        in_use = self.in_use.between(begin, end)
        asked = [c for c in clients if c.asked_at and c.asked_at <= end and
                 c.until >= begin]
        waits = [c for c in asked if c.asked_at <= begin and
                 c.until >= end + LATE_S]
        shown = sum(g["count"] for g in said["at_device"] + said["waiting"])
        ports = {c.name for c in clients if c.began <= end and
                 c.gone_at >= begin}
        is_well = all(self.well.between(begin, end))
        if said["state"] not in set().union(*states.between(
                begin, end + LATE_S)):
            yield "state %s" % said["state"]
        if said["headline"].split()[1] != said["state"]:
            yield "headline %s" % said["headline"]
        # Somebody has it, if others wait for a device that is up.
        least = (min(n for n, _ in in_use) if is_well
                 else len(waits) > 0 and said["state"] == "up")
        most = max(n for _, n in in_use)
        if asked or not is_well:
            most = max(most, 1)
        if not least <= (said["slots_taken"] +
                         said["slots_quarantined"]) or \
                said["slots_taken"] > most:
            yield "slots_taken %d of %d to %d" % (said["slots_taken"], least,
                                                  most)
        if not len(waits) - 1 <= said["queue"] <= len(asked):
            yield "queue %d of %d to %d" % (said["queue"], len(waits) - 1,
                                            len(asked))
        if len(waits) <= 32 and shown < len(waits):
            yield "%d shown of %d who ask" % (shown, len(waits))
        for g in said["at_device"] + said["waiting"]:
            if g["count"] == 1 and g["client"] not in ports:
                yield "%s is nobody" % g["client"]
        least = sum(c.began <= begin and c.until >= end + LATE_S
                    for c in clients)
        if not least <= said["connections"] <= len(ports):
            yield "connections %d of %d to %d" % (said["connections"], least,
                                                  len(ports))

    def end(self, must):
        """The scenario is over: says what was found, until a second later."""
        time.sleep(SECOND + EVERY_S)  # what is over is not to be said any more
        self.over.set()
        for looking in self.looking:
            looking.result()
        self.order("hold", "held")
        self.order("release", "up")
        clients = [c for c in Client.made if c.to == self.front.address]
        for c in clients:
            c.until = c.answered_at or c.gone_at
        states = self.possible()
        for (before, a), (at, b) in zip(self.samples, self.samples[1:]):
            # What is stuck has been down before.
            if a["state"] != b["state"] != "stuck" and \
                    b["since_ms"] > 1000 * (at - before + SECOND):
                self.lies.append("%s, %.1f s later %s for %d ms" %
                                 (a["state"], at - before, b["state"],
                                  b["since_ms"]))
        for at, said in self.samples:
            self.lies += ["%s at %.2f s" % (lie, at - self.samples[0][0])
                          for lie in self.judge(at, said, states, clients)]
        shown = {said["state"] for _, said in self.samples}
        must("status true in %d samples and %d pages (%s; at most %d waited, "
             "slots taken in %d)" %
             (len(self.samples), self.pages, ", ".join(sorted(shown)),
              max(said["queue"] for _, said in self.samples),
              sum(said["slots_taken"] > 0 for _, said in self.samples)) +
             "".join("; untrue: " + lie for lie in self.lies[:5]),
             self.samples and not self.lies)
