#!/usr/bin/env python3
"""Proves --style=haproxy byte for byte: every command list of haproxy.golden
prints and ends as HAProxy's own tool did."""
from subprocess import DEVNULL

from probe import POLL, check, end, say

rows = []
with open("tests/poll/haproxy.golden") as golden:
    for line in golden:
        if line.startswith("$ "):
            rows.append([line[2:].split(), None, ""])
        elif line.startswith("? "):
            rows[-1][1] = line[2:].split()
        elif not line.startswith("#"):
            rows[-1][2] += line
for args, end_marks, wanted in rows:
    status, said = say(POLL, "--style=haproxy", *args, stderr=DEVNULL)
    got = "".join(line for line in said.splitlines(True)
                  if not line.startswith("####"))
    marks = [str(status)] + ["END"] * ("END" in said)
    check(got == wanted and marks == end_marks, *args, "ended", *marks,
          "wanted", *end_marks, "\n", got, "instead of\n", wanted)
check(len(rows) >= 100, "only", len(rows), "command lists")
end()
