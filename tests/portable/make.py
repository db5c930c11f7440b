#!/usr/bin/env python3
"""Proves what the Makefile promises to who builds and installs: the program
alone by default, flags of the caller last, hardening as far as the compiler
takes it, and an uninstall that leaves nothing of an install."""
import os
import re
import stat
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import BIN, folder, run, write

TMP = folder()
BIN = os.path.abspath(BIN)
CLEAN = {name: value for name, value in os.environ.items() if name not in (
    "MAKEFLAGS", "MAKELEVEL", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "DESTDIR",
    "PREFIX", "UNITDIR", "WERROR", "OPT", "SAN", "B", "OUT")}
builds = 0


def would(*args, **environment):
    """(the commands make would run, what it says of the flags left out)"""
    global builds
    builds += 1
    done = subprocess.run(
        ["make", "-n", "V=1", "B=%s/b%d" % (TMP, builds), "OUT=" + TMP, *args],
        env=dict(CLEAN, **environment), capture_output=True, text=True,
        check=True)
    return done.stdout, done.stderr


def has(args, *patterns, but=(), **environment):
    commands, said = would(*args, **environment)
    for pattern in patterns:
        assert re.search(pattern, commands, re.M), (args, "no " + pattern)
    for pattern in but:
        assert not re.search(pattern, commands, re.M), (args, pattern)
    return said


has([], "-o %s/sallyport " % TMP, "-D_FORTIFY_SOURCE=3",
    but=["contrib/", "tests/", "-Werror"])
has(["tools"], "-o %s/contrib/tempdev/tempdev " % TMP,
    but=["-o %s/sallyport " % TMP])
has(["tests"], "-o .*/tests/unit/relay_test ", but=["-o %s/sallyport " % TMP])
has(["WERROR=1"], " -Werror ")
has(["SMALL=1"], " -Os ", " -Wl,--gc-sections ")

# The caller's flags, from the command line and from the environment alike.
MINE = {"CC": "gcc", "CFLAGS": "-O1", "CPPFLAGS": "-DMINE",
        "LDFLAGS": "-Wl,--mine"}
LAST = (r"^gcc .*-O3.* -O1 .*-c -o", r"^gcc .*-iquote src.* -DMINE .*-c -o",
        r"^gcc .* -Wl,--mine -o")
has(["%s=%s" % each for each in MINE.items()], *LAST)
has([], *LAST, **MINE)
has(["CPPFLAGS=-D_FORTIFY_SOURCE=1"], but=["_FORTIFY_SOURCE=3"])

# A compiler that does not know two of the flags, and is asked once.
compiler = write(TMP + "/cc", "#!/bin/sh", 'echo asked >>"%s/asked"' % TMP,
                 'case " $* " in',
                 '*" -fstack-clash-protection "* | *" -Wl,-z,now "*) exit 1 ;;',
                 "esac", 'exec gcc "$@"')
os.chmod(compiler, 0o755)
left = has(["CC=" + compiler], "-fstack-protector-strong",
           but=["-fstack-clash-protection", "-Wl,-z,now"])
assert re.search("left out: -fstack-clash-protection -Wl,-z,now$", left, re.M)
os.remove(TMP + "/asked")
builds -= 1  # where it was asked
would("CC=" + compiler)
assert not os.path.exists(TMP + "/asked"), "the compiler is asked again"

assert "\nmake install-strip " in "\n" + run("make", "-s", "help", env=CLEAN)

# Installed, and gone again; what the owner wrote stays.
ROOT = TMP + "/root"
ELSEWHERE = ["PREFIX=/opt/s", "SYSCONFDIR=/opt/etc", "UNITDIR=/units"]


def make(*args):
    """What is built already is not built again: other tests use it."""
    run("make", "-s", "-o", BIN + "/sallyport", "-o",
        BIN + "/contrib/tempdev/tempdev", "-o", BIN + "/contrib/debug/poll",
        "B=%s/b" % TMP, "OUT=" + BIN, "DESTDIR=" + ROOT, *args, env=CLEAN,
        within_s=900)


def files():
    return [os.path.join(top, name) for top, _, names in os.walk(ROOT)
            for name in names]


make(*ELSEWHERE, "install-strip", "install-tools")
for name in ("sbin/sallyport", "bin/tempdev", "bin/poll-probe",
             "share/man/man8/sallyport.8", "share/man/man5/sallyport.conf.5",
             "share/man/man1/tempdev.1", "share/doc/sallyport/README.md"):
    assert os.path.isfile(ROOT + "/opt/s/" + name), name
assert os.path.isdir(ROOT + "/opt/etc/sallyport"), "no folder for settings"
program = ROOT + "/opt/s/sbin/sallyport"
assert "no symbols" in run("nm", program), "not stripped"
for path in files():
    may_run = re.search(r"/s?bin/|/share/sallyport/trace/.*\.py$", path)
    assert may_run or not stat.S_IMODE(os.stat(path).st_mode) & 0o111, path
run(program, "--version")
make(*ELSEWHERE, "uninstall")
assert not files(), files()
assert not os.path.exists(ROOT + "/opt/s/share/doc/sallyport")
make("install")
mine = write(ROOT + "/etc/sallyport/mine.conf")
make("uninstall")
assert os.path.exists(mine), "the owner's file is gone"
