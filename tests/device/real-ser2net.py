#!/usr/bin/env python3
"""Proves with ser2net, a terminal, ncat and telnet in profile serial that the
banner comes first, one person has the console at a time, the next waits for it,
and who waits too long is told by busy-reply."""
import os
import subprocess

from rig import (Program, before, check, dial, folder, needs,
                 own_network, skip, until, write)

own_network(needed=True)
needs("ser2net", "socat", "ncat", "telnet")
HOME = folder()
TTY, BUSY = HOME + "/tty", "in use, try later"
# ser2net takes an address only where there is one but the loopback's.
for command in ("link add lan type veth peer name other",
                "address add 192.168.1.1/24 dev lan", "link set lan up",
                "link set other up"):
    if subprocess.run(["ip", *command.split()], check=False).returncode:
        skip("no address of its own")
script = write(HOME + "/switch", "while read -r line; do",
               'echo "switch> $line"', "done")
switch = Program("socat", "pty,rawer,link=" + TTY, "exec:sh " + script)
until("there is a terminal", lambda: os.path.exists(TTY))
settings = write(HOME + "/ser2net.yaml", f"""\
connection: &switch
  accepter: tcp,127.0.0.1,2001
  connector: serialdev,{TTY},115200n81,local
  options:
    max-connections: 1
    banner: "console of the switch\\r\\n\"""")
# The network is the test's own, so the port is.
ser2net = Program("ser2net", "-n", "-c", settings)


class There:
    port = 2001


def listens():
    try:
        return not dial(There).close()
    except ConnectionRefusedError:
        return False


until("ser2net listens", listens)
proxy = before(There, "--queue-timeout", "1s", "--busy-reply",
               write(HOME + "/busy", BUSY + "\r"), profile="serial")


class Person(Program):
    """Somebody at the console, who types a line and reads the answer."""

    def __init__(self, tool, line):
        self.seen = os.path.join(HOME, line)
        with open(self.seen, "w") as screen:
            super().__init__(tool, "127.0.0.1", str(proxy.port),
                             stdin=subprocess.PIPE, stdout=screen)
        self.sees("console of the switch")
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        self.sees("switch> " + line)

    def sees(self, text):
        def is_there():
            with open(self.seen, errors="replace") as screen:
                return text in screen.read()
        until(text + " is seen", is_there)

    def leaves(self):
        self.process.stdin.close()
        until("it has ended", self.ended)


first = Person("ncat", "one")
second = dial(proxy)
second.outcome()
check(BUSY in second.got.decode(), "the second was not told", second.got)
proxy.logged(1, "cause=queue-timeout")
first.leaves()
Person("ncat", "three").leaves()
Person("telnet", "four").leaves()
