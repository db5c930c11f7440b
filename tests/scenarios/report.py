"""The tables, and where they are kept: doc/scenarios.md and the README."""
import os
import platform
import sys
import time

from book import is_asked_of
from play import ALL
from rig import run, write
from sallyport import PROGRAM

FRONTS = {"direct": "direct", "plain": "HAProxy, `maxconn 1`",
          "expert": "HAProxy, expert", "sallyport": "sallyport"}
WATCHED = {"watched": "sallyport, with its status"}  # by truth.py
BEGIN = "<!-- scenarios: from here to the end mark by make scenarios -->"
END = "<!-- scenarios: end -->"

HEAD = """# What reaches the device, and what reaches the clients

Seventeen things that happened to the temperature server, or happen to its
kind, played against its emulator: directly, through HAProxy with `maxconn 1`,
through HAProxy as an expert would set it up (`tests/scenarios/front.py`), and
through sallyport with `--profile w5500`. The same facts are asked of each; a
scenario holds if all of them do. HAProxy in TCP mode cannot answer in HTTP,
so it fails wherever an answer is asked for; in HTTP mode it takes no reply of
this device, whose head holds a line without a colon. The rows P1 to P{pages}
are played by the emulator's second firmware, whose pages are long, slow or in
chunks, and which reads bodies; row B1 by a real Chromium. The rows D1 to
D{last} are asked of sallyport alone.

A scenario of which only times failed was played a second time, whatever the
front. What took longer than its limit was ended there, and says so.

Measured {date} on Linux {release}, {cpus} processors; {haproxy}; {proxy}.
{scale}Repeat with `make scenarios` on an idle machine.
"""


def called(front):
    return {**FRONTS, **WATCHED}[front]


def holds(facts, untimed=False):
    return bool(facts) and all(f["holds"] or (untimed and f["timed"])
                               for f in facts)


def mark(facts, untimed=False):
    if holds(facts, untimed):
        return "holds"
    return "fails %d of %d" % (sum(not f["holds"] for f in facts), len(facts))


def version(*command):
    return run(*command).splitlines()[0].split(" - ")[0]


def head(scale):
    return HEAD.format(
        pages=sum(n[0] == "P" for n in ALL),
        last=sum(n[0] == "D" for n in ALL), date=time.strftime("%Y-%m-%d"),
        release=platform.release(), cpus=os.cpu_count(),
        haproxy=version("haproxy", "-v"),
        proxy=version(PROGRAM, "--version"),
        scale="" if scale == 1 else
        "The long ones were cut to %g of their length.\n" % scale
    ).splitlines() + [""]


def table(results, fronts, names, untimed):
    names = [n for n in names if any((f, n) in results for f in fronts)]
    if not names:
        return []
    lines = ["| scenario | " + " | ".join(map(called, fronts)) + " |",
             "|---" * (len(fronts) + 1) + "|"]
    for name in names:
        marks = [mark(results[f, name].facts, untimed) for f in fronts]
        lines.append("| %s %s | %s |" % (name, ALL[name].title, " | ".join(
            "**holds**" if m == "holds" else m for m in marks)))
    totals = [sum(holds(results[f, n].facts, untimed) for n in names)
              for f in fronts]
    lines.append("| **of %d hold** | %s |" % (len(names), " | ".join(
        "**%d**" % total for total in totals)))
    return lines + [""]


def tables(results, fronts, names, untimed=False):
    """One for each series: S, P, B are asked of all, D of sallyport alone."""
    heads = {"S": "The device itself:", "P": "Pages of other firmware:",
             "B": "A real Chromium:", "D": "Asked of sallyport alone:"}
    lines = []
    for series, head_line in heads.items():
        asked = [n for n in names if n[0] == series]
        of = [f for f in fronts if any(is_asked_of(n, f) for n in asked)]
        found = table(results, of, asked, untimed)
        lines += [head_line, ""] + found if found else []
    return lines


def details(results, fronts, names):
    lines = []
    for name in names:
        lines += ["## %s: %s" % (name, ALL[name].title), ""]
        for front in fronts:
            play = results.get((front, name))
            if play is None:
                continue
            lines += ["%s%s:" % (called(front), ", second attempt"
                                 if play.attempt > 1 else ""), ""]
            lines += ["- %s %s" % ("yes:" if f["holds"] else "NO:", f["fact"])
                      for f in play.facts] + [""]
    return lines


def around_marks(path):
    """The text up to the first mark's end, and that from the second on."""
    with open(path) as f:
        before, begin, rest = f.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        sys.exit("%s: no lines %s and %s" % (path, BEGIN, END))
    return before + begin + "\n", "\n" + end + after


def insert(path, lines):
    """Replaces what stands between the two marks."""
    before, after = around_marks(path)
    text = before + "\n".join(lines).rstrip("\n") + after
    write(path, text.rstrip("\n"))
