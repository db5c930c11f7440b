#!/usr/bin/env python3
"""Plays one scenario before one front and prints a fact a line, as JSON.

play.py FRONT NAME SCALE

A process of its own, so that run.py can end a play that does not end; what
was found until then has been said.
"""
import json
import os
import statistics
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "device"))
sys.path.insert(0, HERE)

import rig
import scenarios  # noqa: F401
import proxy_rows  # noqa: F401
import page_rows  # noqa: F401
import browser_rows  # noqa: F401
from book import ALL, statuses
from clients import get
from front import Front
from truth import Witness

COUNTS = ("conns", "requests_total", "zero_byte_conns", "forced_close",
          "timeouts", "all_in_use")
CALLED = {"conns": "device connections", "requests_total": "requests",
          "zero_byte_conns": "I6 connections without a request",
          "all_in_use": "I3 all sockets in use",
          "forced_close": "forced closes", "timeouts": "I4 timeouts",
          "max_active": "device connections at a time",
          "cut_bodies": "bodies the device waited for in vain",
          "stale_commands": "commands carried out for who had left"}
ACTIVE = ("SynRecv", "Establ", "FinWait", "TimeWait", "ClsWait", "LastAck")


def shared_ms(events):
    """Device time in which it had more than one connection."""
    total = 0
    since = None
    active = set()
    for e in events:
        (active.add if e["to"] in ACTIVE else active.discard)(e["slot"])
        if since is not None:
            total += e["t"] - since
        since = e["t"] if len(active) > 1 else None
    return total * 1000


class Stage:
    """The device, the front before it, and the facts found."""

    def __init__(self, kind, row, scale):
        self.device = rig.Device(*row.device_flags, speed=row.speed)
        self.front = Front(kind, self.device, *row.proxy)
        self.address = self.front.address
        self.scale_by = scale
        self.device.wait("active=0,fw=loop")
        self.base = self.device.stat()
        self.witness = (Witness(self.front, self.device)
                        if kind == "watched" else None)

    # ---- facts ----

    def must(self, fact, holds, timed=False):
        """`timed`: if it does not hold, the machine may be to blame."""
        print(json.dumps({"fact": fact, "holds": bool(holds),
                          "timed": timed}), flush=True)

    def at_most(self, what, value, limit, unit="ms"):
        digits = 0 if unit == "ms" and limit >= 10 else 1
        self.must("%s: %.*f %s, at most %.*f %s" %
                  (what, digits, value, unit, digits, limit, unit),
                  value <= limit, timed=True)

    def after(self, what, value_s, least_s, most_s, wanted):
        self.must("%s after %.1f s, wanted %s" % (what, value_s, wanted),
                  least_s <= value_s <= most_s, timed=True)

    def count(self, key, wanted, most=None):
        """Of the device, `wanted` in all or up to `most`."""
        value = self.stat(key)
        self.must("%s %d, wanted %d%s" % (
            CALLED[key], value, wanted,
            " to %d" % most if most else ""),
            wanted <= value <= (most or wanted))

    def answers(self, what, clients, *wanted):
        """One client or several, each with an outcome that is wanted: 200, if
        nothing else is said."""
        if not isinstance(clients, list):
            clients = [clients]
        self.must("%s: %s" % (what, statuses(clients)) +
                  (", wanted " + " or ".join(wanted) if wanted else ""),
                  all(c.result in (wanted or ("200",)) for c in clients))

    # ---- the device ----

    def stat(self, key):
        """Counted from the scenario's beginning, where it is a count."""
        value = self.device.stat(key)
        return value - self.base[key] if key in COUNTS else value

    def becomes(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.device.try_command("wait %s 100" % condition).get("ok"):
                return True
        return False

    def cycle_power(self):
        self.device.command("power off")
        self.device.command("power on")

    def own_time_ms(self, count=1):
        """What the device takes for one request, from asking until it can be
        asked again: measured on it directly, one after the other."""
        times = []
        for _ in range(count):
            began = time.monotonic()
            while get(self.device.address).result != "200":
                assert time.monotonic() - began < 5, "the device serves nobody"
            self.device.wait("active=0", 5000)
            times.append((time.monotonic() - began) * 1000)
        return statistics.median(times)

    # ---- the clients ----

    def scale(self, count, least=0):
        return max(int(count * self.scale_by), least)

    def ask(self, count, seconds, what, pause=0.0):
        """Requests one after the other; all must be answered 200, and there
        must be time for all."""
        began = time.monotonic()
        replies = []
        while len(replies) < count and time.monotonic() - began < seconds:
            replies.append(get(self.address))
            time.sleep(pause)  # between two requests
        self.must("%s: %d of %d asked in %.0f s" %
                  (what, len(replies), count, time.monotonic() - began),
                  len(replies) == count)
        self.answers(what, replies)
        return replies

    def served_within(self, seconds, pause=0.2):
        """How long until a client is served."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if get(self.address).result == "200":
                break
            time.sleep(pause)  # between two looks
        return time.monotonic() - began

    def invariants(self, timed=True):
        """What a well-guarded device never shows. Not `timed`: others keep
        the machine busy."""
        settled = self.becomes("active=0", 2)
        stat = self.device.stat()
        slots = [s["sr"] for s in stat["slots"]]
        most = stat["max_active"]
        self.must("I1 at most %d connection at a time" % most +
                  (", more than one for %.1f ms" %
                   shared_ms(self.device.events()) if most > 1 else ""),
                  most <= 1)
        self.must("I2 slots 2 and up untouched (mask %d)" %
                  stat["touched_mask"], stat["touched_mask"] <= 3)
        self.count("all_in_use", 0)
        self.count("timeouts", 0)
        if timed:
            self.must("I5 stop() p99 %d ms, forced %d" %
                      (stat["stop_ms_p99"], stat["forced_close"]),
                      stat["stop_ms_p99"] <= 50 and stat["forced_close"] == 0,
                      timed=True)
        self.count("zero_byte_conns", 0)
        self.must("I7 at the end %s" % " ".join(slots),
                  settled and slots.count("Listen") == 1 and
                  slots.count("Closed") == len(slots) - 1)

    def close(self):
        if self.witness:
            self.witness.over.set()
        self.front.stop()
        self.device.end()


def main():
    kind, name, scale = sys.argv[1], sys.argv[2], float(sys.argv[3])
    stage = None
    try:
        stage = Stage(kind, ALL[name], scale)
        ALL[name].function(stage)
        if stage.witness:
            stage.witness.end(stage.must)
    except (Exception, SystemExit):
        lines = traceback.format_exc().strip().splitlines()
        Stage.must(stage, "could not be played to its end: " +
                   " | ".join(line.strip() for line in lines[-3:]), False)
    finally:
        if stage:
            stage.close()


if __name__ == "__main__":
    main()
