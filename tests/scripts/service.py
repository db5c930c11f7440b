#!/usr/bin/env python3
"""Proves what a service manager is told (READY, STATUS, WATCHDOG, STOPPING),
that a worker which hangs feeds no watchdog, and that sockets which were
opened for the proxy are taken by address and by name."""
import ctypes
import os
import re
import signal
import socket
import sys
import threading

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client, Device, echoed
from sallyport import (ECHOD, PROGRAM, Listening, folder, own_network, run,
                       until)
from stand import Proxy

own_network()
PR_SET_CHILD_SUBREAPER = 36
ECHO = Listening(ECHOD, "--fork")
UNGUARDED = "--gate", "none", "--half-close", "propagate"
# As sd_listen_fds(3) has it: the socket is descriptor 3 of the process named.
PASS_ON = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])"""


def passed(sock, name):
    """What passes a socket on to a program, and how that is started."""
    under = sys.executable, "-c", PASS_ON, str(sock.fileno())
    return under, {"pass_fds": [sock.fileno()], "env": {
        **os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": name}}


class Managed(Proxy):
    """A proxy whose service manager the test is, which notes what it is told.
    After an upgrade `pid` is another process."""

    def __init__(self, device, *flags, watchdog_ms=None, env=os.environ,
                 **options):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(os.path.join(folder(), "notify"))
        self.told = []
        threading.Thread(target=self.read, daemon=True).start()
        env = {**env, "NOTIFY_SOCKET": self.notify.getsockname()}
        if watchdog_ms:
            env["WATCHDOG_USEC"] = str(watchdog_ms * 1000)
        super().__init__(device, *flags, single=False, env=env, **options)

    def read(self):
        while True:
            self.told += self.notify.recv(4096).decode().splitlines()

    def was_told(self, pattern):
        return [line for line in self.told if re.match(pattern, line)]

    def tells(self, pattern, count=1):
        until("it tells " + pattern, lambda:
              len(self.was_told(pattern)) >= count)

    def is_fed(self, within_s=20):
        """Is its watchdog?"""
        fed = len(self.was_told("WATCHDOG=1"))
        try:
            until("", lambda: len(self.was_told("WATCHDOG=1")) > fed, within_s)
        except AssertionError:
            return False
        return True

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        if self.pid == self.process.pid:
            self.finish()
        else:
            assert os.waitpid(self.pid, 0)[1] == 0


def one_life():
    proxy = Managed(ECHO, *UNGUARDED, watchdog_ms=800)
    proxy.tells("READY=1")
    proxy.tells("MAINPID=%d$" % proxy.pid)
    proxy.tells("STATUS=device up, 0/1 slots, 0 waiting")
    echoed(proxy)
    assert proxy.is_fed()

    # Once what was under way has been read, a stopped worker feeds nothing.
    worker = proxy.worker()
    os.kill(worker, signal.SIGSTOP)
    proxy.says("is stopped")
    assert not all(proxy.is_fed(2) for _ in range(3))
    os.kill(worker, signal.SIGCONT)
    assert proxy.is_fed()

    # A keeper that lost its worker feeds it.
    os.kill(worker, signal.SIGKILL)
    assert proxy.is_fed()
    echoed(proxy)

    # A reload and an upgrade are announced; after an upgrade there is another
    # main process, the one before it ends, and the watchdog is fed on.
    proxy.signal(signal.SIGHUP)
    proxy.tells("READY=1", 2)
    assert len(proxy.was_told("RELOADING=1")) == 1
    assert proxy.was_told("MONOTONIC_USEC=[1-9]")
    proxy.signal(signal.SIGUSR2)
    proxy.tells("READY=1", 3)
    proxy.pid = int(proxy.was_told("MAINPID=")[-1].split("=")[1])
    assert proxy.pid != proxy.process.pid
    proxy.finish()
    assert proxy.is_fed()
    echoed(proxy)
    proxy.end()
    proxy.tells("STOPPING=1")


def what_changes_is_told():
    device = Device()
    proxy = Managed(device, *UNGUARDED[:2], watchdog_ms=200)
    one = Client(proxy, b"x")
    proxy.tells("STATUS=device up, 1/1 slots, 0 waiting")
    two = Client(proxy, b"x")
    proxy.tells("STATUS=device up, 1/1 slots, 1 waiting")
    proxy.signal(signal.SIGTERM)
    proxy.says("draining")
    proxy.end()
    one.close(), two.close()

    proxy = Managed(Device(), "--first-byte-timeout", "1s", watchdog_ms=200)
    client = Client(proxy, REQUEST)
    proxy.tells("STATUS=device suspected")
    proxy.end()
    client.close()

    control = os.path.join(folder(), "ctl")
    proxy = Managed(
        Device(backlog=None), *UNGUARDED[:2], "--connect-retry", "0",
        "--down-after", "1ms", "--probe", "off", "--probe-backoff", "10m..10m",
        "--control", control, watchdog_ms=200)
    until("it is down", lambda: Client(proxy).drain() and
          proxy.was_told("STATUS=device down"))
    run(PROGRAM, "control", control, "hold")
    proxy.tells("STATUS=device held")
    proxy.end()


def sockets_are_taken():
    """By name and by address; one that nobody wants is a fault."""
    for name, flags in ("own", ("--name", "own")), ("x", ()):
        sock = socket.create_server(("127.0.0.1", 0))
        listen = "127.0.0.1:%d" % sock.getsockname()[1]
        under, options = passed(sock, name)
        proxy = Managed(ECHO, *flags, profile="raw", under=under,
                        listen="127.0.0.1:7" if flags else listen, **options)
        assert proxy.listen == listen
        echoed(proxy)
        proxy.end()
    under, options = passed(sock, "x")
    said = run(*under, PROGRAM, "127.0.0.1:0", ECHO.listen, status=78,
               **options)
    assert 'socket 1 that was passed, "x", matches no listen' in said, said


assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1) == 0
one_life()
what_changes_is_told()
sockets_are_taken()
