#!/usr/bin/env python3
"""Proves that the console speaks first and bears one user, whom a second one
throws out where it is told so."""
import shutil
import subprocess

from rig import check, check_equal
from standins import Stand, ends_by_reset, read_to_end, read_until

dev = Stand("console")
first = dev.connect()
check(read_until(first, b"login: ").startswith(b"ser2net port 2000"),
      "no banner")
check(ends_by_reset(dev.address), "a second user")
first.sendall(b"ls\r\n")
check(b"ls\r\n1 lines" in read_until(first, b"# "), "no answer")
first.close()
dev.wait("active=0")
check_equal(dev.stat("silent"), 0, "silent connections")

kicks = Stand("console", "--beyond", "kick", "--telnet", 1)
first = kicks.connect()
check(read_until(first, b"login: ").startswith(b"\xff\xfb"), "negotiation")
second = kicks.connect()
read_until(second, b"login: ")
check_equal(read_to_end(first), (b"", "reset"), "the first user")
second.sendall(b"x\n")
read_until(second, b"# ")
check_equal(kicks.stat("max_active"), 1, "users at a time")
# A monitor that only connects throws out the worker as well.
kicks.connect().close()
check_equal(read_to_end(second)[1], "reset", "the second user")
kicks.wait("silent=2")

if shutil.which("ncat"):
    dev.wait("active=0")
    done = subprocess.run(["ncat", *map(str, dev.address)], input=b"id\n",
                          capture_output=True, timeout=20, check=False)
    check(b"login: id\r\n" in done.stdout, done)
