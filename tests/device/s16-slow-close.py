#!/usr/bin/env python3
"""Proves S16: a client that closes late costs 1000 ms of stop() and a forced
close each time; a prompt one costs nothing."""
from rig import Device, GET, check, check_equal

dev = Device("--uptime", 100)
for n in range(1, 4):
    client = dev.connect()
    client.send(GET)
    start = dev.advance_until(f"requests={n},fw=stop")
    client.read_to_end()
    lasted = dev.advance_until("fw=loop") - start
    check(1.0 <= lasted <= 1.002, f"stop() took {lasted} s")
    check_equal(dev.stat("forced_close"), n, "forced closes")
    dev.advance(10)
    # The late FIN meets a chip that has forgotten the connection.
    client.sock.close()
    dev.wait("orphans=0")
check_equal(dev.stat("stop_ms_p99"), 1000, "stop_ms_p99")

dev = Device("--uptime", 100)
for _ in range(10):
    dev.get()
check_equal(dev.stat("forced_close"), 0, "forced closes")
check(dev.stat("stop_ms_max") <= 1, "a prompt client waits")
