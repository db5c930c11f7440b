#!/usr/bin/env python3
"""Proves the probe's command line: both styles line for line through a pipe,
limits, refusals."""
import os

from probe import POLL, check, end, expect, say

RESET = ["-v", "-c", "snd,shw", "-s", "pol,rcv,pol,rcv,pol,snd,lin,clo", "-c",
         "pol,rcv,pol,rcv,pol,rcv,pol"]


def same(golden, *args):
    had = say(POLL, *args)[1]
    check(had == golden, *args, "gives:", had, "instead of:", golden)


def golden(name):
    with open("tests/poll/" + name) as file:
        return file.read()


same(golden("reset-2017.golden"), "--style=2017", *RESET)
# epoll and the others agree with poll on the same commands.
for args in ([], ["-e"], *(["--poller=" + name] for name in
                           ("epoll", "ppoll", "epoll-et", "epoll-oneshot"))):
    same(golden("reset.golden"), *args, *RESET)
# Silent unless asked, but for the delimiters.
same("#### BEGIN ####\n#### END ####\n", "-c", "snd", "-s", "rcv")

# A line that is shown. Each flag has its rule; what could wait for ever ends at
# the limit.
for line, args in (
        ("    HUP    sk_shutdown == SHUTDOWN_MASK: both directions",
         "explain -c shb,pol"),
        ("    HUP    state is TCP_CLOSE", "explain -n -c pol"),
        ("    IN     the accept queue is not empty", "explain -c snd -l pol"),
        ("    ERR    no reader is left",
         "explain --family=pipe -s clo -c pol"),
        ("cmd #1 stp #1: drn(c=4): ret=-1 (Timer expired)", "-v -t 0.2 -c drn"),
        ("cmd #1 stp #1: acc(l=3): ret=-1 (Timer expired)",
         "-v -n -t 0.2 -l acc"),
        ("cmd #2 stp #1: con(c=4): ret=-1 (Timer expired)",
         "-v -n -t 0.2 -l drop -c con"),
        ("cmd #1 stp #1: wai(l=3,60000): ret=0 ev=0",
         "-v -n -t 0.2 -l wai(60000)"),
        ("cmd #1 stp #3: clo(c=4): ret=0",
         "-v -t 0.2 -c fil,opt(linger,60),clo"),
        ("cmd #1 stp #1: pau(c=4,1000000): ret=0",
         "-v -t 0.2 -c pau(1000000)")):
    said = say(POLL, *args.split())[1]
    check(line in said.splitlines(), args, "lacks:", line, said)
check("{IN OUT}, {IN +}, same" in say(POLL, "--help")[1], "no help of WANT")
version = say(POLL, "--version")[1]
check(version.startswith("poll-probe ") and
      "Linux " + os.uname().release in version, version)

# What is refused runs nothing: not even the delimiters are written.
for word, args in (
        ("unknown verb 'foo'", ["-v", "-c", "snd,foo"]),
        ("verbs, comma between: con dis acc", ["-v", "-s", "snd;rcv"]),
        ("no such error; flags stand in {}", ["-v", "-c", "pol=IN"]),
        ("poll-probe: option requires an argument", ["-v", "-c"]),
        ("poll-probe: unrecognized option", ["explain", "--foo"]),
        ("empty list", ["-c", ""]),
        ("nothing to do", ["-v"]),
        ("'snd' is no option", ["-c", "snd", "snd"]),
        ("unknown flag 'wet'", ["-c", "pol(wet)"]),
        ("closing bracket", ["-c", "snd(3"]),
        ("not a number", ["-c", "snd(x)"]),
        ("'-1' is not a number from 0", ["-c", "rcv(-1)"]),
        ("'1048577' is not a number", ["-c", "snd(1048577)"]),
        ("con knows no", ["-c", "con(fast)"]),
        ("takes no argument", ["-c", "shw(1)"]),
        ("needs an argument", ["-c", "arm"]),
        ("unknown option", ["-c", "opt(foo)"]),
        ("--family=ipx", ["--family=ipx", "-c", "snd"]),
        ("--poller=kqueue", ["--poller=kqueue", "-c", "snd"]),
        ("can never hold", ["-c", "snd=EFOO"]),
        ("can never hold", ["-c", "snd=5..2"]),
        ("--style=1999", ["--style=1999", "-c", "snd"]),
        ("-t soon", ["-t", "soon", "-c", "snd"])):
    check("####" not in expect(64, word, POLL, *args), *args, "runs")

# An expectation on the command line decides the exit status.
for status, args in ((0, "-c snd=3"), (1, "-c snd=4"), (69, "-n -s snd")):
    expect(status, "", POLL, *args.split())
end()
