#!/usr/bin/env python3
"""Proves that bash, zsh and fish complete every option of --help, the words and
files that it takes, and the orders of a running proxy, each in the real
shell."""
import os
import re
import shutil
import sys

sys.path.insert(0, "tests/lib")
from sallyport import BIN, folder, run, skip, write
from stand import Proxy

HERE = os.path.abspath("packaging/completion")
ZSH = os.path.abspath("tests/packaging/complete.zsh")
TMP = folder()
CONTROL = TMP + "/ctl"
os.environ.update(PATH=os.path.abspath(BIN) + ":" + os.environ["PATH"],
                  HOME=TMP, TMPDIR=TMP)

OPTIONS = sorted(re.findall(r"^  (?:-., )*(--[a-z0-9-]*)",
                            run("sallyport", "--help"), re.M))
assert len(OPTIONS) > 40, OPTIONS
proxy = Proxy("127.0.0.1:1", "--control", CONTROL, single=False)
os.chdir(TMP)
write("some-file.conf")
os.mkdir("functions")
shutil.copy(HERE + "/sallyport.zsh", "functions/_sallyport")


def in_bash(*words):
    """What the last word may be."""
    return run("bash", "-c", '. "$0"; COMP_WORDS=(sallyport "$@"); '
               "COMP_CWORD=$#; _sallyport sallyport; "
               'printf "%s\\n" "${COMPREPLY[@]}"',
               HERE + "/sallyport.bash", *words).split()


def in_fish(line):
    said = run("fish", "-c", "source %s/sallyport.fish; complete -C "
               "'sallyport %s'" % (HERE, line))
    return [each.split("\t")[0] for each in said.splitlines()]


def in_zsh(line):
    """What zsh makes of the line when there is one way to go on."""
    said = run("zsh", "-f", ZSH, TMP + "/functions", "sallyport " + line)
    return [said.strip().removeprefix("sallyport ").rstrip(" =")]


ORDERS = ["release", "reload", "reset-health"]
COMPLETES = {
    "bash": (in_bash, (
        (OPTIONS, ["--"]), (["drop", "keep", "safe"], ["--queue-fin", ""]),
        (["json"], ["--log-format", "=", "j"]), (["stderr"], ["--log", "std"]),
        (["some-file.conf"], ["-c", "some"]),
        (["--queue-fin"], ["--queue-f"]), (ORDERS, ["control", CONTROL, "re"]),
    )),
    "fish": (in_fish, (
        (OPTIONS, ["--"]), (["drop", "keep", "safe"], ["--queue-fin "]),
        (["--log-format=json"], ["--log-format=j"]),
        (["some-file.conf"], ["-c some"]),
        (ORDERS, ["control %s re" % CONTROL]),
    )),
    "zsh": (in_zsh, (
        (["--queue-fin safe"], ["--queue-fin s"]),
        (["--log-format=json"], ["--log-format=j"]),
        (["--log stderr"], ["--log std"]),
        (["-c some-file.conf"], ["-c some"]),
        (["--queue-fin"], ["--queue-f"]),
        (["control %s conns" % CONTROL], ["control %s co" % CONTROL]),
    )),
}
missing = [shell for shell in COMPLETES if not shutil.which(shell)]
for shell, (complete, cases) in COMPLETES.items():
    if shell not in missing:
        for wanted, words in cases:
            had = sorted(complete(*words))
            assert had == wanted, "%s: %s: %s" % (shell, words, had)
if "fish" not in missing:
    assert "stderr" in in_fish("--log ")
if missing:
    skip("not installed: " + " ".join(missing))
