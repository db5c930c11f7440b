"""Starts the proxy, for all tests in Python: the one place that knows its
command line and the line it writes when it is ready.
"""
import contextlib
import os
import re
import subprocess
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
    """A proxy that is ready; `lines` is what it has written so far."""

    def __init__(self, *args):
        self.process = subprocess.Popen([PROGRAM, *args], text=True,
                                        stderr=subprocess.PIPE)
        self.lines = []
        threading.Thread(target=self._read, daemon=True).start()
        ready = until("the proxy is ready", lambda: self.find(": ready on ")
                      or self.process.poll() is not None)
        assert ready is not True, "the proxy did not start: %s" % self.lines
        self.port = int(re.search(r"ready on [^ ]*:(\d+),", ready).group(1))
        self.address = ("127.0.0.1", self.port)

    def _read(self):
        with contextlib.suppress(ValueError):  # stop() has closed it
            for line in self.process.stderr:
                self.lines.append(line.rstrip("\n"))

    def find(self, text):
        for line in list(self.lines):
            if text in line:
                return line
        return None

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
        self.process.stderr.close()
