#!/usr/bin/env python3
"""Plays the scenarios before several fronts and prints one table of verdicts.

run.py [--fronts direct,plain,expert,sallyport] [--only S1,S5] [--scale 0.1]
       [--jobs N] [--report FILE]
"""
import argparse
import concurrent.futures
import os
import platform
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "device"))
sys.path.insert(0, HERE)

import rig  # noqa: E402
from clients import get  # noqa: E402
from front import Front, drain_log  # noqa: E402
from scenarios import ALL  # noqa: E402

NAMES = {"direct": "direct", "plain": "HAProxy, maxconn 1",
         "expert": "HAProxy, expert", "sallyport": "sallyport"}


class Stage:
    """One scenario before one front: the device, and the facts found."""

    def __init__(self, kind, device_flags, options, scale):
        self.device = rig.Device(*device_flags,
                                 speed=options.get("speed", 1))
        self.lock = threading.Lock()
        self.front = Front(kind, self.device.address,
                           *options.get("door", []))
        threading.Thread(target=drain_log, args=(self.front,),
                         daemon=True).start()
        self.address = self.front.address
        self.settle_haproxy()
        self.scale_by = scale
        self.facts = []
        self.base = self.device.stat()

    def settle_haproxy(self):
        """Its first check is part of its start, not of the scenario."""
        if self.front.kind == "expert":
            self.device.wait("conns=1", 5000)
            self.device.wait("active=0", 5000)
            time.sleep(1.2)

    def must(self, fact, holds):
        self.facts.append((fact, bool(holds)))

    def scale(self, count, least=0):
        return max(int(count * self.scale_by) // 8 * 8, least)

    def wait(self, seconds):
        time.sleep(seconds)

    def stat(self, key):
        """Counted from the scenario's beginning, where it is a count."""
        value = self.device.stat(key)
        if key in ("conns", "requests", "zero_byte_conns", "forced_close",
                   "timeouts", "all_in_use"):
            value -= self.base[key]
        return value

    def command(self, line):
        return self.device.command(line)

    def fault(self, name, args):
        self.device.fault(name, args)

    def console(self):
        return self.device.console()

    def becomes(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.device.try_command("wait %s 100" % condition).get("ok"):
                return True
        return False

    def served_within(self, seconds):
        """How long until a client is served; asks five times a second."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if get(self.address).result == "200":
                break
            time.sleep(0.2)
        return time.monotonic() - began

    def own_time_ms(self, count=1):
        """What the device takes for one request, measured on it directly and
        one after the other."""
        times = []
        for _ in range(count):
            began = time.monotonic()
            while get(self.device.address).result != "200":
                assert time.monotonic() - began < 5
            self.device.wait("active=0", 5000)
            times.append((time.monotonic() - began) * 1000)
        return sorted(times)[len(times) // 2]

    def invariants(self):
        """What a well-guarded device never shows."""
        settled = self.becomes("active=0", 2)
        stat = self.device.stat()
        slots = [s["sr"] for s in stat["slots"]]
        self.must("I1 at most %d connection at a time" % stat["max_active"],
                  stat["max_active"] <= 1)
        self.must("I2 slots 2 and up untouched (mask %d)" %
                  stat["touched_mask"], stat["touched_mask"] <= 3)
        self.must("I3 all sockets in use %d times" % stat["all_in_use"],
                  stat["all_in_use"] == 0)
        self.must("I4 timeouts %d" % self.stat("timeouts"),
                  self.stat("timeouts") == 0)
        self.must("I5 stop() p99 %d ms, forced %d" %
                  (stat["stop_ms_p99"], stat["forced_close"]),
                  stat["stop_ms_p99"] <= 50 and stat["forced_close"] == 0)
        self.must("I6 connections without a request %d" %
                  self.stat("zero_byte_conns"),
                  self.stat("zero_byte_conns") == 0)
        self.must("I7 at the end %s" % " ".join(slots),
                  settled and slots.count("Listen") == 1 and
                  slots.count("Closed") == len(slots) - 1)

    def close(self):
        self.front.stop()
        self.device.end()


def play(kind, name, scale):
    title, device_flags, options, function = ALL[name]
    stage = None
    try:
        stage = Stage(kind, device_flags, options, scale)
        function(stage)
        return stage.facts
    except (Exception, SystemExit):
        facts = stage.facts if stage else []
        last = traceback.format_exc().strip().splitlines()
        return facts + [("could not be played to its end: " +
                         " | ".join(last[-2:]), False)]
    finally:
        if stage:
            stage.close()


def play_fairly(kind, name, scale):
    """Once more if it failed: a busy machine may spoil a time."""
    for attempt in range(2):
        facts = play(kind, name, scale)
        if all(holds for _, holds in facts) or kind != "sallyport":
            break
    return facts, attempt + 1


def version(command):
    out = subprocess.run(command, capture_output=True, text=True)
    return (out.stdout or out.stderr).splitlines()[0]


def report(results, fronts, names):
    lines = ["| scenario | " + " | ".join(NAMES[f] for f in fronts) + " |",
             "|---" * (len(fronts) + 1) + "|"]
    for name in names:
        marks = []
        for f in fronts:
            facts = results[f, name][0]
            failed = sum(not holds for _, holds in facts)
            marks.append("**holds**" if not failed else
                         "fails %d of %d" % (failed, len(facts)))
        lines.append("| %s %s | %s |" % (name, ALL[name][0],
                                         " | ".join(marks)))
    totals = ["%d of %d" % (sum(all(h for _, h in results[f, n][0])
                                for n in names), len(names)) for f in fronts]
    lines.append("| **held** | " + " | ".join(totals) + " |")
    return lines


def details(results, fronts, names):
    lines = []
    for name in names:
        lines += ["", "## %s: %s" % (name, ALL[name][0])]
        for f in fronts:
            facts, attempts = results[f, name]
            lines += ["", "%s%s:" % (NAMES[f], ", second attempt"
                                     if attempts > 1 else ""), ""]
            lines += ["- %s %s" % ("yes:" if holds else "NO:", fact)
                      for fact, holds in facts]
    return lines


def head():
    return ["# What reaches the device, and what reaches the clients", "",
            "Seventeen things that happened to the temperature server, or "
            "happen to its kind,",
            "played against its emulator: directly, through HAProxy with "
            "`maxconn 1`, through",
            "HAProxy as an expert would set it up, and through sallyport "
            "with `--profile w5500`.",
            "The same facts are asked of each. Repeat with `make scenarios` "
            "on an idle machine.", "",
            "Measured %s on %s, %d processors; %s; %s." %
            (time.strftime("%Y-%m-%d"), "Linux " + platform.release(),
             os.cpu_count(), version(["haproxy", "-v"]),
             version([os.path.join(rig.BIN, "sallyport"), "--version"])), ""]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fronts", default="direct,plain,expert,sallyport")
    parser.add_argument("--only", default=",".join(ALL))
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--report")
    args = parser.parse_args()
    fronts, names = args.fronts.split(","), args.only.split(",")
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        jobs = {(f, n): pool.submit(play_fairly, f, n, args.scale)
                for n in names for f in fronts}
        results = {key: job.result() for key, job in jobs.items()}
    table = report(results, fronts, names)
    rest = details(results, fronts, names)
    print("\n".join(table + rest))
    if args.report:
        with open(args.report, "w") as out:
            out.write("\n".join(head() + table + rest) + "\n")
    return 0 if all(h for n in names
                    for _, h in results["sallyport", n][0]) else 1


if __name__ == "__main__":
    sys.exit(main())
