#!/usr/bin/env python3
"""Asks a proxy's admin address and control socket, nicely and otherwise.

ask.py ADDRESS PATH                 prints the reply
ask.py --compare JSON LOG           the numbers of both agree
ask.py --metrics FILE               it is sound OpenMetrics
ask.py --since JSON                 it says for how long, and since when
ask.py --hostile ADDRESS CONTROL    nothing given, nothing lost
"""

import json
import re
import socket
import sys
import time


def connect(address):
    if "/" in address:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(30)
        s.connect(address)
        return s
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30)


def ask(address, data):
    with connect(address) as s:
        reply = b""
        try:
            s.sendall(data)
            while part := s.recv(65536):
                reply += part
        except (BrokenPipeError, ConnectionResetError):
            pass
        return reply


def get(address, path, method="GET", host=None, version="1.1"):
    host = host or address
    return ask(
        address,
        f"{method} {path} HTTP/{version}\r\nHost: {host}\r\n\r\n".encode(),
    )


def compare(told, log):
    """Counters, causes and percentiles against the log's lines."""
    with open(log, encoding="utf-8") as f:
        ends = [x for x in f if " cause=" in x]
    causes = {}
    for line in ends:
        cause = re.search(r" cause=(\S+)", line)[1]
        causes[cause] = causes.get(cause, 0) + 1
    assert told["accepted"] == len(ends), (told["accepted"], len(ends))
    assert told["ended"] == causes, (told["ended"], causes)
    fields = {"first_byte": "first_ms"}
    for name, row in told["delays"].items():
        field = fields.get(name, name + "_ms")
        waits = sorted(
            int(x) for x in re.findall(rf" {field}=(\d+)", "".join(ends))
        )
        for percent in 50, 95, 99:
            bound = row[f"p{percent}_ms"]
            if not waits:
                assert bound == -1, (name, row)
                continue
            true = waits[-(-len(waits) * percent // 100) - 1]
            assert true <= bound, (name, percent, true, bound)
            assert bound <= max(1, 2 * true), (name, percent, true, bound)


SAMPLE = re.compile(
    r'(\w+)(\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+]+|\+Inf|NaN)$'
)
SUFFIXES = {
    "gauge": {""},
    "counter": {"_total"},
    "histogram": {"_bucket", "_sum", "_count"},
}


def check_metrics(path):
    """Each sample has a family; buckets grow; nothing comes twice."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    text = text[text.index("# TYPE") :]
    assert text.endswith("# EOF\n")
    family = kind = None
    seen, families, below = set(), set(), 0
    for line in text.splitlines()[:-1]:
        if line.startswith("# TYPE"):
            _, _, family, kind = line.split()
            assert family not in families, family
            families.add(family)
            continue
        if line.startswith("#"):
            assert line.split()[2] == family, line
            continue
        m = SAMPLE.match(line)
        assert m, line
        assert m[1][: len(family)] == family, line
        assert m[1][len(family) :] in SUFFIXES[kind], line
        assert (m[1], m[2]) not in seen, line
        seen.add((m[1], m[2]))
        if m[1].endswith("_bucket"):
            assert float(m[3]) >= below, line
            below = 0 if '"+Inf"' in m[2] else float(m[3])
    assert len(families) > 20, families


SECURITY = (
    b"Cache-Control: no-store",
    b"X-Content-Type-Options: nosniff",
    b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
)


def hostile(admin, control):
    for host in "evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::1":
        reply = get(admin, "/", host=host or " ")
        assert reply.startswith(b"HTTP/1.1 421"), (host, reply)
    for host in "127.0.0.1", "localhost:80", "[::1]:1", "[fe80::1]":
        assert get(admin, "/", host=host).startswith(b"HTTP/1.1 200"), host
    for method in "POST", "PUT", "DELETE", "get", "OPTIONS":
        reply = get(admin, "/", method)
        assert reply.startswith(b"HTTP/1.1 405"), (method, reply)
    for path in "/", "/metrics", "/status.json", "/none":
        head = get(admin, path).partition(b"\r\n\r\n")[0] + b"\r\n"
        for field in SECURITY:
            assert b"\r\n" + field + b"\r\n" in head, (path, field, head)
    reply = get(admin, "/metrics", "HEAD")
    assert reply.startswith(b"HTTP/1.1 200") and reply.endswith(b"\r\n\r\n")
    assert get(admin, "/../etc/passwd").startswith(b"HTTP/1.1 404")
    reply = get(admin, "/<script>alert(1)</script>")
    assert b"<script" not in reply, reply
    for junk in b"\n\n", b"GET /\r\n\r\n", b"\0" * 100 + b"\r\n\r\n":
        assert ask(admin, junk).startswith(b"HTTP/1.1 400"), junk
    twice = b"GET / HTTP/1.1\r\nHost: 1.2.3.4\r\nHost: 1.2.3.4\r\n\r\n"
    assert ask(admin, twice).startswith(b"HTTP/1.1 400")
    assert ask(admin, b"a" * 100000) == b""

    # Silent ones, many; who asks is answered all the same.
    silent = [connect(admin) for _ in range(200)]
    assert get(admin, "/status.json").startswith(b"HTTP/1.1 200")
    # And the last of them are sent away without having asked.
    silent[-1].settimeout(30)
    try:
        assert silent[-1].recv(1) == b""
    except ConnectionResetError:
        pass
    for s in silent:
        s.close()

    # Two silent ones keep a third waiting for a second, no longer.
    began = time.monotonic()
    two = [connect(control) for _ in range(2)]
    assert ask(control, b"status\n").startswith(b"device ")
    assert time.monotonic() - began < 30
    for s in two:
        s.close()
    for junk in b"\n", b"\0\0\n", b"json\n", b"status status\n", b"\xff\n":
        reply = ask(control, junk)
        assert reply.startswith((b"error: ", b'{"ok":false')), (junk, reply)
    assert ask(control, b"x" * 100000) == b""


def check_since(path):
    """The latest change is as old as the state."""
    with open(path, encoding="utf-8") as f:
        told = json.load(f)
    changed_ms = told["changes"][-1]["at_ms"] + told["since_ms"]
    assert changed_ms <= time.time() * 1000 + 50, told


def main():
    words = sys.argv[1:]
    if words[0] == "--compare":
        with open(words[1], encoding="utf-8") as f:
            compare(json.load(f), words[2])
    elif words[0] == "--metrics":
        check_metrics(words[1])
    elif words[0] == "--since":
        check_since(words[1])
    elif words[0] == "--hostile":
        hostile(words[1], words[2])
    else:
        sys.stdout.buffer.write(get(words[0], words[1]))


if __name__ == "__main__":
    main()
