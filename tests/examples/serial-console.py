#!/usr/bin/env python3
"""Proves of examples/serial-console that, before a real ser2net on a terminal,
a second person waits for the first to leave and then has the console."""
import os

from stage import STAGE, Example, listens, needs, network
from peer import Client
from sallyport import Program, sockets, until, write

needs("ser2net", "socat")
network("192.168.1.30")
# The switch: a terminal that answers what is typed.
switch = write(STAGE + "/switch", "while read -r line; do",
               'echo "switch> $line"', "done")
tty = STAGE + "/tty"
terminal = Program("socat", "pty,rawer,link=" + tty, "exec:sh " + switch)
until("there is a terminal", lambda: os.path.exists(tty))
with open("examples/serial-console/ser2net.yaml") as file:
    settings = write(STAGE + "/ser2net.yaml",
                     file.read().replace("/dev/ttyUSB0", tty))
ser2net = Program("ser2net", "-n", "-c", settings)
until("ser2net listens", lambda: listens(2001))
proxy = Example("serial-console/switch.conf")
first = Client(("127.0.0.1", 2000), b"one\n").expect(b"switch> one\n")
second = Client(("127.0.0.1", 2000), b"two\n")
until("the second is in the queue", lambda: [
    each["state"] for each in sockets(proxy.pid)
    if each["local"].endswith(":2000")].count("ESTABLISHED") == 2)
assert not second.ended(), "two at a time"
first.close()
second.expect(b"switch> two\n").close()
proxy.logged(1, "queue_ms=[1-9]")
