#!/usr/bin/env python3
"""Proves that the quickstart shows a reply and a log line and leaves nothing
running; and with --keep, leaves both running until it is told to end."""
import os
import re
import signal
import socket
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client
from sallyport import BIN, Program, own_network, run, skip, until


def made():
    return os.stat("sallyport").st_ino, os.stat("sallyport").st_mtime_ns


def addresses(said):
    found = re.findall(r"^== .* listens on (.*):(\d+)$", said, re.M)
    return [(host, int(port)) for host, port in found]


def nothing_listens(said):
    return all(socket.socket().connect_ex(address)
               for address in addresses(said))


def main():
    if not os.path.samefile(BIN, "."):
        skip("the quickstart runs ./sallyport, not what is tested")
    has_network = own_network()
    # What was said on make's command line holds for the quickstart's make, too:
    # it would make ./sallyport anew, while other tests run it. Not so make's
    # jobs.
    os.environ.pop("MAKELEVEL", None)
    flags = os.environ.pop("MAKEFLAGS", "").rpartition("-- ")
    if flags[1]:
        os.environ["MAKEFLAGS"] = flags[1] + flags[2]
    before = made()

    said = run("sh", "scripts/quickstart.sh")
    assert "Temperature Server" in said, said
    assert re.search("^time=.* cause=done", said, re.M), said
    assert len(addresses(said)) == 2, said
    until("nothing is left behind", lambda: nothing_listens(said))
    assert made() == before, "it has made ./sallyport anew"

    # Port 8001 if it is free, else another.
    if has_network:
        assert "proxy listens on 127.0.0.1:8001\n" in said, said
        other = socket.create_server(("127.0.0.1", 8001))
    keep = Program("sh", "-c", "exec sh scripts/quickstart.sh --keep >&2")
    keep.says("until Ctrl-C")
    said = "\n".join(keep.lines)
    client = Client(addresses(said)[-1], REQUEST)
    client.outcome()
    assert b"Temperature Server" in client.got, client.got
    keep.signal(signal.SIGTERM)
    until("it ends", keep.ended)
    until("nothing is left behind", lambda: nothing_listens(said))
    run("sh", "scripts/quickstart.sh", "--nonsense", status=64)
    if has_network:
        other.close()


if __name__ == "__main__":
    main()
