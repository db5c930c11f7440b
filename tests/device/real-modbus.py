#!/usr/bin/env python3
"""Proves with pymodbus on both sides that eight masters which stay connected
are all served by a unit that bears one connection, every poll answered and
right, through silences to every 20th request and a restart, and that no write
is ever sent twice; directly the unit serves the first master only. With "long"
for two minutes."""
import collections
import os
import re
import shutil
import subprocess
import sys
import time

from before_device import Proxy
from rig import check, check_equal, tmpdir

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = 120 if sys.argv[1:] == ["long"] else 12
PYTHON = "/usr/bin/python3"
LOG = os.path.join(tmpdir(), "writes")
if subprocess.run([PYTHON, "-c", "import pymodbus.server.async_io"],
                  capture_output=True, check=False).returncode:
    print("python3-pymodbus is not installed")
    sys.exit(77)


def unit(port, silent_every):
    """The unit as a process, ready."""
    process = subprocess.Popen(
        [PYTHON, os.path.join(HERE, "pymodbus_unit.py"), str(port),
         str(silent_every), LOG], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    check_equal(process.stdout.readline(), "ready\n", "the unit")
    return process


def masters(port, seconds, patience=15):
    return subprocess.Popen(
        [PYTHON, os.path.join(HERE, "pymodbus_masters.py"), str(port), "8",
         str(seconds), str(patience)], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)


def counts_of(process):
    out, _ = process.communicate(timeout=SECONDS + 120)
    check_equal(process.returncode, 0, "the masters")
    return {name: int(count) for name, count in
            re.findall(r"(.*) = (\d+)", out)}


def free_port():
    import socket
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


port = free_port()
served = unit(port, 0)
directly = counts_of(masters(port, 4, 2))
served.kill()
print("direct:", directly)
check(directly.get("broken", 0) + directly.get("unanswered", 0) > 0,
      "the unit bears eight masters")

os.unlink(LOG)
served = unit(port, 20)
proxy = Proxy(("127.0.0.1", port), "--first-byte-timeout", "300ms",
              "--queue-timeout", "15s", profile="modbus")
asking = masters(proxy.port, SECONDS)
time.sleep(SECONDS / 3)  # masters ask meanwhile
served.kill()
first_out, _ = served.communicate()
served = unit(port, 20)
through = counts_of(asking)
served.kill()
second_out, _ = served.communicate()
print("through sallyport:", through)
for name in ("wrong", "broken", "unanswered"):
    check_equal(through.get(name, 0), 0, name)
right, failed = through["right"], sum(
    count for name, count in through.items() if name.startswith("exception"))
check(right > 8 * SECONDS, "polls served", right)
check(failed < right / 4, "exceptions", through)
check("second" not in first_out + second_out, "a second connection")
with open(LOG, encoding="ascii") as lines:
    twice = [w for w, n in collections.Counter(lines).items() if n > 1]
check_equal(twice, [], "writes sent twice")

# A master of another make beside them.
if shutil.which("mbpoll"):
    served = unit(port, 0)
    many = masters(proxy.port, 3)
    out = subprocess.run(
        ["mbpoll", "-m", "tcp", "-0", "-1", "-t", "4", "-r", "40", "-c", "3",
         "-o", "10", "-p", str(proxy.port), "127.0.0.1"],
        capture_output=True, text=True, timeout=60, check=False).stdout
    check("[41]: \t41\n" in out, "mbpoll", out)
    counts_of(many)
    served.kill()
proxy.stop()
