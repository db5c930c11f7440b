#!/usr/bin/env python3
"""Proves that doc/devices.md gives configurations that this sallyport takes,
names causes that the log has, and stand-ins that exist."""
import os
import re

from rig import check, folder, run, write
from sallyport import PROGRAM


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def configurations():
    """The indented blocks of each chapter, joined; the first begins it."""
    for chapter in re.split(r"^## ", TEXT, flags=re.M)[1:]:
        lines = [line.strip() for line in chapter.splitlines()
                 if line[:4] == "    "]
        if not any(line.startswith("profile ") for line in lines):
            lines += ["profile w5500", "listen 8001", "device 8008"]
        yield chapter.splitlines()[0], lines


TEXT = text_of("doc/devices.md")
CONF = os.path.join(folder(), "conf")
for title, lines in configurations():
    # Names are not looked up here, and no port is opened by -t.
    write(CONF, *(re.sub(r"^device \S+\.lan:", "device 192.0.2.1:", line)
                  for line in lines))
    print(title, run(PROGRAM, "-t", "-c", CONF))

causes = set(re.findall(r"^    ([a-z-]+) +(?:nobody|client|device|proxy) ",
                        text_of("doc/log-format.txt"), re.M))
check(len(causes) > 20, "no causes in doc/log-format.txt")
words = set(re.findall(r"cause=([a-z-]+)", TEXT)) | {
    w for w in re.findall(r"`([a-z-]+)`", TEXT) if w.startswith("device-")}
check(words <= causes, "no such cause:", words - causes)
for name in re.findall(r"\| `([a-z-]+)`(?:, `([a-z-]+)`)? \|$", TEXT, re.M):
    for program in filter(None, name):
        check(program == "tempdev" or os.path.exists(
            "contrib/devices/%s.py" % program), "no", program)
