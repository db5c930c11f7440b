#!/usr/bin/env python3
"""What `make check`, the whole sweep of the keeper's calls of which it plays a
sample, and the long scene of upgrade.py reach of src: for each room how many
lines and branches, then each line that nothing reaches; with `branches` also
each condition that is always true or always false.

    coverage.py play        builds, plays these, and reports
    coverage.py report      reports what was played, or is being played
    coverage.py branches

The counters of clang's continuous mode (%c) are files which every process maps,
so those count as well that are killed or may not open a file. A branch is one
outcome of a condition, wherever a header's function is compiled; BUG_ON is
none.
"""
import collections
import glob
import json
import os
import subprocess
import sys

B = "build/coverage"
PROFILE = os.path.abspath(B + "/profile")
INSTRUMENT = ("-fcoverage-mapping -fprofile-instr-generate=%s/%%c%%m.profraw "
              "-mllvm -runtime-counter-relocation "
              "-Wno-unused-command-line-argument" % PROFILE)


def play():
    os.makedirs(PROFILE, exist_ok=True)
    os.chmod(PROFILE, 0o1777)  # for tests as another user
    for old in glob.glob(PROFILE + "/*"):
        os.remove(old)
    make = ["make", "CC=clang", "B=" + B, "OUT=" + B, "OPT=-O1 -g",
            "SAN=" + INSTRUMENT]
    subprocess.run([*make, "all", "tests"], check=True)
    subprocess.run([B + "/sallyport", "--version"], check=True)
    for made in glob.glob(PROFILE + "/*"):
        os.chmod(made, 0o666)  # as well
    # Slowed down so, some may be late; what they reached counts.
    here = dict(os.environ, BIN=os.path.abspath(B), BUILD=os.path.abspath(B))
    os.environ["HANG"] = "1"  # upgrade.py's long scene
    if subprocess.run([*make, "check"]).returncode | subprocess.run(
            ["python3", "tests/strace/keeper.py", "all"], env=here).returncode:
        print("coverage.py: not all tests have passed")


def export(form):
    programs = [p for p in glob.glob(B + "/tests/unit/*") +
                glob.glob(B + "/tests/sim/*") if os.access(p, os.X_OK) and
                os.path.isfile(p)]
    return subprocess.run(
        ["llvm-cov", "export", "-format=" + form,
         "-instr-profile=%s/all.profdata" % B, B + "/sallyport",
         *(word for p in programs for word in ("-object", p)),
         os.path.abspath("src")],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True).stdout


def lines_reached():
    """{(file, line): reached}"""
    reached = {}
    for row in export("lcov").splitlines():
        if row.startswith("SF:"):
            file = os.path.relpath(row[3:])
        if row.startswith("DA:"):
            line, count = row[3:].split(",")[:2]
            reached[file, int(line)] = count != "0"
    return reached


def branches_reached(source):
    """{(file, line, column, outcome): reached}"""
    reached = collections.defaultdict(bool)
    for file in json.loads(export("text"))["data"][0]["files"]:
        name = os.path.relpath(file["filename"])
        for line, column, _, _, true, false, *_ in file["branches"]:
            if "BUG_ON(" in source[name][line - 1]:
                continue
            reached[name, line, column, "true"] |= true > 0
            reached[name, line, column, "false"] |= false > 0
    return reached


def main(verb="play"):
    if verb == "play":
        play()
    subprocess.run(["llvm-profdata", "merge", "-o", B + "/all.profdata",
                    *glob.glob(PROFILE + "/*.profraw")], check=True)
    source = {}
    for path in glob.glob("src/*/*.[ch]"):
        with open(path) as file:
            source[path] = file.read().split("\n")
    found = lines_reached(), branches_reached(source)
    for room in sorted({name.split("/")[1] for name in source}) + [""]:
        print("%-9s" % (room or "all"), end="")
        for what, reached in zip(("lines", "branches"), found):
            here = [hit for place, hit in reached.items()
                    if place[0].startswith("src/" + room)]
            print("%7d %s %5.1f %%" % (len(here), what,
                                       100 * sum(here) / len(here)), end="")
        print()
    for reached in found[:1 + (verb == "branches")]:
        for place, hit in sorted(reached.items()):
            if not hit:
                file, line, *more = place
                never = "  [never %s, %d]" % (more[1], more[0]) if more else ""
                print("%s:%d: %s%s" % (
                    file, line, source[file][line - 1].strip(), never))


if __name__ == "__main__":
    main(*sys.argv[1:])
