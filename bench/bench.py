#!/usr/bin/env python3
"""Compares sallyport with other TCP proxies, side by side in one run.

The proxy under test has one processor, load (wrk) and backend (nginx) the
other. Rounds are short, many and interleaved, so that what disturbs the
machine disturbs everybody. All logs are off, but for the second line of the
proxy. What is made of the figures: report.py.
"""
import argparse
import contextlib
import os
import pathlib
import re
import resource
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

import peers
import report
from report import DIRECT, KEEP, MIB, SHORT
from sallyport import Program

WORK = {
    SHORT: ["-H", "Connection: close", "/small"],
    KEEP: ["/small"],
    MIB: ["/mib"],
}
SETTLE_S = 0.3
TCP_FASTOPEN_CONNECT = 30  # not named by the socket module
UNITS_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def pick_cpus():
    """The processor of the proxy and that of everything else."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        print("bench: one processor only: load and proxy share it",
              file=sys.stderr)
    return cpus[0], cpus[-1]


def run_wrk(address, work, cpu, options):
    """Requests, seconds, p50 and p99 in ms, MiB a second."""
    *headers, path = WORK[work]
    out = subprocess.run(
        ["taskset", "-c", str(cpu), "wrk", "-t1", f"-c{options.connections}",
         f"-d{options.seconds}s", "--latency", *headers,
         f"http://{address}{path}"],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)(m?s)", out)
    if not found or not int(found[1]):
        raise peers.Failed(f"wrk: {out}")
    result = {"requests": int(found[1]),
              "seconds": float(found[2]) * UNITS_MS[found[3]] / 1e3,
              "errors": "Socket errors" in out or "Non-2xx" in out}
    for share in "50", "99":
        found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)\b", out)
        result["p" + share] = float(found[1]) * UNITS_MS[found[2]]
    return result


def measure_load(target, work, cpu, options):
    """One round: figures by name."""
    before = target.cpu_seconds()
    ran = run_wrk(target.listen, work, cpu, options)
    used = target.cpu_seconds() - before
    return {
        (work, "rate"): ran["requests"] / ran["seconds"],
        (work, "cpu"): used / ran["requests"] * 1e6,
        (work, "p50"): ran["p50"],
        (work, "p99"): ran["p99"],
        (work, "errors"): float(ran["errors"]),
    }


REQUEST = b"GET /small HTTP/1.1\r\nHost: a\r\n"


def connect(address):
    """The request leaves in the same system call as the connect, so that no
    proxy accepts before it is there: otherwise calls could not be counted."""
    s = socket.socket()
    s.settimeout(10)
    s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    s.connect(peers.split_address(address))
    return s


def ask_once(address):
    """One short connection; some peers end it with a reset."""
    with connect(address) as s:
        s.sendall(REQUEST + b"Connection: close\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while s.recv(4096):
                pass


def ask_again(s):
    """One request more on a connection that stays."""
    s.sendall(REQUEST + b"\r\n")
    if not s.recv(4096):
        raise peers.Failed("closed an idle connection")


def trace(target, directory, action):
    """System calls of the peer while `action` runs, by strace -c."""
    log = pathlib.Path(directory, "strace")
    attach = [a for pid in target.pids() for a in ("-p", str(pid))]
    tracer = Program("strace", "-f", "-c", "-o", str(log), *attach)
    tracer.says("attached", len(attach) // 2)
    action()
    time.sleep(SETTLE_S)
    tracer.process.terminate()
    tracer.process.wait()
    # A row is: % time, seconds, usecs/call, calls, errors if any, name.
    rows = [r.split() for r in log.read_text().splitlines()[2:]]
    return sum(int(r[3]) for r in rows
               if len(r) >= 5 and r[0][0].isdigit() and r[-1] != "total")


def count_calls(target, directory, options):
    """System calls of one short connection and of one request more."""
    def ask_often():
        for _ in range(options.traced):
            ask_once(target.listen)
            time.sleep(0.002)

    def ask_on():
        for _ in range(options.traced):
            ask_again(kept)
            time.sleep(0.002)

    short = trace(target, directory, ask_often)
    with connect(target.listen) as kept:
        ask_again(kept)
        time.sleep(SETTLE_S)
        keep = trace(target, directory, ask_on)
    return {(SHORT, "calls"): short / options.traced,
            (KEEP, "calls"): keep / options.traced}


def measure_idle(target, options):
    """User memory of one idle connection that has carried a request."""
    count = options.idle // peers.COSTLY.get(target.name, 1)
    ask_once(target.listen)
    time.sleep(SETTLE_S)
    before = target.memory_bytes("Pss_Anon")
    with contextlib.ExitStack() as crowd:
        for _ in range(count):
            ask_again(crowd.enter_context(connect(target.listen)))
        return {("idle", ""): (target.memory_bytes("Pss_Anon") - before)
                / count}


class Closing(socketserver.BaseRequestHandler):
    """A device that serves one client at a time; its last bytes and its end
    are one packet, so that no proxy sees them apart: calls can then be
    counted."""

    def handle(self):
        with contextlib.suppress(ConnectionResetError):
            while request := self.request.recv(4096):
                ends = b"close" in request
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK,
                                        ends)
                self.request.sendall(
                    b"HTTP/1.1 200 OK\r\n\r\na small answer\n")
                if ends:
                    return


def start_closing_device():
    server = socketserver.TCPServer(("127.0.0.1", 0), Closing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "%s:%d" % server.server_address


def measure_fresh(name, directory, backend, cpu, options):
    """What needs a fresh process."""
    with peers.start_peer(name, directory, backend.listen, cpu) as target:
        found = {("start", ""): target.memory_bytes("Rss") / 1024}
        found.update(measure_idle(target, options))
    with peers.start_peer(name, directory, start_closing_device(),
                          cpu) as target:
        found.update(count_calls(target, directory, options))
    return found


class Direct:
    """Stands for no proxy at all."""
    name = DIRECT

    def __init__(self, listen):
        self.listen = listen

    @staticmethod
    def cpu_seconds():
        return 0.0

    def stop(self):
        """Nothing was started."""


def run_rounds(targets, cpu, options):
    """Figures of each target by round; each round begins elsewhere."""
    found = {name: {} for name in targets}
    for turn in range(options.rounds):
        names = list(targets)
        shift = turn % len(names)
        for work in WORK:
            for name in names[shift:] + names[:shift]:
                try:
                    round_of = measure_load(targets[name], work, cpu, options)
                except peers.Failed as why:
                    print(f"bench: {name}, {work}: {why}", file=sys.stderr)
                    continue
                for key, value in round_of.items():
                    found[name].setdefault(key, {})[turn] = value
        print(f"bench: round {turn + 1} of {options.rounds} done",
              file=sys.stderr)
    return found


def measure_all(names, directory, options):
    """peer -> figure -> round -> value. A peer that fails is left out."""
    cpus = pick_cpus()
    os.sched_setaffinity(0, {cpus[1]})
    backend = peers.start_backend(directory, cpus[1])
    targets, once = {DIRECT: Direct(backend.listen)}, {DIRECT: {}}
    try:
        for name in names:
            try:
                once[name] = measure_fresh(name, directory, backend, cpus[0],
                                           options)
                targets[name] = peers.start_peer(name, directory,
                                                 backend.listen, cpus[0])
            except (peers.Failed, OSError) as why:
                print(f"bench: left out: {name}: {why}", file=sys.stderr)
        rounds = run_rounds(targets, cpus[1], options)
    finally:
        for p in [*targets.values(), backend]:
            p.stop()
    return {name: {key: {0: value} for key, value in once[name].items()} |
            rounds[name] for name in targets}


# As usual, with --quick, and what it is.
SIZES = {"rounds": (15, 1, "rounds of each load"),
         "seconds": (1, 1, "length of a round"),
         "idle": (4000, 1000, "idle connections held"),
         "traced": (300, 100, "connections made under strace")}


def parse_options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--quick", action="store_true", help="about a minute")
    for name, (full, quick, text) in SIZES.items():
        p.add_argument("--" + name, type=int, metavar="N",
                       help=f"{text} ({full}, quick {quick})")
    p.add_argument("--connections", type=int, default=32, metavar="N",
                   help="of wrk (%(default)s)")
    p.add_argument("--only", metavar="NAME,...",
                   default=",".join(peers.PEERS),
                   help="which peers: %(default)s")
    p.add_argument("--out", metavar="FILE", help="write the report here too")
    options = p.parse_args()
    for name, size in SIZES.items():
        if getattr(options, name) is None:
            setattr(options, name, size[options.quick])
    options.names = options.only.split(",")
    unknown = set(options.names) - set(peers.PEERS)
    if unknown:
        p.error(f"unknown peer: {', '.join(sorted(unknown))}")
    return options


def main():
    options = parse_options()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))
    try:
        with tempfile.TemporaryDirectory(prefix="bench.") as directory:
            os.chmod(directory, 0o755)
            figures = measure_all(options.names, directory, options)
    except peers.Failed as why:
        sys.exit(f"bench: {why}")
    text = report.text(figures, options)
    print(text)
    if options.out:
        report.write(text, pathlib.Path(options.out))


if __name__ == "__main__":
    main()
