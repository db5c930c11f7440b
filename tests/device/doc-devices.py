#!/usr/bin/env python3
"""Proves that doc/devices.md gives configurations that this sallyport takes,
names causes that the log has, and stand-ins that exist."""
import os
import re
import subprocess
import sys

from rig import BIN, check, tmpdir

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
SALLYPORT = os.path.join(BIN, "sallyport")


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def sallyport(*args):
    return subprocess.run([SALLYPORT, *args], capture_output=True, text=True,
                          check=False)


def knows(profile):
    return sallyport("--show-config", "--profile", profile, "8001",
                     "8008").returncode == 0


def configurations():
    """The indented blocks of each chapter, joined; the first begins it."""
    for chapter in re.split(r"^## ", TEXT, flags=re.M)[1:]:
        lines = [l.strip() for l in chapter.splitlines() if l[:4] == "    "]
        if not any(l.startswith("profile ") for l in lines):
            lines += ["profile w5500", "listen 8001", "device 8008"]
        yield chapter.splitlines()[0], lines


TEXT = text_of("doc/devices.md")
known = {}
later = set()
for title, lines in configurations():
    profile = next(l.split()[1] for l in lines if l.startswith("profile "))
    if not known.setdefault(profile, knows(profile)):
        later.add(profile)
        continue
    # Names are not looked up here, and no port is opened by -t.
    path = os.path.join(tmpdir(), "conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(re.sub(r"^device \S+\.lan:", "device 192.0.2.1:", l)
                          for l in lines) + "\n")
    done = sallyport("-t", "-c", path)
    check(done.returncode == 0, title, done.stdout, done.stderr)

causes = set(re.findall(r"^    ([a-z-]+) +(?:nobody|client|device|proxy) ",
                        text_of("doc/log-format.txt"), re.M))
check(len(causes) > 20, "no causes in doc/log-format.txt")
words = set(re.findall(r"cause=([a-z-]+)", TEXT)) | {
    w for w in re.findall(r"`([a-z-]+)`", TEXT) if w.startswith("device-")}
check(words <= causes, "no such cause:", words - causes)
for name in re.findall(r"\| `([a-z-]+)`(?:, `([a-z-]+)`)? \|$", TEXT, re.M):
    for program in filter(None, name):
        check(program == "tempdev" or os.path.exists(os.path.join(
            ROOT, "contrib/devices", program + ".py")), "no", program)
if later:
    print("profiles of a later version:", ", ".join(sorted(later)))
sys.exit(0)
