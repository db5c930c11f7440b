#!/bin/sh
# Proves --style=haproxy byte for byte: every command list of haproxy.golden prints and ends as HAProxy's own tool did.
cd "$(dirname "$0")" || exit 1
exec python3 - "${BIN:?}/contrib/debug/poll" haproxy.golden <<'END'
import os
import subprocess
import sys

probe, golden = sys.argv[1:]
os.closerange(3, 100)  # the golden lines name descriptors
rows = [[]]
for line in open(golden):
    if line.startswith("$ "):
        rows.append([line[2:].split(), None, ""])
    elif line.startswith("? "):
        rows[-1][1] = line[2:].split()
    elif not line.startswith("#"):
        rows[-1][2] += line
bad = 0
for args, end, lines in rows[1:]:
    p = subprocess.run([probe, "--style=haproxy"] + args, text=True,
                       capture_output=True, timeout=20)
    got = [l for l in p.stdout.splitlines(True) if not l.startswith("####")]
    marks = ["%d" % p.returncode] + ["END"] * ("END" in p.stdout)
    if "".join(got) != lines or marks != end:
        bad += 1
        print("FAIL:", *args, "ended", *marks, "wanted", *end)
        print("".join(got), "instead of", lines, sep="\n")
print(len(rows) - 1, "command lists,", bad, "differ")
sys.exit(bad > 0 or len(rows) < 100)
END
