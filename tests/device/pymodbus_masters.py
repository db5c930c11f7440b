"""Masters of pymodbus that keep their connection open and ask for SECONDS:
pymodbus_masters.py PORT COUNT SECONDS PATIENCE. Each reads registers whose values it
knows, and writes a register of its own. Prints what came of it."""
import collections
import sys
import threading
import time

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

PORT, COUNT, SECONDS, PATIENCE = (int(a) for a in sys.argv[1:])
counts = collections.Counter()
end = time.monotonic() + SECONDS


def ask(master, number, value):
    if value % 4 == 0:
        return master.write_register(900 + number, value), value
    first = number * 50 + value % 40
    return master.read_holding_registers(first, 2), [first, first + 1]


def poll(number):
    master = ModbusTcpClient("127.0.0.1", port=PORT, timeout=PATIENCE, retries=0)
    master.connect()
    value = 0
    while time.monotonic() < end:
        value += 1
        try:
            reply, expected = ask(master, number, value)
        except ModbusException:
            counts["broken"] += 1
            continue
        if reply.isError():
            code = getattr(reply, "exception_code", None)
            counts["exception %s" % code if code else "unanswered"] += 1
        elif getattr(reply, "registers", None) or reply.value:
            right = expected == (reply.registers if isinstance(expected, list)
                                 else reply.value)
            counts["right" if right else "wrong"] += 1
        time.sleep(0.01)
    master.close()


threads = [threading.Thread(target=poll, args=(n,)) for n in range(COUNT)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name, count in counts.items():
    print(name, "=", count)
