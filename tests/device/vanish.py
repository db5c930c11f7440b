#!/usr/bin/env python3
"""Proves that a peer which vanishes in mid-reply is given up after 31.8 s, and
one that vanishes while idle never (in a network of the test's own)."""
import subprocess

from rig import (GET, Device, check, check_equal, holds_within, needs,
                 own_network, skip)

own_network(needed=True)
needs("nft")
dev = Device("--uptime", 100, "--fault", "reply-size=16384")
idle = dev.connect(then=0.01)
client = dev.connect(GET)
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
    skip("nft cannot add a rule here")
dev.advance(31.5)
dev.expect(fw="send")
check_equal(dev.states()[:2], ["Establ", "Establ"], "slots")
# The kernel must have resent before its silence counts as a loss.
check(holds_within(20, lambda: dev.advance(1) and
                   dev.states()[1] == "Closed"), "never given up")
check(dev.command("slots")[1]["ir"] & 0x08, "no TIMEOUT interrupt")
dev.advance(2)
dev.expect(fw="loop")
check("Sent 17\ndone\n" in dev.console(), "the reply was not given up")
dev.advance(86400)
check_equal(dev.states()[0], "Establ", "the idle client's slot")
