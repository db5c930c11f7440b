#!/usr/bin/env python3
"""Proves that after 5000 connections of many kinds, or as many as CONNECTIONS
says, counters, causes and percentiles are exactly those of the log."""
import concurrent.futures
import contextlib
import json
import os
import random
import sys

sys.path.insert(0, "tests/lib")
import ask
from peer import Client
from sallyport import ECHOD, PROGRAM, Listening, folder, own_network, run, until
from stand import Proxy

AT_A_TIME = 60
CONNECTIONS = int(os.environ.get("CONNECTIONS", "5000"))
LAST_END_S = 1200
KINDS = ["served"] * 6 + ["leaves", "resets", "stays", "silent"]


def visit(proxy, kind, size):
    with contextlib.suppress(OSError), Client(proxy) as client:
        if kind == "served":
            client.say(b"foo" * size).fin().drain()
        elif kind == "silent":
            client.drain()
        elif kind == "resets":
            client.say(b"foo").piece(1)
            client.reset()
        elif kind == "stays":
            client.settimeout(0.3)
            client.say(b"foo").drain()


def main():
    own_network()
    ctl, log = (os.path.join(folder(), name) for name in ("ctl", "log"))
    echod = Listening(ECHOD, "--fork")
    proxy = Proxy(
        echod.listen, "--name", "lab", "--control", ctl, "--log", log,
        "--gate", "data", "--gate-timeout", "100ms", "--slots", "4",
        "--queue", "20", "--queue-timeout", "200ms", "--down-after", "0",
        profile="raw", single=False)
    dice = random.Random(1)
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        visits = [pool.submit(visit, proxy, dice.choice(KINDS),
                              dice.randrange(1, 200))
                  for _ in range(CONNECTIONS)]
    for each in visits:
        each.result()

    def status():
        return json.loads(run(PROGRAM, "status", ctl, "--json"))
    until("the last has ended", lambda: not status()["connections"],
          LAST_END_S)
    told = status()
    with open(log, encoding="utf-8") as lines:
        ask.compare(told, lines)
    assert told["ended"].keys() >= {"done", "client-left", "client-reset",
                                    "gate-timeout"}, told["ended"]
    proxy.terminate()


if __name__ == "__main__":
    main()
