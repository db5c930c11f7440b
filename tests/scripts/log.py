#!/usr/bin/env python3
"""Proves that a log nobody reads never stalls the proxy, that what was lost is
counted exactly, also at the end, and that json and a file hold what they
should, messages included."""
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import Client, Device, echoed
from sallyport import (ECHOD, PROGRAM, READY, Fifo, Listening, Program,
                       address_of, assert_idle, descriptors, folder,
                       own_network, until)
from stand import Proxy

own_network()
ANOTHER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


class Unread(Program):
    """A proxy whose log is full in the end, and how many lines it has made."""

    def __init__(self, *under):
        fifo, self.device, self.made = Fifo(), Device(), 0
        super().__init__(
            PROGRAM, "--single", "127.0.0.1:0", self.device.name,
            under=["sh", "-c", 'exec "$@" 2>' + fifo.path, "sh", *under])
        self.log = fifo
        ready = self.says(READY).split(READY)[1]
        self.address = address_of(ready.split(",")[0])
        self.port = self.address[1]
        self.before = descriptors(self.pid)
        self.churn(2000)
        assert_idle(self.pid, "a log that nobody reads")

    def churn(self, count):
        for _ in range(count):
            client, sock = Client(self), self.device.accept()
            client.reset()
            sock.ends("RST")
        self.made += count

    def account(self):
        """Every line is read or counted."""
        def lost():
            return sum(int(re.search(r"(\d+) lines", line)[1])
                       for line in self.matching(' lines lost"$'))
        until("every line is read or counted", lambda: self.made == lost() +
              len(self.matching("cause=client-reset|draining")))
        assert lost(), "the pipe was never full"


def unread_then_read(*under):
    proxy = Unread(*under)
    proxy.account()
    proxy.churn(10)
    proxy.account()
    until("all is given back", lambda:
          descriptors(proxy.pid) == proxy.before)
    proxy.terminate()


def unread_to_the_end(*under):
    proxy = Unread(*under)
    proxy.terminate()
    proxy.made += 1  # the message that it drains
    proxy.account()


def logging(device, *flags):
    """A proxy that logs to a file, and the file's name."""
    path = folder() + "/log"
    proxy = Proxy(device, "--log", path, *flags, profile="raw")
    proxy.log = open(path, encoding="utf-8")
    return proxy, path


def json_in_a_file(device):
    """Every line is one, with the same facts."""
    proxy, path = logging(device, "--log-format", "json")
    echoed(proxy)
    echoed(proxy, b"foobar")
    proxy.logged(2, '"cause":"done"')
    proxy.terminate()
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for line in lines:
        if "msg" not in line:
            assert line["cause"] == "done", line
            assert line["in"] == line["out"] and line["in"] in (3, 6), line
            assert re.match(r"127\.0\.0\.1:\d+$", line["client"]), line


def a_file_is_opened_again(device):
    """By one process, if it is not confined."""
    proxy, path = logging(device, "--sandbox", "off")
    echoed(proxy)
    proxy.logged(1, "cause=done")
    os.rename(path, path + ".1")
    proxy.signal(signal.SIGHUP)
    until("there is a new file", lambda: os.path.exists(path))
    proxy.log = open(path, encoding="utf-8")
    proxy.says("log reopened")
    echoed(proxy)
    proxy.logged(2, "cause=done")
    proxy.terminate()
    proxy, path = logging(device, "--sandbox", "on")
    os.rename(path, path + ".1")
    proxy.signal(signal.SIGHUP)
    proxy.says("could not be reopened")
    proxy.terminate()


def forms_and_levels(device):
    # tcplog, as HAProxy writes it: ten fields, the seventh the two letters.
    proxy = Proxy(device, "--log-format", "tcplog", profile="raw")
    echoed(proxy)
    proxy.logged(1, r"^127\.0\.0\.1:\d+ \[.*\] [^ ]* [^ ]*/[^ ]* "
                 r"\d+/\d+/\d+ 3 -- ")
    proxy.terminate()
    # Only what matters: a connection that ends well is no warning.
    proxy = Proxy(device, "--log-level", "warn", profile="raw")
    echoed(proxy)
    proxy.terminate()
    assert not proxy.find("cause="), "level info passed log-level warn"


def main():
    unread_then_read()
    unread_to_the_end()
    # A pipe that belongs to another user cannot be opened anew.
    if not subprocess.run([*ANOTHER, "test", "-x", PROGRAM], check=False,
                          capture_output=True).returncode:
        unread_then_read(*ANOTHER)
        unread_to_the_end(*ANOTHER)
    echod = Listening(ECHOD, "--fork")
    json_in_a_file(echod.listen)
    a_file_is_opened_again(echod.listen)
    forms_and_levels(echod.listen)


if __name__ == "__main__":
    main()
