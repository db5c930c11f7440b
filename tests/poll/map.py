#!/usr/bin/env python3
"""Proves the explorer: tables repeat, differences are found, and the kernel
still is the published automaton."""
import json
import os
import re

from probe import POLLMAP, check, end, expect, path, say

A, B, C, D, E, F, K, N, U = (path(name + ".tbl") for name in "abcdefknu")


def pollmap(status, text, *args):
    return expect(status, text, POLLMAP, *args)


def changed(source, pattern, new, target):
    """`target` is the table `source` with another line; returns its path."""
    with open(source) as file, open(target, "w") as out:
        text, count = re.subn(pattern, new, file.read(), flags=re.M)
        out.write(text)
    check(count, "nothing like", pattern)
    return target


# All sequences of three letters and those that end earlier, twice.
pollmap(0, "3192 sequences, 1188 lines", "enum", "-d", "3", "-o", A)
say(POLLMAP, "enum", "--depth", "3", "--votes", "3", "--output", B)
pollmap(0, ", 0 part", "diff", A, B)

# A difference is told at its first letter only, and not where it is racy.
changed(A, r"^1 c\.shw 0 4 2005", "1 c.shw 0 4 5", C)
pollmap(1, ", 1 part", "diff", A, C)
pollmap(1, "c.shw: 0 4 2005 FIN_WAIT CLOSE_WAIT | 0 4 5", "diff", A, C)
changed(A, r"^1 c\.shw (.*)", r"1 c.shw \1 racy 2/3 0 4 5 - -", D)
pollmap(0, " 1 racy, 0 part", "diff", D, C)
pollmap(0, " 1 racy, 0 part", "diff", C, D)

pollmap(0, "c.shw s.shw: the server", "why", "0x2015", A)
pollmap(0, "c.shw s.shw: the server", "why", "IN OUT HUP RDHUP", A)
pollmap(1, "no sequence", "why", "0x3f", A)

# The automaton: closed, the same as published, and true of longer words.
pollmap(0, "77 states", "enum", "-k", "1", "-o", K)
with open("contrib/pollmap/automaton.h") as published:
    check(say(POLLMAP, "reduce", "--c", K)[1] == published.read(),
          "this kernel is another automaton than the published one")
pollmap(0, ", 0 differ", "reduce", "--check=2000", K)
pollmap(0, "| 76 | ", "reduce", "--md", K)
pollmap(0, 's0 -> s1 [label="c.snd: 3"];', "reduce", "--dot", K)

# The check can fail: an automaton told that a half-close looks like nothing.
pollmap(1, "gave", "reduce", "--check=2000", changed(K, " 2005 ", " 5 ", E))

# Without waiting for acknowledgements two queues are all there is to tell
# apart; an action whose result has no end is refused.
pollmap(0, "4 states", "enum", "-k", "4", "-v", "1", "-a", "snd,rcv", "-o",
        "/dev/null")
pollmap(71, "more than 256 states", "enum", "-k", "1", "-v", "1", "-a",
        "snd,inq", "-f", "unix", "-o", "/dev/null")

# The same actions on other sockets, other starts, and the edges.
pollmap(0, "states", "enum", "-k", "1", "-v", "1", "-f", "unix", "-o", U)
pollmap(0, ", 0 differ", "reduce", "--check=500", U)
for text, start in (
        ("18 states", ["full", "-a",
                       "c.fil,c.shw,c.clo,s.drn,s.shw,s.clo"]),
        ("10 states", ["connecting"]), ("states", ["listener"])):
    pollmap(0, text, "enum", "-k", "1", "-v", "1", "-s", *start, "-o", N)
pollmap(0, "77 states", "enum", "-k", "1", "-e", "-o", E)
pollmap(0, "| 0 | 4 | 4 | 3, 1, 0/5 | EAGAIN, 0, 0/0 |", "reduce", "--md", E)
pollmap(0, "state,mask_client,mask_server,action", "reduce", "--csv", K)
had = json.loads(pollmap(0, '"licence": "ISC', "reduce", "--json", K))
check(len(had["states"]) == 77 and
      had["states"][0]["on"]["c.snd"] == ["3", 1], "the JSON form", had)

# On two processors a reset is seen in pieces; what is seen last has settled.
if os.cpu_count() >= 2:
    pollmap(0, "s.rst,poll,IN OUT RDHUP,201d,IN OUT ERR HUP RDHUP,100,after",
            "race", "-n", "100", "s.rst")
    pollmap(0, "s.snd s.rst,epoll,IN,19,IN ERR HUP,100,after",
            "race", "-n", "100", "-e", "-i", "in", "s.snd,s.rst")
    pollmap(64, "not a sequence", "race", "s.foo")

# What it cannot do, it says.
changed(A, r"\A((?:.*\n){10}).*", r"\1what?", F)
for status, text, *args in (
        (65, "too short to tell", "reduce", "--md", A),
        (65, "No such file", "reduce", "--md", path("none")),
        (65, "not a table", "diff", A, "Makefile"),
        (65, "line 11: not a line of a table", "why", "4", F),
        (64, "usage", "enum", "-d", "99"),
        (64, "unknown verb 'foo'", "enum", "-a", "snd,foo"),
        (64, "comes twice: 'snd'", "enum", "-a", "snd,snd"),
        (64, "no listener in 'udp'", "enum", "-s", "connect", "-f", "udp"),
        (74, "No such file", "enum", "-d", "1", "-o", path("none/x")),
        (64, "usage", "reduce", "--svg", K),
        (0, "reduce  print the automaton", "--help"),
        (64, "reduce  print the automaton", "enumerate"),
        (64, "usage", "why", "red", A)):
    pollmap(status, text, *args)
end()
