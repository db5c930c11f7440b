#!/usr/bin/env python3
"""Proves that log syslog sends each line as a datagram with its priority, and
that the proxy serves on when the daemon has gone."""
import os
import re
import socket
import stat
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import echoed
from sallyport import (ECHOD, PROGRAM, WAIT_S, Listening, descriptors, folder,
                       own_network, run, skip, until)
from stand import Proxy


def mount_dev():
    """A /dev of the test's own, with no syslog."""
    dev = folder()
    try:
        os.mknod(dev + "/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        skip("no right to make a device node")
    os.chmod(dev + "/null", 0o666)
    if subprocess.run(["mount", "--bind", dev, "/dev"]).returncode:
        skip("no right to mount")


def start_daemon():
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    daemon.bind("/dev/log")
    daemon.settimeout(WAIT_S)
    return daemon


def hears(daemon, pattern):
    line = daemon.recv(65536).decode()
    assert re.match(pattern, line), line


def main():
    own_network(needed=True)
    mount_dev()
    said = run(PROGRAM, "--log", "syslog", "127.0.0.1:0", "127.0.0.1:9",
               status=71)
    assert "log" in said, said

    daemon = start_daemon()
    echod = Listening(ECHOD, "--fork")
    proxy = Proxy(echod.listen, "--log", "syslog", "--max-clients", "40",
                  profile="raw", under=["prlimit", "--nofile=64:64"])
    ident = r"sallyport\[%d\]: " % proxy.pid
    hears(daemon, "<28>" + ident + "time=.* level=warn .*"
          'msg="max-clients lowered to')
    before = descriptors(proxy.pid)
    echoed(proxy)
    hears(daemon, "<30>" + ident + ".*in=3 out=3 .* cause=done")
    until("all is given back", lambda: descriptors(proxy.pid) == before)

    daemon.close()
    echoed(proxy)
    echoed(proxy)
    proxy.assert_idle("a syslog that has gone")

    # A new daemon gets what comes after it, and hears how much came before.
    os.unlink("/dev/log")
    daemon = start_daemon()
    echoed(proxy, b"foobar")
    hears(daemon, "<28>.*: 2 lines lost\"")
    hears(daemon, "<30>.*in=6 out=6 .* cause=done")
    proxy.terminate()


if __name__ == "__main__":
    main()
