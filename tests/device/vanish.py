#!/usr/bin/env python3
"""Proves that a peer which vanishes in mid-reply is given up after 31.8 s, and
one that vanishes while idle never (in a network of the test's own)."""
import os
import shutil
import subprocess
import sys

if "OWN_NETWORK" not in os.environ:
    unshare = ["unshare", "--net"] + ["--map-root-user"] * (os.geteuid() != 0)
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL,
                      check=False).returncode or not shutil.which("nft"):
        print("no right to make a network namespace, or no nft")
        sys.exit(77)
    os.execvpe(unshare[0], unshare + [sys.executable, os.path.abspath(__file__)],
               {**os.environ, "OWN_NETWORK": "1"})

from rig import Device, GET, check, check_equal, holds_within

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
dev = Device("--uptime", 100, "--fault", "reply-size=16384")
idle = dev.connect()
dev.advance(0.01)
client = dev.connect()
client.send(GET)
rules = f"""table inet cut {{
    chain in {{
        type filter hook input priority 0
        tcp sport {dev.address[1]} drop
        tcp dport {dev.address[1]} drop
    }}
}}
"""
if subprocess.run(["nft", "-f", "-"], input=rules.encode(),
                  check=False).returncode:
    print("nft cannot add a rule here")
    sys.exit(77)
dev.advance(31.5)
check_equal(dev.stat("fw"), "send", "the firmware")
check_equal(dev.states()[:2], ["Establ", "Establ"], "slots")
# The kernel must have resent before its silence counts as a loss.
check(holds_within(20, lambda: dev.advance(1) and
                   dev.states()[1] == "Closed"), "never given up")
check(dev.command("slots")[1]["ir"] & 0x08, "no TIMEOUT interrupt")
dev.advance(2)
check_equal(dev.stat("fw"), "loop", "the firmware afterwards")
check("Sent 17\ndone\n" in dev.console(), "the reply was not given up")
dev.advance(86400)
check_equal(dev.states()[0], "Establ", "the idle client's slot")
