#!/usr/bin/env python3
"""Proves that a log which is a FIFO goes on when it is read again, and that
what nobody read is counted, also when its reader had left."""
import os
import re
import sys

sys.path.insert(0, "tests/lib")
from sallyport import folder, until
from stand import Client, Device, Proxy

device = Device(backlog=None)  # every client is refused


class Log:
    """A proxy that logs to a FIFO, and who reads it."""

    def __init__(self):
        self.path = os.path.join(folder(), "log")
        os.mkfifo(self.path)
        self.open()
        self.proxy = Proxy(device, "--log", self.path, profile="raw")

    def open(self):
        self.reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def read(self):
        got = b""
        try:
            while piece := os.read(self.reader, 65536):
                got += piece
        except BlockingIOError:
            pass
        return got

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
    log.read()
    log.line()
    until("lines come again", lambda: b"cause=" in log.read())


def counts_what_it_lost():
    log = Log()
    os.close(log.reader)
    ends = 5
    for _ in range(ends):
        log.line()
    log.open()
    got = b""

    def all_are_accounted_for():
        nonlocal got, ends
        log.line()
        ends += 1
        got += log.read()
        lost = re.search(rb"(\d+) lines lost", got)
        return lost and got.count(b"cause=") + int(lost[1]) == ends
    until("all are accounted for", all_are_accounted_for)


goes_on()
counts_what_it_lost()
