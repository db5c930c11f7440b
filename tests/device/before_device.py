"""A sallyport before a device, for the device's tests."""
import atexit
import sys

import rig  # noqa: F401

sys.path.insert(0, "tests/lib")
from sallyport import Started  # noqa: E402


def established(port):
    """Connections at this port of ours, as the kernel counts them."""
    with open("/proc/net/tcp") as table:
        return sum(line.split()[1].endswith(":%04X" % port) and
                   line.split()[3] == "01" for line in table)


class Proxy(Started):
    """`lines` is its log."""

    def __init__(self, device, *flags, profile="w5500"):
        super().__init__("--profile", profile, *flags, "127.0.0.1:0",
                         "%s:%d" % device)
        atexit.register(self.stop)
        self.url = "http://127.0.0.1:%d" % self.port

    def connections(self):
        return established(self.port)
