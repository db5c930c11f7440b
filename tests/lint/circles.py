#!/usr/bin/env python3
"""Proves that the files of src include each other in one circle, the
conductor's own, and that nobody outside names a field of a direction.

NAME.c and NAME.h count as one. Fields of struct direction end in `_`.
"""
import pathlib
import re
import subprocess
import sys

# conn and its conn_*.c act on what they share (proxy), of which the probe is
# a part.
OWN = re.compile(r"proxy/(conn(_\w+)?|proxy|probe|shared_link)$")
INCLUDE = re.compile(r'^#include "(.+)\.h"$', re.M)
FIELD = re.compile(r"(?:->|\.)[a-z]\w*_\b(?!\()")


def circles(graph):
    """Sets of names that reach each other (Tarjan, without recursion)."""
    reach = {}
    for start in graph:
        seen, todo = set(), [start]
        while todo:
            for name in graph.get(todo.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    todo.append(name)
        reach[start] = seen
    found = {frozenset(b for b in reach[a] if a in reach.get(b, ()))
             for a in graph if a in reach[a]}
    return sorted(map(sorted, found))


def main():
    files = subprocess.run(["git", "ls-files", "src/*.[ch]"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    graph, wrong = {}, 0
    for path in files:
        text = pathlib.Path(path).read_text(encoding="utf-8")
        name = path[len("src/"):-len(".c")]
        graph.setdefault(name, set()).update(
            n for n in INCLUDE.findall(text) if n != name)
        if name == "proxy/direction":
            continue
        code = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text,
                      flags=re.S)
        for number, line in enumerate(code.split("\n"), 1):
            if FIELD.search(line):
                print(f"{path}:{number}: names a field of a direction: "
                      f"{line.strip()}")
                wrong = 1
    for circle in circles(graph):
        if not all(map(OWN.match, circle)):
            print("a circle of includes:", ", ".join(circle))
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())
