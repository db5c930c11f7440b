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
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import report
from book import ALONE, BESIDE, TOGETHER, is_asked_of
from play import ALL, HERE


class Play:
    """One scenario before one front, played once or twice."""

    def __init__(self, front, name):
        self.front = front
        self.name = name
        self.when = ALL[name].when
        self.attempt = 0
        self.facts = []

    def only_times_failed(self):
        failed = [f for f in self.facts if not f["holds"]]
        return bool(failed) and all(f["timed"] for f in failed)


class Run:
    """Every play once, some twice, within the limit."""

    def __init__(self, args, directory):
        self.args = args
        self.directory = directory
        self.began = time.monotonic()
        self.running = set()

    def elapsed_s(self):
        return time.monotonic() - self.began

    def facts_of(self, play, limit_s):
        """What it says until it ends, or is ended."""
        directory = tempfile.mkdtemp(prefix="p.", dir=self.directory)
        with open(os.path.join(directory, "facts"), "w+") as said:
            process = subprocess.Popen(
                [sys.executable, os.path.join(HERE, "play.py"), play.front,
                 play.name, str(self.args.scale)], stdin=subprocess.DEVNULL,
                stdout=said, env=dict(os.environ, TMPDIR=directory),
                start_new_session=True)
            self.running.add(process.pid)
            end = threading.Timer(limit_s, os.killpg,
                                  (process.pid, signal.SIGKILL))
            end.start()
            # As a zombie it keeps its group for itself.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            end.cancel()
            os.killpg(process.pid, signal.SIGKILL)
            self.running.discard(process.pid)
            process.wait()
            said.seek(0)
            return [json.loads(line) for line in said if line.endswith("\n")]

    def play(self, play):
        began_s = self.elapsed_s()
        limit_s = min(ALL[play.name].limit, self.args.limit - began_s)
        facts = self.facts_of(play, limit_s) if limit_s > 0 else []
        took_s = self.elapsed_s() - began_s
        late = took_s >= limit_s
        if late:
            facts.append({"fact": "ended at its limit or that of the whole, "
                          "after %d s" % took_s, "holds": False,
                          "timed": False})
        # A second attempt that came too late leaves the first.
        if not late or play.attempt == 0:
            play.facts = facts
            play.attempt += 1
        print("%4d s  %-10s %-4s %s in %.1f s" % (
            self.elapsed_s(), play.front, play.name,
            report.mark(play.facts, self.args.untimed), took_s),
            file=sys.stderr, flush=True)

    def again(self, play):
        """Once more, if nothing but a time failed."""
        if play.only_times_failed() and not self.args.untimed:
            self.play(play)

    def both(self, play):
        self.play(play)
        self.again(play)

    def end_all(self):
        for group in list(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def to_the_end(self, plays):
        of = {when: [p for p in plays if p.when == when]
              for when in (BESIDE, TOGETHER, ALONE)}
        beside = concurrent.futures.ThreadPoolExecutor(len(plays))
        together = concurrent.futures.ThreadPoolExecutor(self.args.jobs)
        try:
            waiting = beside.map(self.both, of[BESIDE])
            list(together.map(self.play, of[TOGETHER]))
            for play in of[ALONE]:
                self.both(play)
            for play in of[TOGETHER]:
                self.again(play)
            list(waiting)
        finally:
            for pool in (beside, together):
                pool.shutdown(wait=False, cancel_futures=True)
            self.end_all()


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
    fronts = args.fronts.split(",")
    names = [n for n in args.only.split(",")
             if any(is_asked_of(n, f) for f in fronts)]
    plays = [Play(f, n) for n in names for f in fronts if is_asked_of(n, f)]
    with tempfile.TemporaryDirectory(prefix="sc.") as directory:
        Run(args, directory).to_the_end(plays)
    results = {(p.front, p.name): p for p in plays}
    lines = report.tables(results, fronts, names, args.untimed)
    facts = report.details(results, fronts, names)
    if args.report:
        report.write(args.report, *report.head(args.scale), *lines,
                     *facts[:-1])
    if args.readme:
        report.insert(args.readme, lines)
    print("\n".join(lines + facts))
    ours = [p for p in plays if p.front in ("sallyport", "watched")]
    return 0 if all(report.holds(p.facts, args.untimed) for p in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
