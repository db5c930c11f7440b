#!/usr/bin/env python3
"""Plays the scenarios before several fronts and prints a table of verdicts.

run.py [--fronts direct,plain,expert,sallyport] [--only S1,S5,D2]
       [--scale 0.1] [--jobs N] [--limit SECONDS] [--untimed]
       [--report FILE] [--readme FILE]

Every play is a process group of its own with a limit of its own, and the
whole has one: a play that is not over by then is ended, and says so. What
mostly sleeps is played several at a time, what judges milliseconds alone. If
nothing but times failed, whatever the front, it is played once more, alone.
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import report
from book import ALONE, BESIDE, TOGETHER, is_asked_of
from play import ALL, HERE

ORDER = (BESIDE, TOGETHER, ALONE)


class Play:
    """One scenario before one front: waiting, running, or over."""

    def __init__(self, front, name):
        self.front = front
        self.name = name
        self.when = ALL[name].when
        self.attempt = 1
        self.facts = []
        self.first_facts = []

    def start(self, scale, directory):
        self.dir = tempfile.mkdtemp(prefix="p.", dir=directory)
        self.said = open(os.path.join(self.dir, "facts"), "w+")
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "play.py"), self.front,
             self.name, str(scale)],
            stdin=subprocess.DEVNULL, stdout=self.said,
            env=dict(os.environ, TMPDIR=self.dir), start_new_session=True)

    def is_over(self):
        """Leaves it a zombie, so that its group stays its own."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED |
                         os.WNOHANG | os.WNOWAIT) is not None

    def elapsed_s(self):
        return time.monotonic() - self.began

    def end(self, why=None):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.said.seek(0)
        self.facts = [json.loads(line) for line in self.said
                      if line.endswith("\n")]
        self.said.close()
        if why:
            self.cannot(why)

    def once_more(self):
        self.attempt = 2
        self.first_facts = self.facts
        if self.when == TOGETHER:
            self.when = ALONE

    def cannot(self, why):
        """A second attempt that came too late leaves the first."""
        if self.attempt == 2:
            self.attempt, self.facts = 1, self.first_facts
            return
        self.facts.append({"fact": why, "holds": False, "timed": False})

    def only_times_failed(self):
        failed = [f for f in self.facts if not f["holds"]]
        return bool(failed) and all(f["timed"] for f in failed)


class Run:
    """Every play once, some twice, within the limit."""

    def __init__(self, plays, args, directory):
        self.args = args
        self.directory = directory
        self.waiting = sorted(plays, key=lambda p: ORDER.index(p.when))
        self.running = []
        self.done = []
        self.began = time.monotonic()

    def to_the_end(self):
        try:
            while self.waiting or self.running:
                if time.monotonic() - self.began > self.args.limit:
                    self.give_up()
                while self.waiting and self.may_start(self.waiting[0]):
                    self.start(self.waiting.pop(0))
                for play in list(self.running):
                    self.look(play)
                time.sleep(0.02)
        finally:
            for play in self.running:
                play.end()
        return self.done

    def may_start(self, play):
        others = [p for p in self.running if p.when != BESIDE]
        if play.when == BESIDE:
            return True
        if play.when == ALONE:
            return not others
        return len(others) < self.args.jobs

    def start(self, play):
        play.start(self.args.scale, self.directory)
        self.running.append(play)

    def look(self, play):
        if play.is_over():
            self.over(play)
        elif play.elapsed_s() > ALL[play.name].limit_s:
            self.over(play, "ended at its limit, after %d s" %
                      play.elapsed_s())

    def over(self, play, why=None):
        self.running.remove(play)
        play.end(why)
        again = (play.only_times_failed() and play.attempt == 1 and
                 not self.args.untimed)
        self.say(play, ", once more" if again else "")
        if again:
            play.once_more()
            self.waiting.insert(0 if play.when == BESIDE
                                else len(self.waiting), play)
        else:
            self.done.append(play)

    def give_up(self):
        why = "ended at the limit of the whole, %d s" % self.args.limit
        for play in list(self.running):
            self.running.remove(play)
            play.end(why)
            self.say(play, ", ended")
            self.done.append(play)
        for play in self.waiting:
            play.cannot("not played: " + why)
            self.done.append(play)
        self.waiting = []

    def say(self, play, more):
        print("%4d s  %-10s %-4s %s in %.1f s%s (%d left)" %
              (time.monotonic() - self.began, play.front, play.name,
               report.mark(play.facts, self.args.untimed), play.elapsed_s(),
               more, len(self.waiting) + len(self.running)),
              file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fronts", default=",".join(report.FRONTS))
    parser.add_argument("--only", default=",".join(ALL))
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--limit", type=float, default=720)
    parser.add_argument("--untimed", action="store_true",
                        help="a time that does not hold is no failure")
    parser.add_argument("--report")
    parser.add_argument("--readme")
    args = parser.parse_args()
    # What would be missed at the end is missed now.
    if args.readme:
        report.around_marks(args.readme)
    if {"plain", "expert"} & set(args.fronts.split(",")):
        if not shutil.which("haproxy"):
            sys.exit("haproxy is not installed")
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    fronts = args.fronts.split(",")
    names = [n for n in args.only.split(",")
             if any(is_asked_of(n, f) for f in fronts)]
    plays = [Play(f, n) for n in names for f in fronts if is_asked_of(n, f)]
    with tempfile.TemporaryDirectory(prefix="sc.") as directory:
        run = Run(plays, args, directory)
        results = {(p.front, p.name): p for p in run.to_the_end()}
    lines = report.tables(results, fronts, names, args.untimed)
    facts = report.details(results, fronts, names)
    if args.report:
        report.write(args.report, report.head(args.scale) + lines + facts)
    if args.readme:
        report.insert(args.readme, lines)
    print("\n".join(lines + facts))
    return 0 if all(report.holds(p.facts, args.untimed)
                    for p in plays if p.front in ("sallyport", "watched")) else 1


if __name__ == "__main__":
    sys.exit(main())
