#!/usr/bin/env python3
"""Proves that every command which the README, CONTRIBUTING, the manuals,
doc/testing.txt and the READMEs of contrib show does what it is shown for:
it ends well, or it serves and then ends well.

Elsewhere: doc/operations.md, doc/log-format.txt, doc/poll-semantics.txt, the
tutorial of tempdev, doc/devices.md and chapter 9 of doc/testing.txt have tests
of their own."""
import atexit
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/lib")
from sallyport import (BIN, BUILD, READY, WAIT_S, folder, is_sanitized,
                       own_network, run, until, write)

TOP = os.getcwd()
PAGES = ("README.md", "CONTRIBUTING.md", "doc/testing.txt",
         "contrib/devices/README.md", "contrib/pollmap/README.md")
# Those that take minutes, or want more than a test has, are only looked up:
# `make check-fresh`, `make check-long` and tests/poll/doc.sh run them.
LONG = re.compile(r"sh scripts/|sh tests/sim/(mutants|same)\.sh$|.*week\.plan$|"
                  "pollmap race|.*golden.py bless")
TRACES = re.compile("strace|traceform|tracemap")
# What stands for itself in a text, and what is meant.
MEANT = (("/etc/sallyport/", ""), ("/run/", "./"), ("/tmp/", "./"),
         (r" \.\.\.$", " 8001 8008"), (" SEED$", " 1"),
         (" NAME 8001", " raw 8001"),
         (" FILE$", " tests/sim/regress/cut-copy.plan"))


def text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def shown_in_texts():
    """Commands stand in an indented block; two blanks end one."""
    for page in PAGES:
        shown = re.sub(r"^9\. YOUR OWN DAEMON.*?(?=^10\. )", "", text(page),
                       flags=re.M | re.S)
        for block in re.findall(
                r"^    ((?:\./sallyport|make|sh|python3|strace|build|contrib|"
                r"pollmap)[ /](?:.*\\\n)*.*)", shown, re.M):
            lines = block.split("\n")
            yield "".join(re.sub(r"  .*| # .*", "", line.lstrip(" "))
                          .removesuffix("\\") for line in lines)


def shown_in_sentences():
    for page in ["README.md", *sorted(glob.glob("doc/*.md"))]:
        yield from re.findall(r"`((?:\./)?sallyport -[^`\n]*)`", text(page))


def shown_in_manuals():
    """Behind a prompt."""
    for page in sorted(glob.glob("man/*.[0-9]")):
        plain = re.sub(".\b", "", run("mandoc", "-T", "ascii", "-O",
                                      "width=200", page))
        examples = re.search(r"^EXAMPLES.*?^(?=[A-DF-Z])", plain, re.M | re.S)
        yield from re.findall(r"^\s*\$ (.*)", examples[0] if examples else "",
                              re.M)


def commands():
    shown = [*shown_in_texts(), *shown_in_sentences()]
    if shutil.which("mandoc"):
        shown += shown_in_manuals()
    for command in shown:
        for written, meant in MEANT:
            command = re.sub(written, meant, command)
        yield command


def furnish(here):
    """A directory that has what the texts take for granted."""
    programs = folder()
    binaries, build = os.path.abspath(BIN), os.path.abspath(BUILD)
    os.environ.update(PATH=programs + ":" + os.environ["PATH"], BIN=binaries,
                      BUILD=build)

    def script(path, line):
        os.chmod(write(path, "#!/bin/sh", line), 0o755)
    for program in ("sallyport", "contrib/tempdev/tempdev",
                    "contrib/pollmap/pollmap", "contrib/trace/traceform"):
        os.symlink(os.path.join(binaries, program),
                   os.path.join(programs, os.path.basename(program)))
    os.symlink(binaries + "/contrib/debug/poll", programs + "/poll-probe")
    for tool in "tracemap", "traceprops":
        script(programs + "/" + tool, 'exec python3 %s/contrib/trace/%s.py "$@"'
               % (TOP, tool))
    script(here + "/mydaemon", 'exec poll-probe -c "pol(0)"')
    os.makedirs(here + "/contrib/trace")
    os.mkdir(here + "/tests")
    for target, name in (
            (binaries + "/sallyport", "sallyport"), (build, "build"),
            (binaries + "/contrib/trace/traceform", "contrib/trace/traceform"),
            *((TOP + "/" + part, part) for part in (
                "contrib/devices", "contrib/trace/traceprops.py",
                "tests/strace", "tests/sim", "tests/run.sh", "tests/tap.sh",
                "tests/lib", "tests/scripts"))):
        os.symlink(target, os.path.join(here, name))
    conf = re.search(r"^    # /etc/sallyport/greenhouse\.conf.*?^$",
                     text("README.md"), re.M | re.S)
    write(here + "/greenhouse.conf", re.sub("^    ", "", conf[0], flags=re.M))


def exists(word):
    return any(os.path.exists(path) for path in (
        word, os.path.join(BUILD, word.removeprefix("build/"))))


def end(group):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def tries(command, here):
    """It ends with 0, or is ready, is ended, and then does."""
    with tempfile.TemporaryFile("w+") as out, \
            tempfile.TemporaryFile("w+") as err:
        shown = subprocess.Popen(
            command.removesuffix("&"), shell=True, cwd=here, stdout=out,
            stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)
        atexit.register(end, shown.pid)

        def said(file):
            return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace")
        until(command, lambda: READY in said(err) or
              shown.poll() is not None)
        if command.endswith("&"):
            return
        if shown.poll() is None:
            os.killpg(shown.pid, signal.SIGTERM)
        status = shown.wait(WAIT_S)
        # The shell itself may be what TERM ended; a seed that does not fail
        # has no shortest plan.
        assert (status == 0 or re.search("^no check fails", said(out), re.M) or
                status == -signal.SIGTERM and READY in said(err)), (
            command, status, said(err))


def main():
    own_network(needed=True)
    every = list(commands())
    assert len(every) > 40, every
    here = folder()
    furnish(here)
    may_trace = not is_sanitized() and not subprocess.run(
        ["strace", "-f", "true"], capture_output=True, check=False).returncode
    plain = {name: value for name, value in os.environ.items()
             if name not in ("MAKEFLAGS", "MAKELEVEL")}
    for command in every:
        if command.startswith("make"):
            run("sh", "-c", "make -n" + command.removeprefix("make"), env=plain)
        elif TRACES.search(command) and not may_trace:
            continue
        elif command.startswith("build/") and not exists(command.split()[0]):
            continue  # the line before builds it
        elif LONG.match(command):
            for word in command.split():
                assert "/" not in word or exists(word), command
        else:
            tries(command, here)


if __name__ == "__main__":
    main()
