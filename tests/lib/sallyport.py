"""Starts the proxy, for all tests in Python, with the shell's own harness."""
import os
import subprocess
import tempfile
import threading
import time

WAIT_S = 30
PROGRAM = os.path.join(os.environ.get("BIN", "."), "sallyport")


def until(what, condition):
    """Waits until condition() is true and returns what it gave."""
    end = time.monotonic() + WAIT_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain until " + what)
        time.sleep(0.005)


class Started:
    """A proxy that is ready; `under` is a command that runs it."""

    def __init__(self, *args, under=(), program=PROGRAM):
        self._log = tempfile.NamedTemporaryFile("r", errors="replace")
        self._lines, self._rest, self._lock = [], "", threading.Lock()
        self.process = subprocess.Popen(
            ["sh", "tests/lib/launch.sh", self._log.name, *under, program,
             *args], stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        assert ready, "the proxy did not start: %s" % self.lines
        self.port = int(ready.rsplit(":", 1)[1])
        self.address = ("127.0.0.1", self.port)

    @property
    def lines(self):
        """What it has written so far."""
        with self._lock:
            *whole, self._rest = (self._rest + self._log.read()).split("\n")
            self._lines += whole
            return self._lines

    def find(self, text):
        return next((line for line in self.lines if text in line), None)

    def pids(self):
        """It, and the processes it has started."""
        pids = [self.process.pid]
        for pid in pids:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
                pids += [int(child) for child in children.read().split()]
        return pids

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self._log.close()
