#!/usr/bin/env python3
"""Proves what each fault does that no scenario shows, and that `off` ends
it."""
from rig import (GET, OK, Client, Device, check, check_equal, main,
                 turns_away)

END = b"</html>\r\n\r\n"


def running(*faults, **more):
    return Device("--uptime", 100, *[f"--fault={f}" for f in faults], **more)


def answered(dev):
    """A client of a device that ends its reply, and how it fared."""
    client = dev.connect(GET)
    dev.advance(1, "fw=stop")
    return client, client.outcome()


def test_spi_zero():
    """A bus that reads zero reopens slot 0 for ever; nobody is served."""
    dev = running()
    dev.fault("spi-zero")
    dev.advance(0.05)
    Client(dev).sock.sendall(GET)
    dev.advance(1)
    begin = f"W5000socket begin, protocol=1, port={dev.port}\nW5000socket 0\n"
    check(50 <= dev.console().count(begin) <= 120, "not reopened in each pass")
    dev.expect(requests=0, touched_mask=1)
    dev.fault("spi-zero", "off")
    dev.advance(0.05)
    check(dev.get().startswith(OK), "not served after spi-zero")


def test_leak_established():
    """A peer whose end never arrives: the slot stays."""
    dev = running("leak-established=nth:1")
    dev.connect(then=0.01).sock.close()
    dev.fault("leak-established", "nth:1")
    dev.connect(then=0.01).sock.close()
    dev.advance(86400)
    check_equal(dev.states()[:2], ["Establ", "Establ"], "leaked slots")


def test_no_close():
    dev = running("no-close")
    client = dev.connect(GET, then=1)
    check(client.read_now().endswith(END), "no reply with no-close")
    check_equal(dev.states()[0], "Establ", "the slot with no-close")
    dev.fault("no-close", "off")
    check(dev.get().endswith(END), "the next with no-close off")
    dev = running("no-close=nth:2")
    dev.get()
    client = dev.connect(GET)
    dev.advance_until("requests=2,fw=loop")
    check("Establ" in dev.states(), dev.states())


def test_no_fin():
    dev = running("no-fin")
    client = dev.connect(GET, then=1)
    check(client.read_now().endswith(END), "no reply with no-fin")
    check_equal(dev.states()[0], "Closed", "the slot with no-fin")
    dev.expect(orphans=1)
    dev.advance(3600)
    check_equal(client.read_now(), b"", "an end with no-fin")
    client.sock.sendall(b"x")
    dev.wait("orphans=0")


def test_replies():
    """Slow, short, reset; and acknowledged, in real time."""
    dev = running("slow-reply=1000")
    dev.connect(GET)
    begun = dev.advance_until("fw=send")
    took = dev.advance_until("fw=stop", 100) - begun
    check(53 <= took <= 53.1, f"slow-reply took {took} s")

    _, (reply, end) = answered(running("short-reply=14"))
    check_equal((len(reply), end), (149, "fin"), "short-reply")
    _, (reply, end) = answered(running("rst-reply=14"))
    check_equal(end, "reset", "rst-reply")

    client = running("send-ok=ack", "slow-reply=0", speed=1).connect(GET)
    check(client.read_to_end().endswith(END), "no reply with send-ok=ack")


def test_ignore_clients():
    dev = running("ignore-clients")
    client = dev.connect(GET)
    check(dev.refuses_all(), "it listens again")
    dev.advance(60)
    dev.expect(requests=0)
    check(dev.console().count(".") >= 59, "the loop does not run")
    dev.fault("ignore-clients", "off")
    dev.advance_until("fw=stop")
    check(client.read_to_end().endswith(END), "not served afterwards")


def test_tick_stall():
    """Each second the loop stands still so long."""
    dev = running("tick-stall=700")
    dev.advance_until("uptime=101")
    dev.advance(0.2)
    dev.connect(GET)
    begun = dev.advance(0)
    waited = dev.advance_until("fw=read") - begun
    check(0.4 <= waited <= 0.7, f"served after {waited} s of stall")


def test_overflow():
    """Beyond the slots: a reset, or one for the oldest."""
    dev = running("overflow=rst")
    idle = dev.connect()
    check(turns_away(dev), "the second is not reset")
    dev.wait("refused=1")
    dev.fault("overflow", "evict-oldest")
    new = dev.connect()
    check_equal(dev.states()[0], "Establ", "the slot of the evicted")
    check_equal(idle.outcome(), (b"", "reset"), "the oldest")
    new.send(GET)
    dev.advance_until("fw=stop")
    check(new.read_to_end().endswith(END), "the new one is not served")


def test_power():
    dev = running("power-cycle=at:5")
    dev.advance(6)
    dev.expect(boots=2)
    dev.advance(100)
    dev.expect(boots=2)
    dev.fault("power-cycle", "every:10")
    dev.advance(31)
    dev.expect(boots=5)
    dev.fault("power-cycle", "off")
    dev.advance(31)
    dev.expect(boots=5)

    dev = running()
    dev.fault("spi-hang", "now")
    dev.expect(fw="hung")
    dev.command("power off")
    dev.expect(fw="off")
    check(dev.refuses_all(), "it listens without power")
    dev.command("power on")
    dev.advance(3.4)
    check(dev.get().startswith(OK), "not served after power on")
    dev.expect(requests=1)


def test_repeated_faults():
    """Requests 2 to 3, then each second one; the list names what may still
    strike."""
    def serve_three():
        found = []
        for _ in range(3):
            client, (reply, _) = answered(dev)
            found.append(reply.endswith(END))
            client.close()
            dev.advance_until("fw=loop,active=0")
        return found

    def faults(*wanted):
        check_equal(dev.command("faults"), {"faults": list(wanted)}, "faults")

    dev = running("short-reply=14,nth:2-3", "tick-stall=0")
    check_equal(serve_three(), [True, False, False], "nth:2-3")
    faults("tick-stall=0")
    dev.fault("short-reply", "14,every:2")
    check_equal(serve_three(), [True, False, True], "every:2")
    faults("short-reply=14,every:2", "tick-stall=0")
    dev.fault("short-reply", "off")
    check_equal(serve_three(), [True] * 3, "off")

    dev = running("spi-hang=every:2,write:5")
    faults("spi-hang=every:2,write:5")
    dev.get()
    dev.connect(GET)
    dev.advance_until("fw=hung")

    dev = running("syn-stuck=nth:1-2,ms:forever", "leak-established=nth:3")
    for _ in range(4):
        dev.connect(then=0.05)
    check_equal(dev.states(), ["SynRecv", "SynRecv", "Establ", "Establ"],
                "slots")
    faults()


main()
