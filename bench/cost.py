#!/usr/bin/env python3
"""Proves that a connection and a request cost no more instructions and system
calls than stated here: what was measured, and a twentieth.

    python3 bench/cost.py [--bin ./sallyport] [-n 100] [WORK]...

The program runs under valgrind --tool=callgrind (and once more under strace
-c) with N and with 2 N units of work; the difference divided by N is what one
unit costs, start-up and end apart. Client and device are one thread on the
program's processor, which the program does not preempt when it wakes
(SCHED_BATCH): it always finds a request behind the connect, and the end
behind a reply. So the counts do not depend on what else the machine does.
"""
import argparse
import os
import socket
import sys

sys.path.insert(0, "tests/lib")
from sallyport import (PROGRAM, Started, contains, folder, is_sanitized, needs,
                       own_network, skip)

REQUEST = (b"GET /small HTTP/1.1\r\nHost: device.example:8001\r\n"
           b"User-Agent: bench\r\nAccept: */*\r\n\r\n")
REPLY = (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
         b"Content-Length: 26\r\nConnection: close\r\n\r\n"
         b"abcdefghijklmnopqrstuvwxyz")
# What each work may cost, in instructions and calls, and its settings.
WORKS = {
    "short": (2580, 16.1, ["--profile", "raw"]),
    "keep-alive": (770, 6.1, ["--profile", "raw"]),
    "w5500": (6990, 18.1, ["--profile", "w5500", "--slots", "32"]),
}
# A client that a busy machine interrupts between connect and request costs the
# proxy a turn.
ATTEMPTS = 5


def receive(sock, size):
    got = 0
    while got < size:
        piece = len(sock.recv(4096))
        assert piece, f"an end after {got} bytes"
        got += piece


def play(address, listener, work, count):
    if work == "keep-alive":
        with socket.create_connection(address) as client:
            client.sendall(REQUEST)
            with listener.accept()[0] as device:
                for _ in range(count):
                    receive(device, len(REQUEST))
                    device.sendall(REPLY)
                    receive(client, len(REPLY))
                    client.sendall(REQUEST)
        return
    for _ in range(count):
        with socket.create_connection(address) as client:
            client.sendall(REQUEST)
            with listener.accept()[0] as device:
                receive(device, len(REQUEST))
                device.sendall(REPLY)
            receive(client, len(REPLY))
            assert client.recv(1) == b""


def run(prefix, program, work, count):
    """The exit of the traced program ends the measurement."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Started("--single", *WORKS[work][2], "--log-level", "warn",
                        "--log", "/dev/null", "127.0.0.1:0",
                        "%s:%d" % listener.getsockname(),
                        under=["chrt", "--batch", "0", *prefix],
                        program=program)
        play(proxy.address, listener, work, count)
        os.kill(proxy.worker(), 15)
        proxy.process.wait()
        proxy.stop()


def instructions(program, work, count):
    out = folder() + "/callgrind"
    run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"],
        program, work, count)
    with open(out, encoding="ascii", errors="replace") as lines:
        return next(int(line.split()[1]) for line in lines
                    if line.startswith(("summary:", "totals:")))


def calls(program, work, count):
    out = folder() + "/strace"
    run(["strace", "-c", "-o", out], program, work, count)
    with open(out, encoding="ascii") as lines:
        total = [line.split() for line in lines
                 if line.rstrip().endswith("total")][0]
    return int(total[3 if len(total) > 4 else 2])


def is_within(program, work, count):
    """Does a unit of `work` cost no more than it may?"""
    cost = [(measure(program, work, 2 * count) -
             measure(program, work, count)) / count
            for measure in (instructions, calls)]
    print(f"{work:11} {cost[0]:8.0f} instructions {cost[1]:6.1f} calls",
          flush=True)
    return cost[0] <= WORKS[work][0] and cost[1] <= WORKS[work][1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=PROGRAM)
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("work", nargs="*", default=list(WORKS))
    options = parser.parse_args()
    needs("valgrind", "strace")
    if is_sanitized(options.bin) or contains(options.bin, "__llvm_profile"):
        skip("the cost of an instrumented proxy means nothing")
    if os.uname().machine != "x86_64":
        skip("the bounds are those of x86-64")
    own_network()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for work in options.work:
        assert any(is_within(options.bin, work, options.n)
                   for _ in range(ATTEMPTS)), \
            f"{work}: not within %d instructions and %.1f calls" % (
                WORKS[work][:2])


if __name__ == "__main__":
    main()
