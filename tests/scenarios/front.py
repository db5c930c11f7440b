"""What can stand before the device: nothing, HAProxy in two set-ups, the
proxy."""
import os
import socket

from rig import Program, Proxy, folder, until, write
from peer import bound

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

    def __init__(self, kind, device, *flags):
        self.kind = kind
        self.address = device.address
        self.process = None
        self.admin = os.path.join(folder(), "admin")
        if kind in ("plain", "expert"):
            self.start_haproxy(PLAIN if kind == "plain" else EXPERT)
        elif kind != "direct":
            is_watched = kind == "watched"
            # With all that tells what goes on, for truth.py.
            tells = ("--control", self.admin, "--admin", "127.0.0.1:0")
            self.process = Proxy(device, *flags, *tells * is_watched,
                                 single=not is_watched)
            self.address = self.process.address
        self.base_fds = self.fds()

    def start_haproxy(self, text):
        self.bound = bound()
        target, self.address = self.address, self.bound.getsockname()
        conf = write(self.admin + ".conf", text.format(
            listen="%s:%d" % self.address, device="%s:%d" % target,
            admin=self.admin))
        self.process = Program("haproxy", "-q", "-db", "-f", conf)
        until("haproxy listens", lambda: sockets_at(self.address[1], "0A"))
        # Its first check is part of its start, not of the scenario.
        if text is EXPERT:
            until("haproxy has checked", lambda: "L7OK" in self.statistics())

    def statistics(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.admin)
            s.sendall(b"show stat\n")
            return s.makefile().read()

    def fds(self):
        return (len(os.listdir("/proc/%d/fd" % self.process.worker()))
                if self.process else 0)

    def stop(self):
        if self.process:
            self.process.stop()
