#!/usr/bin/env python3
"""Proves S8: half a request costs everyone the 1000 ms of the read limit and
the 1000 ms of stop()."""
from rig import Device, GET, check, check_equal

dev = Device("--uptime", 100)
half = dev.connect()
dev.advance(0.01)
other = dev.connect()
dev.advance(0.01)
half.send(GET[:20])
start = dev.advance_until("fw=read")
other.send(GET)
lasted = dev.advance_until("fw=stop") - start
check(1.0 <= lasted <= 1.01, f"it waited {lasted} s for the other half")
outage = dev.advance_until("requests=1", 10) - start
check(1.0 <= outage <= 2.1, f"an outage of {outage} s")
check_equal(dev.stat("timeouts"), 1, "timeouts")
check_equal(dev.stat("forced_close"), 1, "forced closes")
check_equal(dev.stat("orphans"), 1, "orphans")
check("!Error! Break out of waiting for request to finish\n" in dev.console(),
      "no error line")
dev.advance_until("fw=stop")
check(other.read_to_end().startswith(b"HTTP/1.1 200"), "the other")
