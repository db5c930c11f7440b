"""What the tests of the probe share: runs a program, looks at how it ends and
at what it says, and counts what is wrong, so that one run names all faults."""
import os
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import BIN, folder, needs, skip, write  # noqa: F401

POLL = os.path.abspath(os.path.join(BIN, "contrib/debug/poll"))
POLLMAP = os.path.abspath(os.path.join(BIN, "contrib/pollmap/pollmap"))
TMP = folder()
_bad = []


def say(*command, **options):
    """(exit status, both streams in one)"""
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT,
               "timeout": 300, **options}
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                          errors="replace", check=False, **options)
    return done.returncode, done.stdout


def check(is_right, *words):
    if not is_right:
        _bad.append(words)
        print("FAIL:", *words)


def expect(status, text, *command, **options):
    """It ends with `status` and says `text`."""
    had, said = say(*command, **options)
    check(had == status and text in said, *command, "exit %d, wanted %d and: %s"
          % (had, status, text), said[-2000:])
    return said


def path(name):
    return os.path.join(TMP, name)


def end():
    sys.exit(1 if _bad else 0)
