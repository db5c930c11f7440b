#!/usr/bin/env python3
"""Proves with pymodbus on both sides that eight masters which stay connected
are all served by a unit that bears one connection, every poll answered and
right, through silences to every 20th request and a restart, and that no write
is ever sent twice; directly the unit serves the first master only. In
check-long for two minutes."""
import collections
import concurrent.futures
import os
import shutil
import sys
import time

from rig import (IS_LONG, Listening, before, check, check_equal, folder, run,
                 skip)

try:
    from pymodbus.client import ModbusTcpClient
    from pymodbus.exceptions import ModbusException
    import pymodbus.server.async_io  # noqa: F401
except ImportError:
    DEBIANS = "/usr/bin/python3"
    if sys.executable == DEBIANS or not os.path.exists(DEBIANS):
        skip("python3-pymodbus is not installed")
    os.execv(DEBIANS, [DEBIANS, *sys.argv])

SECONDS = 120 if IS_LONG else 12
MASTERS = 8
LOG = os.path.join(folder(), "writes")


def unit(silent_every=0, port=0):
    return Listening(sys.executable, "tests/device/pymodbus_unit.py",
                     str(port), str(silent_every), LOG)


def poll(port, number, seconds, patience):
    """A master that keeps its connection, reads registers whose values it
    knows, and writes one of its own; what came of it."""
    counts = collections.Counter()
    master = ModbusTcpClient("127.0.0.1", port=port, timeout=patience,
                             retries=0)
    master.connect()
    end = time.monotonic() + seconds
    value = 0
    while time.monotonic() < end:
        value += 1
        first = number * 50 + value % 40
        try:
            if value % 4 == 0:
                reply = master.write_register(900 + number, value)
            else:
                reply = master.read_holding_registers(first, 2)
        except ModbusException:
            counts["broken"] += 1
            continue
        if reply.isError():
            has_code = hasattr(reply, "exception_code")
            counts["exceptions" if has_code else "unanswered"] += 1
        elif value % 4 == 0:
            counts["right" if reply.value == value else "wrong"] += 1
        else:
            right = reply.registers == [first, first + 1]
            counts["right" if right else "wrong"] += 1
        time.sleep(0.01)
    master.close()
    return counts


def masters(pool, port, seconds, patience=15):
    return [pool.submit(poll, port, number, seconds, patience)
            for number in range(MASTERS)]


def total(polls):
    return sum((each.result() for each in polls), collections.Counter())


with concurrent.futures.ThreadPoolExecutor(MASTERS) as pool:
    served = unit()
    directly = total(masters(pool, served.port, 4, patience=2))
    served.stop()
    print("directly:", dict(directly))
    check(directly["broken"] + directly["unanswered"] > 0,
          "the unit bears eight masters")

    os.unlink(LOG)
    first = unit(silent_every=20)
    proxy = before(first, "--first-byte-timeout", "300ms", "--queue-timeout",
                   "15s", profile="modbus")
    asking = masters(pool, proxy.port, SECONDS)
    time.sleep(SECONDS / 3)  # masters ask meanwhile
    first.process.kill()
    first.process.wait()
    second = unit(silent_every=20, port=first.port)
    through = total(asking)
    print("through sallyport:", dict(through))
    check_equal([through[name] for name in ("wrong", "broken", "unanswered")],
                [0, 0, 0], through)
    check(through["right"] > MASTERS * SECONDS, "polls served", through)
    check(through["exceptions"] < through["right"] / 4, through)
    for each in (first, second):
        check(not each.find("second connection"), "a second connection")
    with open(LOG, encoding="ascii") as lines:
        twice = [w for w, n in collections.Counter(lines).items() if n > 1]
    check_equal(twice, [], "writes sent twice")

    # A master of another make beside them.
    if shutil.which("mbpoll"):
        many = masters(pool, proxy.port, 3)
        out = run("mbpoll", "-m", "tcp", "-0", "-1", "-t", "4", "-r", "40",
                  "-c", "3", "-o", "10", "-p", str(proxy.port), "127.0.0.1")
        check("[41]: \t41\n" in out, "mbpoll", out)
        total(many)
