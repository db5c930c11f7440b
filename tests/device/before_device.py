"""A sallyport before a device, for the device's tests."""
import atexit
import os
import re
import subprocess
import threading

from rig import BIN, check


def established(port):
    """Connections at this port of ours, as the kernel counts them."""
    with open("/proc/net/tcp") as table:
        return sum(line.split()[1].endswith(":%04X" % port) and
                   line.split()[3] == "01" for line in table)


class Proxy:
    """`lines` is its log."""

    def __init__(self, device, *flags, profile="w5500"):
        self.process = subprocess.Popen(
            [os.path.join(BIN, "sallyport"), "--profile", profile, *flags,
             "127.0.0.1:0", "%s:%d" % device], stderr=subprocess.PIPE,
            text=True)
        atexit.register(self.end)
        line = self.process.stderr.readline()
        ready = re.search(r"ready on [^ ]*:(\d+)", line)
        check(ready, "no ready line:", line)
        self.port = int(ready[1])
        self.address = ("127.0.0.1", self.port)
        self.url = "http://127.0.0.1:%d" % self.port
        self.lines = []
        threading.Thread(target=lambda: self.lines.extend(
            self.process.stderr), daemon=True).start()

    def connections(self):
        return established(self.port)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
