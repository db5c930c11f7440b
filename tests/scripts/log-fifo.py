#!/usr/bin/env python3
"""Proves that a log which is a FIFO goes on when it is read again, and that
what nobody read is counted, also when its reader had left."""
import re
import sys

sys.path.insert(0, "tests/lib")
from peer import Client, Device
from sallyport import Fifo, until
from stand import Proxy

device = Device(backlog=None)  # every client is refused


class Log:
    """A proxy that logs to a FIFO, and who reads it."""

    def __init__(self):
        self.fifo = Fifo()
        self.proxy = Proxy(device, "--log", self.fifo.path, profile="raw")

    def line(self):
        """A client comes, and its line is to be written."""
        try:
            Client(self.proxy).outcome()
        except ConnectionResetError:  # while connecting
            pass


def goes_on():
    log = Log()
    for _ in range(1000):
        log.line()
    log.fifo.read()
    log.line()
    until("lines come again", lambda: "cause=" in log.fifo.read())


def counts_what_it_lost():
    log = Log()
    log.fifo.close()
    ends = 5
    for _ in range(ends):
        log.line()
    log.fifo.open()
    got = ""

    def all_are_accounted_for():
        nonlocal got, ends
        log.line()
        ends += 1
        got += log.fifo.read()
        lost = re.search(r"(\d+) lines lost", got)
        return lost and got.count("cause=") + int(lost[1]) == ends
    until("all are accounted for", all_are_accounted_for)


goes_on()
counts_what_it_lost()
