#!/usr/bin/env python3
"""Proves of examples/modbus-gateway that mbpoll reads registers from a gateway
with one connection while another master stays connected."""
import subprocess

from stage import Example, needs, run, standin

needs("mbpoll")
MBPOLL = "mbpoll -m tcp -a 1 -t 4 -c 2 -p 502 127.0.0.1 ".split()
device = standin("modbus", "192.168.1.40", 502)
proxy = Example("modbus-gateway/meter.conf")
# A master that asks again and again and does not let go by itself.
other = subprocess.Popen(["stdbuf", "-oL", *MBPOLL, "-r", "1", "-l", "5000"],
                         stdout=subprocess.PIPE, text=True)
try:
    assert any(line.startswith("[1]") for line in other.stdout)
    assert "\n[11]" in run(*MBPOLL, "-r", "11", "-o", "10", "-1")
finally:
    other.kill()
