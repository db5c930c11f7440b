"""Asks a proxy's admin address and control socket, and judges what they say."""
import re

from peer import Client


def ask(address, data):
    with Client(address, data) as client:
        client.outcome()
        return client.got


def get(address, path, method="GET", host=None, version="1.1"):
    request = "%s %s HTTP/%s\r\nHost: %s\r\n\r\n" % (
        method, path, version, host or address)
    return ask(address, request.encode())


def compare(told, log):
    """Counters, causes and percentiles against the log's lines."""
    ends = [line for line in log if " cause=" in line]
    causes = {}
    for line in ends:
        cause = re.search(r" cause=(\S+)", line)[1]
        causes[cause] = causes.get(cause, 0) + 1
    assert told["accepted"] == len(ends), (told["accepted"], len(ends))
    assert told["ended"] == causes, (told["ended"], causes)
    for name, row in told["delays"].items():
        field = "first_ms" if name == "first_byte" else name + "_ms"
        waits = sorted(
            int(ms) for ms in re.findall(r" %s=(\d+)" % field, "".join(ends)))
        for percent in 50, 95, 99:
            bound = row["p%d_ms" % percent]
            if not waits:
                assert bound == -1, (name, row)
                continue
            true = waits[-(-len(waits) * percent // 100) - 1]
            assert true <= bound, (name, percent, true, bound)
            assert bound <= max(1, 2 * true), (name, percent, true, bound)


SAMPLE = re.compile(
    r'(\w+)(\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[0-9.e+]+|\+Inf|NaN)$')
SUFFIXES = {
    "gauge": {""},
    "counter": {"_total"},
    "histogram": {"_bucket", "_sum", "_count"},
}


def check_metrics(text):
    """It is sound OpenMetrics: each sample has a family; buckets grow; nothing
    comes twice."""
    text = text[text.index("# TYPE"):]
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
        assert m[1][:len(family)] == family, line
        assert m[1][len(family):] in SUFFIXES[kind], line
        assert (m[1], m[2]) not in seen, line
        seen.add((m[1], m[2]))
        if m[1].endswith("_bucket"):
            assert float(m[3]) >= below, line
            below = 0 if '"+Inf"' in m[2] else float(m[3])
    assert len(families) > 20, families
