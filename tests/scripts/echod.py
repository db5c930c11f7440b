#!/usr/bin/env python3
"""Proves that echod and socks, which other tests rely on, do what they say."""
import os
import re
import signal
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import (ECHOD, Listening, SOCKS, folder, needs_ipv6, own_network,
                       proc, run, sockets, until)

own_network()


def states_of_children(echod):
    pids = proc(echod.pid, "task/%d/children" % echod.pid).split()
    stats = [proc(int(pid), "stat") for pid in pids]  # "": reaped meanwhile
    return [stat.rsplit(")", 1)[1].split()[0] for stat in stats if stat]


def echo(echod, text):
    Client(echod, text).expect(text).fin().ends("EOF").close()


for program, text in ((ECHOD, "--no-reap "), (SOCKS, "--machine ")):
    assert text in run(program, "--help"), program

# One at a time: the second client is served when the first has left.
echod = Listening(ECHOD, "--sequential")
first = Client(echod, b"one").expect(b"one")
second = Client(echod, b"two").quiet(0.2)
first.fin().ends("EOF").close()
second.expect(b"two").fin().ends("EOF")

# One process for each, and none left over.
echod = Listening(ECHOD, "--fork")
first = Client(echod, b"one").expect(b"one")
echo(echod, b"two")
until("one child is left", lambda: len(states_of_children(echod)) == 1)
had = sockets(echod.pids()[1])
assert {"family": "tcp4", "state": "ESTABLISHED", "recv_q": "0",
        "send_q": "0", "local": echod.listen} in [
    {name: each.get(name) for name in
     ("family", "state", "recv_q", "send_q", "local")} for each in had], had
listener = run(SOCKS, str(echod.pid))
assert [line for line in listener.splitlines() if "tcp4 " in line and
        " LISTEN " in line and echod.listen + " " in line + " "], listener
first.fin().ends("EOF")
until("no child is left", lambda: not states_of_children(echod))

# A client that has left before it is served: the first echo meets a closed
# end and is answered with a reset, the second echo meets a broken pipe.
echod = Listening(ECHOD, "--sequential")
echod.signal(signal.SIGSTOP)
Client(echod).put(8192).close()
echod.signal(signal.SIGCONT)
echod.says("process %d: pipe failure 1" % echod.pid)
echo(echod, b"still")

# Without reaping, the dead stay.
echod = Listening(ECHOD, "--fork", "--no-reap")
echo(echod, b"a")
echo(echod, b"b")
until("two zombies", lambda: states_of_children(echod) == ["Z", "Z"])

# What socks says of IPv6 and Unix sockets, and of the machine.
needs_ipv6()
for address, family, local in (
        ("[::1]:0", "tcp6", "[::1]:"),
        (os.path.join(folder(), "echo"), "unix", "/echo")):
    echod = Listening(ECHOD, address)
    said = run(SOCKS, "--machine", str(echod.pid))
    assert [line for line in said.splitlines() if "family=%s state=LISTEN" %
            family in line and local in line], said
assert re.search(r"^machine time_wait=\d+ orphans=\d+$", said, re.M), said
run(SOCKS, "x", status=71)
