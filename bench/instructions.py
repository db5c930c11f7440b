#!/usr/bin/env python3
"""Counts user instructions and system calls of one connection or request.

The program runs under valgrind --tool=callgrind (and once more under strace
-c) with N and with 2 N units of work; the difference divided by N is what one
unit costs, start-up and end apart. Client and device are one thread on the
program's processor, which the program does not preempt when it wakes
(SCHED_BATCH): it always finds a request behind the connect, and the end
behind a reply. So the counts do not depend on what else the machine does.

    python3 bench/instructions.py [--bin ./sallyport] [-n 500] [WORK]...
"""
import argparse
import os
import socket
import sys
import tempfile

sys.path.insert(0, "tests/lib")
from sallyport import Started  # noqa: E402

REQUEST = (b"GET /small HTTP/1.1\r\nHost: device.example:8001\r\n"
           b"User-Agent: bench\r\nAccept: */*\r\n\r\n")
REPLY = (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
         b"Content-Length: 26\r\nConnection: close\r\n\r\n"
         b"abcdefghijklmnopqrstuvwxyz")
WORKS = {
    "short": ["--profile", "raw", "--log-level", "warn"],
    "keep-alive": ["--profile", "raw", "--log-level", "warn"],
    "w5500": ["--profile", "w5500", "--slots", "32",
              "--log-level", "warn"],
}


def receive(sock, size):
    got = 0
    while got < size:
        piece = len(sock.recv(4096))
        if not piece:
            sys.exit(f"instructions: an end after {got} bytes")
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
        proxy = Started("--single", *WORKS[work], "--log", "/dev/null",
                        "127.0.0.1:0",
                        f"127.0.0.1:{listener.getsockname()[1]}",
                        under=["chrt", "--batch", "0", *prefix],
                        program=program)
        play(proxy.address, listener, work, count)
        os.kill(proxy.pids()[prefix[:1] == ["strace"]], 15)
        proxy.process.wait()
        proxy.stop()


def instructions(program, work, count, folder):
    out = os.path.join(folder, "callgrind")
    run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"],
        program, work, count)
    with open(out, encoding="ascii", errors="replace") as lines:
        return next(int(line.split()[1]) for line in lines
                    if line.startswith(("summary:", "totals:")))


def calls(program, work, count, folder):
    out = os.path.join(folder, "strace")
    run(["strace", "-c", "-o", out], program, work, count)
    with open(out, encoding="ascii") as lines:
        total = [line.split() for line in lines
                 if line.rstrip().endswith("total")][0]
    return int(total[3 if len(total) > 4 else 2])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="./sallyport")
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("work", nargs="*", default=list(WORKS))
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        for work in options.work:
            cost = [(measure(options.bin, work, 2 * options.n, folder) -
                     measure(options.bin, work, options.n, folder)) /
                    options.n for measure in (instructions, calls)]
            print(f"{work:11} {cost[0]:8.0f} instructions "
                  f"{cost[1]:6.1f} calls")


if __name__ == "__main__":
    main()
