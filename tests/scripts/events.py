#!/usr/bin/env python3
"""Proves that whoever reads the events FIFO is told the present state and then
each of down, stuck, up, held and released once, with why and how long,
nothing stale, and nothing for slow clients or a proxy that was stopped; and
that the example script switches a relay once."""
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client
from sallyport import (PROGRAM, TEMPDEV, Fifo, Listening, Program, folder,
                       is_at_rest, own_network, run, until, write)
from stand import Proxy

own_network()
HERE = folder()
CTL, RELAY = HERE + "/lab.ctl", HERE + "/relay"


class Reader(Fifo):
    """One after another reads the FIFO; what the last was told."""
    said = ""

    def take(self):
        self.said += self.read()
        return self.said

    def comes(self, pattern):
        until("it is told " + pattern, lambda: re.search(
            pattern, self.take(), re.M))

    def told(self, word, more):
        self.comes('^time=.* name="lab" event=%s why=".*" for_ms=.*%s' % (
            word, more))

    def leaves(self, lines):
        """It was told so many."""
        assert self.take().count("\n") == lines, self.said
        self.close()
        self.said = ""


READER = Reader()


def serve(device, *flags):
    return Proxy(device.listen, "--name", "lab", "--events", READER.path,
                 "--control", CTL, "--gate-timeout", "200ms",
                 "--first-byte-timeout", "2s", "--probe-backoff",
                 "100ms..200ms", *flags, single=False)


def control(word):
    run(PROGRAM, "control", CTL, word)


def ask(proxy, request=REQUEST):
    client = Client(proxy, request)
    return client.outcome(), len(client.got)


def answers(device):
    """It may still be starting."""
    with contextlib.suppress(ConnectionError):
        return ask(device)[0] == "200"


def stops(device, proxy):
    device.signal(signal.SIGSTOP)
    ask(proxy)


def each_event(device):
    proxy = serve(device)
    READER.told("up", "attached=true")
    ask(proxy)
    ask(proxy, b"GET / HT")  # what is the client's own is no event
    stops(device, proxy)
    READER.told("down", 'next_probe_ms=[0-9]* attached=false msg="device down')
    READER.told("stuck", "after_ms=[1-9][0-9]* .*it may need a reset")
    device.signal(signal.SIGCONT)
    READER.told("up", "after_ms=[1-9][0-9]* attached=false")
    control("hold")
    READER.told("held", 'attached=false msg="device held')
    control("release")
    READER.told("released", "after_ms=[0-9]* attached=false")

    # What nobody read is not told to the next reader; what is, is.
    READER.leaves(lines=6)
    control("hold")
    control("release")
    control("hold")
    READER.open()
    READER.told("held", "attached=true")
    control("release")
    READER.told("released", "attached=false")
    READER.leaves(lines=2)
    # However soon it comes.
    for _ in range(8):
        until("the keeper has noticed", lambda: is_at_rest(proxy.pid))
        READER.open()
        READER.told("up", "attached=true")
        READER.leaves(lines=1)
    proxy.terminate()


def what_is_lost_is_logged(device):
    """A reader that takes nothing loses lines; what is no FIFO any more is
    not written to, and is tried again."""
    proxy = serve(device)
    READER.open()
    fcntl.fcntl(READER.end, fcntl.F_SETPIPE_SZ, 4096)
    READER.told("up", "attached=true")
    until("a line is lost", lambda: control("hold") or control("release") or
          proxy.find("is lost"))
    READER.close()
    READER.said = ""
    os.link(READER.path, HERE + "/kept")
    write(READER.path, "the owner's")  # at once: the keeper never finds none
    proxy.says("events: .*File exists: expected a FIFO .*; it is tried again")
    with open(READER.path, encoding="ascii") as file:
        assert file.read() == "the owner's\n", "it was written over"
    os.rename(HERE + "/kept", READER.path)
    READER.open()
    READER.told("up", "attached=true")
    READER.leaves(lines=1)
    proxy.terminate()


def another_fifo(device):
    """After a reload, though the one before is still read."""
    other = Reader("other")
    conf = HERE + "/conf"

    def settings(path):
        write(conf, "profile w5500", "listen 127.0.0.1:0", "name lab",
              "device " + device.listen, "control " + CTL, "events " + path)
    settings(READER.path)
    proxy = Proxy(None, "-c", conf, single=False)
    READER.open()
    READER.told("up", "attached=true")
    other.open()
    settings(other.path)
    proxy.reload()
    other.told("up", "attached=true")
    control("hold")
    other.told("held", "attached=false")
    READER.leaves(lines=1)
    other.leaves(lines=2)
    proxy.terminate()


def slow_replies():
    """Those that are long, or take longer than a first byte may, are none."""
    site = Listening(TEMPDEV, "--listen", "127.0.0.1:0", "--uptime", "100",
                     "--firmware", "site")
    proxy = serve(site)
    READER.open()
    READER.told("up", "attached=true")
    for page, least in ("slow?3", 1), ("long?500000", 500000):
        status, length = ask(proxy, b"GET /%s HTTP/1.0\r\n\r\n" % page.encode())
        assert status == "200" and length >= least, (page, status, length)
    READER.leaves(lines=1)
    proxy.terminate()
    site.stop()


def in_the_format_of_the_log(device):
    proxy = serve(device, "--log-format", "json")
    READER.open()
    READER.comes('^{"time":".*","event":"up",.*"attached":true,')
    for line in READER.said.splitlines():
        json.loads(line)
    READER.leaves(lines=1)
    return proxy


def the_example(device, proxy):
    """With a relay that counts."""
    off = write(HERE + "/off", "#!/bin/sh", "echo off >>" + RELAY)
    on = write(HERE + "/on", "#!/bin/sh", "kill -CONT %d" % device.pid)
    for script in off, on:
        os.chmod(script, 0o755)

    def is_up():
        return not subprocess.run([PROGRAM, "status", CTL], check=False,
                                  capture_output=True).returncode
    program = os.path.abspath(PROGRAM)
    hook = Program("sh", "examples/power-cycle.sh", CTL, READER.path, off, on,
                   env={**os.environ, "SALLYPORT": program, "OFF_S": "0"})
    ask(proxy, b"GET / HT")
    stops(device, proxy)
    until("the relay is switched", lambda: os.path.exists(RELAY))
    until("the device is up", is_up)
    proxy.terminate()
    proxy = serve(device)
    ask(proxy)
    until("the device is up", is_up)
    proxy.terminate()
    with open(RELAY, encoding="ascii") as file:
        assert file.read() == "off\n", "the relay was switched again"
    hook.stop()


def main():
    device = Listening(TEMPDEV, "--listen", "127.0.0.1:0", "--instant",
                       "--console", HERE + "/console")
    until("the device answers", lambda: answers(device))
    each_event(device)
    what_is_lost_is_logged(device)
    another_fifo(device)
    slow_replies()
    proxy = in_the_format_of_the_log(device)
    the_example(device, proxy)


if __name__ == "__main__":
    main()
