#!/usr/bin/env python3
"""Counts user instructions and system calls of one connection or request.

The program runs under valgrind --tool=callgrind (and once more under strace
-c) with N and with 2 N units of work; the difference divided by N is what one
unit costs, start-up and end apart. Counts do not depend on what else the
machine does.

    python3 bench/instructions.py [--bin ./sallyport] [-n 500] [WORK]...
"""
import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

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


class Device:
    """Answers each request; with `keep` it leaves the end to the client."""

    def __init__(self, keep):
        self.keep = keep
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            sock = self.listener.accept()[0]
            while sock.recv(4096):
                sock.sendall(REPLY)
                if not self.keep:
                    break
            sock.close()


def receive_reply(sock):
    got = b""
    while len(got) < len(REPLY):
        piece = sock.recv(4096)
        if not piece:
            sys.exit(f"instructions: an end after {len(got)} bytes")
        got += piece


def play(address, work, count):
    if work == "keep-alive":
        with socket.create_connection(address) as sock:
            for _ in range(count):
                sock.sendall(REQUEST)
                receive_reply(sock)
        return
    for _ in range(count):
        with socket.create_connection(address) as sock:
            sock.sendall(REQUEST)
            receive_reply(sock)
            assert sock.recv(1) == b""


def run(prefix, program, work, count):
    """The exit of the traced program ends the measurement."""
    device = Device(work == "keep-alive")
    with subprocess.Popen(
            [*prefix, program, "--single", *WORKS[work], "--log", "/dev/null",
             "127.0.0.1:0", f"127.0.0.1:{device.port}"],
            stderr=subprocess.PIPE, text=True) as proxy:
        for line in proxy.stderr:
            found = re.search(r"ready on 127\.0\.0\.1:(\d+)", line)
            if found:
                break
        else:
            sys.exit("instructions: the program did not become ready")
        play(("127.0.0.1", int(found[1])), work, count)
        pid = proxy.pid
        if prefix[0] == "strace":
            with open(f"/proc/{pid}/task/{pid}/children",
                      encoding="ascii") as children:
                pid = int(children.read().split()[0])
        os.kill(pid, 15)
        proxy.stderr.read()


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
    with tempfile.TemporaryDirectory() as folder:
        for work in options.work:
            cost = [(measure(options.bin, work, 2 * options.n, folder) -
                     measure(options.bin, work, options.n, folder)) /
                    options.n for measure in (instructions, calls)]
            print(f"{work:11} {cost[0]:8.0f} instructions "
                  f"{cost[1]:6.1f} calls")


if __name__ == "__main__":
    main()
