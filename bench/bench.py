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
        check=True, capture_output=True, text=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)(m?s)", out)
    if not found or not int(found[1]):
        raise peers.Failed("wrk: " + out)
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


def ask_once(address):
    """One short connection; some peers end it with a reset."""
    with socket.create_connection(peers.split_address(address)) as s:
        s.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n"
                  b"Connection: close\r\n\r\n")
        try:
            while s.recv(4096):
                pass
        except ConnectionResetError:
            pass


def count_calls(target, directory, options):
    """System calls of one short connection, by strace -c."""
    log = pathlib.Path(directory, "strace")
    attach = [a for pid in target.pids() for a in ("-p", str(pid))]
    # pylint: disable=consider-using-with
    tracer = subprocess.Popen(
        ["strace", "-f", "-c", "-o", str(log), *attach],
        stderr=subprocess.PIPE, text=True)
    for _ in range(len(attach) // 2):
        if "attached" not in tracer.stderr.readline():
            tracer.terminate()
            raise peers.Failed(f"{target.name}: strace cannot attach")
    for _ in range(options.traced):
        ask_once(target.listen)
    time.sleep(0.3)
    tracer.terminate()
    tracer.communicate()
    # A row is: % time, seconds, usecs/call, calls, errors if any, name.
    rows = [r.split() for r in log.read_text().splitlines()[2:]]
    calls = sum(int(r[3]) for r in rows
                if len(r) >= 5 and r[0][0].isdigit() and r[-1] != "total")
    return {("calls", ""): calls / options.traced}


def measure_idle(target, options):
    """User memory of one idle connection that has carried a request."""
    count = options.idle if target.name != "socat" else options.idle // 20
    ask_once(target.listen)
    time.sleep(0.3)
    before = target.memory_bytes("Pss_Anon")
    crowd = []
    try:
        for _ in range(count):
            s = socket.create_connection(
                peers.split_address(target.listen), timeout=10)
            crowd.append(s)
            s.sendall(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            if not s.recv(4096):
                raise peers.Failed(f"{target.name}: refused connection "
                                   f"{len(crowd)}")
        used = target.memory_bytes("Pss_Anon") - before
    finally:
        for s in crowd:
            s.close()
    return {("idle", ""): used / count}


def measure_fresh(name, directory, backend, cpus, options):
    """What needs a fresh process."""
    target = peers.start_peer(name, directory, backend.listen, cpus[0])
    try:
        found = {("start", ""): target.memory_bytes("Rss") / 1024}
        found.update(count_calls(target, directory, options))
        found.update(measure_idle(target, options))
        return found
    finally:
        target.stop()


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
                for key, value in measure_load(
                        targets[name], work, cpu, options).items():
                    found[name].setdefault(key, []).append(value)
        print(f"bench: round {turn + 1} of {options.rounds} done",
              file=sys.stderr)
    return found


def measure_all(names, directory, options):
    """Medians: peer -> figure -> value. A peer that fails is left out."""
    cpus = pick_cpus()
    backend = peers.start_backend(directory, cpus[1])
    targets, once = {DIRECT: Direct(backend.listen)}, {DIRECT: {}}
    try:
        for name in names:
            try:
                once[name] = measure_fresh(name, directory, backend, cpus,
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
        ("system calls per short connection", ("calls", ""), 1)]
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
            f"{len(os.sched_getaffinity(0))} processors, "
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


def parse_options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--quick", action="store_true",
                   help="about a minute: 1 round of 1 s, small crowds")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=3, help="of each round")
    p.add_argument("--connections", type=int, default=32)
    p.add_argument("--idle", type=int, default=4000,
                   help="idle connections held (socat: a twentieth)")
    p.add_argument("--traced", type=int, default=300,
                   help="connections made under strace")
    p.add_argument("--only", metavar="NAME,...", default=",".join(
        n.replace(", ", "+") for n in peers.PEERS),
        help="which peers: %(default)s")
    p.add_argument("--out", help="write the report here as well")
    options = p.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1
        options.idle, options.traced = 1000, 100
    known = {n.replace(", ", "+"): n for n in peers.PEERS}
    options.names = []
    for name in options.only.split(","):
        if name not in known:
            p.error(f"unknown peer {name}; there are {', '.join(known)}")
        options.names.append(known[name])
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
