"""What can stand before the device: nothing, HAProxy in two set-ups, the proxy."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, "tests/lib")
from sallyport import PROGRAM, Started, until  # noqa: E402

BIN = os.environ.get("BIN", ".")

PLAIN = """
global
    nbthread 1
    maxconn 2000
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout queue 10s
listen front
    bind {listen}
    server device {device} maxconn 1
"""

# As somebody would who knows the device and the manual: the whole head before
# a connection, a queue, short ends, resets instead of lingering, and checks
# (a whole request) that run only while the server is marked down.
EXPERT = """
global
    nbthread 1
    maxconn 2000
    stats socket {admin}
defaults
    mode tcp
    retries 5
    timeout connect 1s
    timeout client 30s
    timeout client-fin 5s
    timeout server 5s
    timeout server-fin 1s
    timeout queue 10s
frontend front
    bind {listen}
    tcp-request inspect-delay 10s
    tcp-request content accept if {{ req.payload(0,0),hex -m sub 0D0A0D0A }}
    tcp-request content reject if WAIT_END
    default_backend device
backend device
    option nolinger
    option tcp-check
    tcp-check send GET\\ /\\ HTTP/1.0\\r\\n\\r\\n
    tcp-check expect string html>
    server device {device} maxconn 1 check inter 24h downinter 1s rise 1 \
fall 1 observe layer4 error-limit 3 on-error mark-down
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sockets_at(port, state):
    """How many are in that state, as the kernel counts them: the device must
    not see a connection."""
    with open("/proc/net/tcp") as table:
        return sum(line.split()[1].endswith(":%04X" % port) and
                   line.split()[3] == state for line in table)


def established(port):
    return sockets_at(port, "01")


class Front:
    """A process before the device; `address` is where clients go."""

    process = None

    def __init__(self, kind, device, *flags):
        self.kind = kind
        self.address = device
        target = "%s:%d" % device
        if kind == "sallyport":
            self.proxy = Started("--single", "--profile", "w5500", *flags,
                                 "127.0.0.1:0", target)
            self.process = self.proxy.process
            self.address = self.proxy.address
        elif kind == "watched":
            self.start_watched(*flags, "127.0.0.1:0", target)
        elif kind != "direct":
            self.start_haproxy(target)
        self.base_fds = self.fds()

    def start_watched(self, *args):
        """With all that tells what goes on, for truth.py."""
        self.dir = tempfile.mkdtemp(prefix="sc.")
        self.program, self.control = PROGRAM, self.admin()
        self.proxy = Started("--profile", "w5500", "--control", self.control,
                             "--admin", "127.0.0.1:0", *args)
        self.process = self.proxy.process
        self.address = self.proxy.address
        line = until("the admin address is known",
                     lambda: self.proxy.find("admin on "))
        self.told_at = "127.0.0.1", int(line.rsplit(":", 1)[1].strip('"'))

    def start_haproxy(self, target):
        self.dir = tempfile.mkdtemp(prefix="sc.")
        self.address = ("127.0.0.1", free_port())
        path = os.path.join(self.dir, "conf")
        text = PLAIN if self.kind == "plain" else EXPERT
        with open(path, "w") as conf:
            conf.write(text.format(listen="%s:%d" % self.address,
                                   device=target, admin=self.admin()))
        self.err = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["haproxy", "-q", "-db", "-f", path],
                                        stderr=self.err, text=True)
        until("haproxy listens", lambda: sockets_at(self.address[1], "0A"))

    def admin(self):
        return os.path.join(self.dir, "admin")

    def wait_until_checked(self):
        """Until HAProxy's first check of the device has passed."""
        until("its check has passed",
              lambda: "L7OK" in self.ask("show stat"))

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.admin())
            s.sendall(command.encode() + b"\n")
            return s.makefile().read()

    def fds(self):
        if not self.process:
            return 0
        pid = self.process.pid
        if self.kind == "watched":
            pid = self.proxy.pids()[-1]
        return len(os.listdir("/proc/%d/fd" % pid))

    def stop(self):
        if self.kind in ("sallyport", "watched"):
            self.proxy.stop()
        elif self.process:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.dir)
