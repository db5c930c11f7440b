#!/usr/bin/env python3
"""Compares the door with other TCP proxies, side by side in one run.

The proxy under test has one processor, load (wrk) and backend (nginx) the
other. Rounds are interleaved and each figure is the median of its rounds, so
that what disturbs the machine disturbs everybody. All logs are off, but for
the second line of the door.
"""
import argparse
import datetime
import os
import pathlib
import platform
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import peers

SHORT, KEEP, MIB = "short", "keep", "mib"
WORK = {
    SHORT: ["-H", "Connection: close", "/small"],
    KEEP: ["/small"],
    MIB: ["/mib"],
}
REFERENCE = "haproxy"
DIRECT = "direct"  # no proxy: what load and backend can do
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
        try:
            while s.recv(4096):
                pass
        except ConnectionResetError:
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
    # pylint: disable=consider-using-with
    tracer = subprocess.Popen(
        ["strace", "-f", "-c", "-o", str(log), *attach],
        stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(len(attach) // 2):
            if "attached" not in tracer.stderr.readline():
                raise peers.Failed("strace cannot attach")
        action()
        time.sleep(SETTLE_S)
    finally:
        tracer.terminate()
        tracer.communicate()
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
    crowd = []
    try:
        for _ in range(count):
            crowd.append(connect(target.listen))
            ask_again(crowd[-1])
        return {("idle", ""): (target.memory_bytes("Pss_Anon") - before)
                / count}
    finally:
        for s in crowd:
            s.close()


class ClosingDevice(threading.Thread):
    """Serves one client at a time; its last bytes and its end are one
    packet, so that no proxy sees them apart: calls can then be counted."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.listen = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            with self.socket.accept()[0] as s:
                self.serve(s)

    @staticmethod
    def serve(s):
        try:
            while request := s.recv(4096):
                ends = b"close" in request
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, ends)
                s.sendall(b"HTTP/1.1 200 OK\r\n\r\na small answer\n")
                if ends:
                    return
        except ConnectionResetError:
            pass


def measure_fresh(name, directory, backend, cpu, options):
    """What needs a fresh process."""
    target = peers.start_peer(name, directory, backend.listen, cpu)
    try:
        found = {("start", ""): target.memory_bytes("Rss") / 1024}
        found.update(measure_idle(target, options))
    finally:
        target.stop()
    target = peers.start_peer(name, directory, ClosingDevice().listen, cpu)
    try:
        found.update(count_calls(target, directory, options))
    finally:
        target.stop()
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
    """Figures of each target, lists by name; each round begins elsewhere."""
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
                    found[name].setdefault(key, []).append(value)
        print(f"bench: round {turn + 1} of {options.rounds} done",
              file=sys.stderr)
    return found


def measure_all(names, directory, options):
    """Medians: peer -> figure -> value. A peer that fails is left out."""
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
    return {name: once[name] | {key: statistics.median(values)
                                for key, values in rounds[name].items()}
            for name in targets}


def cell(figures, name, key, digits, ratio):
    value = figures[name].get(key)
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    base = figures.get(REFERENCE, {}).get(key)
    if ratio and base:
        text += f" ({value / base:.2f})"
    return text


def table(figures, columns, names, ratio=True):
    lines = ["| | " + " | ".join(c[0] for c in columns) + " |",
             "|---|" + "---:|" * len(columns)]
    for name in names:
        cells = [cell(figures, name, key, digits, ratio)
                 for _, key, digits in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


COST = [("CPU per short connection, µs", (SHORT, "cpu"), 1),
        ("CPU per keep-alive request, µs", (KEEP, "cpu"), 1),
        ("CPU per 1 MiB reply, µs", (MIB, "cpu"), 0),
        ("calls per short connection", (SHORT, "calls"), 1),
        ("calls per keep-alive request", (KEEP, "calls"), 1)]
MEMORY = [("bytes per idle connection", ("idle", ""), 0),
          ("resident at start, KiB", ("start", ""), 0)]
RATE = [("short connections/s", (SHORT, "rate"), 0),
        ("keep-alive requests/s", (KEEP, "rate"), 0),
        ("MiB/s", (MIB, "rate"), 0)]
DELAY = [("short p50, ms", (SHORT, "p50"), 2),
         ("short p99, ms", (SHORT, "p99"), 2),
         ("keep-alive p50, ms", (KEEP, "p50"), 2),
         ("keep-alive p99, ms", (KEEP, "p99"), 2),
         ("1 MiB p50, ms", (MIB, "p50"), 2),
         ("1 MiB p99, ms", (MIB, "p99"), 2)]


def machine():
    model = re.search(r"model name\s*: (.*)", peers.text_of("/proc/cpuinfo"))
    return (f"{model[1] if model else platform.machine()}, "
            f"{os.cpu_count()} processors, "
            f"Linux {platform.release()}")


def versions():
    out = []
    for argv in (["haproxy", "-v"], ["nginx", "-v"], ["wrk", "-v"],
                 ["socat", "-V"], [peers.SOCKET_PROXYD, "--version"]):
        try:
            ran = subprocess.run(argv, capture_output=True, text=True,
                                 check=False)
        except FileNotFoundError:
            continue
        found = re.search(r"\d+\.\d+[\w.]*|systemd \d+",
                          ran.stdout + ran.stderr)
        if found:
            out.append(f"{os.path.basename(argv[0])} {found[0]}")
    return ", ".join(out)


def report(figures, options):
    names = [name for name in figures if name != DIRECT]
    wrong = [f"{name}: {work}" for name in names for work in WORK
             if figures[name].get((work, "errors"))]
    parts = [
        "# The door beside other proxies\n",
        f"{datetime.date.today()}, {machine()}. {versions()}.\n",
        f"Median of {options.rounds} interleaved rounds of "
        f"{options.seconds} s with {options.connections} connections. The "
        "proxy has one processor, wrk and the nginx backend the other. Logs "
        "are off but where the line says so. In brackets: the ratio to "
        "HAProxy. `bare` is a relay without timers, limits or log, the floor "
        "of what is possible without splice; `direct` is no proxy at all. "
        "Calls are system calls, of connections made one after another. "
        "Made by `make bench`.\n",
        "## Cost\n", table(figures, COST, names),
        "\n## Memory\n", table(figures, MEMORY, names),
        "\n## Rate\n",
        "Load and backend share one processor and are mostly the limit.\n",
        table(figures, RATE, [DIRECT, *names]),
        "\n## Delay\n", table(figures, DELAY, [DIRECT, *names]),
    ]
    if wrong:
        parts.append("\nwrk met errors in most rounds of: " +
                     "; ".join(wrong) + ".")
    return "\n".join(parts) + "\n"


FULL = {"rounds": 5, "seconds": 3, "idle": 4000, "traced": 300}
QUICK = {"rounds": 1, "seconds": 1, "idle": 1000, "traced": 100}
HELP = {"rounds": "rounds of each load", "seconds": "length of a round",
        "idle": "idle connections held",
        "traced": "connections made under strace"}


def parse_options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--quick", action="store_true", help="about a minute")
    for name, text in HELP.items():
        p.add_argument("--" + name, type=int, metavar="N",
                       help=f"{text} ({FULL[name]}, quick {QUICK[name]})")
    p.add_argument("--connections", type=int, default=32, metavar="N",
                   help="of wrk (%(default)s)")
    p.add_argument("--only", metavar="NAME,...",
                   default=",".join(peers.PEERS),
                   help="which peers: %(default)s")
    p.add_argument("--out", metavar="FILE", help="write the report here too")
    options = p.parse_args()
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
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
            text = report(measure_all(options.names, directory, options),
                          options)
    except peers.Failed as why:
        sys.exit(f"bench: {why}")
    print(text)
    if options.out:
        pathlib.Path(options.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
