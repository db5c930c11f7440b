"""What bench.py's figures say: tables, ratios, and the aims beside them.

A ratio is taken within each round and its median given, never the ratio of
two medians: what slows a round slows both of its sides.
"""
import datetime
import os
import platform
import re
import statistics
import subprocess

from peers import SOCKET_PROXYD

SHORT, KEEP, MIB = "short", "keep", "mib"
DIRECT = "direct"  # no proxy: what load and backend can do
REFERENCE = "haproxy"
PROXY = "sallyport"
# From here on the report is written by hand, and stays.
BY_HAND = "\n## Why\n"

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
AIMS = [("CPU per short connection", (SHORT, "cpu"), "haproxy", 0.86),
        ("CPU per short connection", (SHORT, "cpu"), "bare", 1.00),
        ("CPU per short connection", (SHORT, "cpu"), "nginx", 1.00),
        ("CPU per short connection", (SHORT, "cpu"), "pen", 1.00),
        ("CPU per keep-alive request", (KEEP, "cpu"), "bare", 1.03),
        ("CPU per 1 MiB reply", (MIB, "cpu"), "haproxy", 0.22)]
CALLS_AIM = 16


def median(figures, name, key):
    values = figures.get(name, {}).get(key)
    return statistics.median(values.values()) if values else None


def ratios(figures, name, key, base):
    """One to another, round by round, in rising order."""
    ours = figures.get(name, {}).get(key, {})
    theirs = figures.get(base, {}).get(key, {})
    return sorted(ours[turn] / theirs[turn] for turn in ours
                  if theirs.get(turn))


def cell(figures, name, key, digits):
    value = median(figures, name, key)
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}"
    found = ratios(figures, name, key, REFERENCE)
    return text + f" ({statistics.median(found):.2f})" if found else text


def table(figures, columns, names):
    lines = ["| | " + " | ".join(c[0] for c in columns) + " |",
             "|---|" + "---:|" * len(columns)]
    for name in names:
        cells = [cell(figures, name, key, digits)
                 for _, key, digits in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def aims(figures):
    """The proxy's ratios with the middle half of their rounds, and the aim."""
    lines = ["| | ratio | middle half of the rounds | aim | |",
             "|---|---:|---:|---:|---|"]
    for title, key, base, aim in AIMS:
        found = ratios(figures, PROXY, key, base)
        if not found:
            continue
        half = (found[len(found) // 4], found[(len(found) * 3) // 4])
        ratio = statistics.median(found)
        lines.append(f"| {title}, to {base} | {ratio:.2f} | "
                     f"{half[0]:.2f} to {half[1]:.2f} | {aim:.2f} | "
                     f"{'held' if round(ratio, 2) <= aim else 'missed'} |")
    calls = median(figures, PROXY, (SHORT, "calls"))
    if calls is not None:
        lines.append(f"| system calls per short connection | {calls:.1f} | | "
                     f"{CALLS_AIM} | "
                     f"{'held' if calls < CALLS_AIM + .1 else 'missed'} |")
    return "\n".join(lines)


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return (f"{model[1] if model else platform.machine()}, "
            f"{os.cpu_count()} processors, "
            f"Linux {platform.release()}")


def versions():
    out = []
    for argv in (["haproxy", "-v"], ["nginx", "-v"], ["wrk", "-v"],
                 ["socat", "-V"], [SOCKET_PROXYD, "--version"]):
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


def text(figures, options):
    names = [name for name in figures if name != DIRECT]
    wrong = [f"{name}: {work}" for name in names for work in (SHORT, KEEP, MIB)
             if median(figures, name, (work, "errors"))]
    parts = [
        "# sallyport beside other proxies\n",
        f"{datetime.date.today()}, {machine()}. {versions()}.\n",
        f"Median of {options.rounds} interleaved rounds of "
        f"{options.seconds} s with {options.connections} connections. The "
        "proxy has one processor, wrk and the nginx backend the other. Logs "
        "are off but where the line says so. In brackets: the ratio to "
        "HAProxy, taken within each round, and the median of these. `bare` is "
        "a relay without timers, limits or log, the floor of what is possible "
        "without splice; `direct` is no proxy at all. Calls are system calls, "
        "of connections made one after another. Made by `make bench`.\n",
        "## Aims\n", aims(figures),
        "\n## Cost\n", table(figures, COST, names),
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


def write(new, path):
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    _, mark, kept = old.partition(BY_HAND)
    path.write_text(new + mark + kept, encoding="utf-8")
