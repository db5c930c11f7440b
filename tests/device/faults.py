#!/usr/bin/env python3
"""Proves what each fault does that no scenario shows, and that `off` ends it."""
from rig import Client, Device, GET, check, check_equal

OK = b"HTTP/1.1 200"
END = b"</html>\r\n\r\n"


def running(*faults, **more):
    args = [a for f in faults for a in ("--fault", f)]
    return Device("--uptime", 100, *args, **more)


def after_one(dev):
    """The reply of one client that closes politely, and its end."""
    client = dev.connect()
    client.send(GET)
    dev.advance(1, "fw=stop")
    try:
        return client, client.read_to_end()
    except ConnectionResetError:
        return client, None


def is_reset(action):
    """Whether the peer's reset ends `action`."""
    try:
        action()
    except ConnectionResetError:
        return True
    return False


# A bus that reads zero reopens slot 0 for ever; nobody is served.
dev = running()
dev.fault("spi-zero")
dev.advance(0.05)
client = Client(dev)
client.sock.sendall(GET)
dev.advance(1)
check_equal(dev.stat("requests"), 0, "requests with spi-zero")
begin = "W5000socket begin, protocol=1, port=%d\nW5000socket 0\n" \
        % dev.address[1]
check(50 <= dev.console().count(begin) <= 120, "not reopened in each pass")
check_equal(dev.stat("touched_mask"), 1, "slots touched")
dev.fault("spi-zero", "off")
dev.advance(0.05)
check(dev.get().startswith(OK), "not served after spi-zero")

# A peer whose end never arrives: the slot stays.
dev = running("leak-established=nth:1")
for end in ("close", "reset"):
    client = dev.connect()
    dev.advance(0.01)
    client.sock.close()
    if end == "close":
        dev.fault("leak-established", "nth:1")
dev.advance(86400)
check_equal(dev.states()[:2], ["Establ", "Establ"], "leaked slots")

dev = running("no-close")
client = dev.connect()
client.send(GET)
dev.advance(1)
check(client.read_now().endswith(END), "no reply with no-close")
check_equal(dev.states()[0], "Establ", "the slot with no-close")
dev.fault("no-close", "off")
check(dev.get().endswith(END), "the next with no-close off")

dev = running("no-fin")
client = dev.connect()
client.send(GET)
dev.advance(1)
check(client.read_now().endswith(END), "no reply with no-fin")
check_equal(dev.states()[0], "Closed", "the slot with no-fin")
check_equal(dev.stat("orphans"), 1, "orphans with no-fin")
dev.advance(3600)
check_equal(client.read_now(), b"", "an end with no-fin")
client.sock.sendall(b"x")
dev.wait("orphans=0")

dev = running("slow-reply=1000")
client = dev.connect()
client.send(GET)
begun = dev.advance_until("fw=send")
took = dev.advance_until("fw=stop", 100) - begun
check(53 <= took <= 53.1, f"slow-reply took {took} s")

client, reply = after_one(running("short-reply=14"))
check_equal(len(reply), 149, "bytes with short-reply")
client, reply = after_one(running("rst-reply=14"))
check_equal(reply, None, "the reply with rst-reply")

dev = running("ignore-clients")
client = dev.connect()
client.send(GET)
check(dev.refuses_all(), "it listens again")
dev.advance(60)
check_equal(dev.stat("requests"), 0, "requests while it ignores clients")
check(dev.console().count(".") >= 59, "the loop does not run")
dev.fault("ignore-clients", "off")
dev.advance_until("fw=stop")
check(client.read_to_end().endswith(END), "not served afterwards")

# Each second the loop stands still so long.
dev = running("tick-stall=700")
dev.advance_until("uptime=101")
dev.advance(0.2)
client = dev.connect()
client.send(GET)
begun = dev.advance(0)
waited = dev.advance_until("fw=read") - begun
check(0.4 <= waited <= 0.7, f"served after {waited} s of stall")

# With send-ok=ack a write lasts until its ACK: real time, not the device's.
dev = running("send-ok=ack", "slow-reply=0", speed=1)
client = dev.connect()
client.send(GET)
check(client.read_to_end().endswith(END), "no reply with send-ok=ack")

# Beyond the slots.
dev = running("overflow=rst")
idle = dev.connect()
check(is_reset(lambda: Client(dev).sock.recv(1)), "the second is not reset")
dev.wait("refused=1")
dev.fault("overflow", "evict-oldest")
new = dev.connect()
check_equal(dev.states()[0], "Establ", "the slot of the evicted")
check(is_reset(lambda: idle.sock.recv(1)), "the oldest is not reset")
new.send(GET)
dev.advance_until("fw=stop")
check(new.read_to_end().endswith(END), "the new one is not served")

dev = running("power-cycle=at:5")
dev.advance(6)
check_equal(dev.stat("boots"), 2, "boots after at:5")
dev.advance(100)
check_equal(dev.stat("boots"), 2, "boots long after at:5")
dev.fault("power-cycle", "every:10")
dev.advance(31)
check_equal(dev.stat("boots"), 5, "boots after every:10")
dev.fault("power-cycle", "off")
dev.advance(31)
check_equal(dev.stat("boots"), 5, "boots after off")

dev = running()
dev.fault("spi-hang", "now")
check_equal(dev.stat("fw"), "hung", "the firmware")
dev.command("power off")
check_equal(dev.stat("fw"), "off", "the firmware")
check(dev.refuses_all(), "it listens without power")
dev.command("power on")
dev.advance(3.4)
check(dev.get().startswith(OK), "not served after power on")
check_equal(dev.stat("requests"), 1, "requests since boot")

# Faults that repeat: requests 2 to 3, then each second one; the list names
# what may still strike.
def serve_three(dev):
    found = []
    for _ in range(3):
        client, reply = after_one(dev)
        found.append(reply.endswith(END))
        client.close()
        dev.advance_until("fw=loop,active=0")
    return found


dev = running("short-reply=14,nth:2-3", "tick-stall=0")
check_equal(serve_three(dev), [True, False, False], "nth:2-3")
check_equal(dev.command("faults"), {"faults": ["tick-stall=0"]}, "spent")
dev.fault("short-reply", "14,every:2")
check_equal(serve_three(dev), [True, False, True], "every:2")
check_equal(dev.command("faults")["faults"],
            ["short-reply=14,every:2", "tick-stall=0"], "active faults")
dev.fault("short-reply", "off")
check_equal(serve_three(dev), [True] * 3, "off")

dev = running("spi-hang=every:2,write:5")
check_equal(dev.command("faults")["faults"], ["spi-hang=every:2,write:5"],
            "a fault to come")
dev.get()
client = dev.connect()
client.send(GET)
dev.advance_until("fw=hung")

dev = running("syn-stuck=nth:1-2,ms:forever", "leak-established=nth:3")
for _ in range(4):
    dev.connect()
    dev.advance(0.05)
check_equal(dev.states(), ["SynRecv", "SynRecv", "Establ", "Establ"], "slots")
check_equal(dev.command("faults"), {"faults": []}, "spent faults")
dev = running("no-close=nth:2")
dev.get()
client = dev.connect()
client.send(GET)
dev.advance_until("requests=2,fw=loop")
check("Establ" in dev.states(), dev.states())
