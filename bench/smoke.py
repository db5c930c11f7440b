#!/usr/bin/env python3
"""Proves that the comparison of proxies runs and fills in every figure."""
import re
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import (folder, is_sanitized, needs, own_network,
                       skip)

needs("wrk", "nginx", "haproxy", "strace", "taskset")
if is_sanitized():
    skip("figures of a sanitized proxy mean nothing")
own_network()
results = folder() + "/results"
subprocess.run([sys.executable, "bench/bench.py", "--quick", "--idle", "200",
                "--traced", "20", "--only", "sallyport,bare,haproxy", "--out",
                results], check=True)
with open(results, encoding="utf-8") as file:
    text = file.read()
# Cost, memory, rate and delay of each, and rate and delay without a proxy.
assert len(re.findall(r"^\| [a-z].*[0-9] \(1\.00\) \|$", text, re.M)) == 4, \
    "HAProxy is not its own measure in four tables"
assert len(re.findall(r"^\| (?:sallyport|bare|direct) .*[0-9]\) \|$", text,
                      re.M)) == 10, "a figure is missing"
