"""What the tests of devices share: emulators with their control socket
(contrib/tempdev), stand-ins (contrib/devices), the proxy before them
(tests/lib), and plain clients."""
import json
import os
import signal
import subprocess
import sys

sys.path[:0] = ["contrib/tempdev", "tests/lib"]
from peer import Client as dial
from sallyport import (WAIT_S, Listening, Program, folder, needs,  # noqa: F401
                       own_network, ready, run, skip, until, write)
from stand import Proxy, Scenes
from tempdev import *  # noqa: F401,F403
from tempdev import Controlled, check_equal

OK = b"HTTP/1.1 200"
IS_LONG = "LONG_TESTS" in os.environ  # as check-long has it


def main(at_once=4):
    """Plays all functions test_NAME of the script, or those with a word of the
    command line in their name."""
    wanted = set(sys.argv[1:])
    del sys.argv[1:]
    scenes = Scenes()
    for name, function in vars(sys.modules["__main__"]).items():
        words = name.split("_")
        if words[0] == "test" and (not wanted or wanted & set(words)):
            scenes.alone(function)
    sys.exit(scenes.main(at_once))


def check_lines(got, expected):
    for number, (a, b) in enumerate(zip(got, expected)):
        check_equal(a, b, f"line {number + 1}")
    check_equal(len(got), len(expected), "lines")


class Stand(Listening, Controlled):
    """A stand-in as a process."""

    def __init__(self, name, *args):
        control = os.path.join(folder(), "control")
        super().__init__(sys.executable, "contrib/devices/%s.py" % name,
                         "--control", control, *map(str, args), text=True,
                         stdout=subprocess.PIPE)
        self._control(control)
        self.url = "http://" + self.listen

    def set(self, option, value):
        self.command(f"set {option} {value}")

    def end(self):
        """The counters it prints at its end."""
        self.signal(signal.SIGTERM)
        return json.loads(self.process.communicate(timeout=WAIT_S)[0])

    def connect(self, data=b""):
        return dial(self, data)


def before(dev, *flags, **more):
    """The proxy, with its keeper, before a device."""
    return Proxy(dev, *flags, single=False, **more)


def turns_away(dev):
    """Whether a connection is refused, or reset before it says anything."""
    try:
        return dial(dev).outcome() == "RST"
    except OSError:
        return True


def curl(*args):
    """Status, body and exit code."""
    needs("curl")
    done = subprocess.run(["curl", "-sS", "-m", str(WAIT_S), "-w",
                           "%{stderr}%{http_code}", *args],
                          capture_output=True, check=False)
    return done.stderr[-3:].decode(), done.stdout, done.returncode


def request(path, method="GET", fields="", body=b""):
    return (f"{method} {path} HTTP/1.1\r\nHost: d\r\n{fields}\r\n".encode() +
            body)
