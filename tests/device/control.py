#!/usr/bin/env python3
"""Proves the control socket: exact counts, conditions, refusals, signals."""
import fcntl
import os
import signal

from rig import Device, check, check_equal, holds_within, ready, tmpdir

dev = Device("--uptime", 100, "--requests", 7, "--timeouts", 2, "--maxidle",
             40, "--touched", "0,1,3", "--sockets", 4, "--events", "/dev/null")
dev.expect(uptime=100, fw="loop", requests=7, timeouts=2, max_wo_client=40,
           touched_mask=0b1011)
dev.expect(conns=0, zero_byte_conns=0, max_active=0, all_in_use=0,
           rx_waiting=0, forced_close=0, stop_ms_max=0, stop_ms_p99=0,
           orphans=0)
check_equal([sorted(s) for s in dev.stat("slots")],
            [sorted(["sr", "mr", "ir", "peer", "rx", "tx_free", "age_ms",
                     "conn"])] * 4, "keys of the slots")

# Every connection is counted once, with or without bytes.
for _ in range(5):
    dev.get()
for _ in range(3):
    client = dev.connect()
    client.reset()
    dev.advance(0.2)
one, two = dev.connect(), dev.advance(0.2) and dev.connect()
two.send(b"G")
two.reset()
dev.expect(requests=12, conns=10, zero_byte_conns=3, max_active=2)
one.reset()
dev.expect(zero_byte_conns=4)

# Conditions.
for good in ("uptime>=100", "requests=12", "requests!=11", "requests<13",
             "requests<=12", "requests>11", "fw=loop", "slot2=Closed",
             "slot2.mr=Close", "slot0.rx=0,fw=loop,orphans=0"):
    check(dev.try_command(f"wait {good} 0")["ok"], good)
answer = dev.try_command("wait requests=1 1")
check_equal((answer["ok"], answer["error"]), (False, "waited in vain"), "wait")
for bad, expected in (
        ("wait nothing=1 0", "names: slot0..7"),
        ("wait slot4=Closed 0", "names: slot0..7"),
        ("wait slot1=closed 0", "not understood"),
        ("wait fw=happy 0", "not understood"),
        ("wait requests 0", "expected NAME=VALUE"),
        ("wait requests=1", "milliseconds"),
        ("advance", "SECONDS"), ("advance -1", "SECONDS"),
        ("advance 1 when fw=loop", "until CONDITION"),
        ("advance 1 until x=1", "expected NAME=VALUE"),
        ("fault", "allowed: spi-hang,"), ("fault melt", "allowed: spi-hang,"),
        ("fault spi-hang req:0", "req:N[,write:K]|now"),
        ("fault syn-stuck nth:1,end:maybe", "end:close|establ"),
        ("fault no-close 1", "nth:N|nth:N-M|every:N"),
        ("fault no-fin nth:4-1", "nth:N|nth:N-M|every:N"),
        ("fault spi-zero 1", "takes 'nothing'"),
        ("fault slow-reply", "takes 'MS["),
        ("key x", "s, v, h"), ("temp hot", "-40 to 125"),
        ("power", "'on' or 'off'"), ("launch", "allowed: stat, slots, wait"),
        ('say "hi"', "allowed: stat")):
    answer = dev.try_command(bad)
    check(not answer["ok"] and expected in answer["error"], bad, answer)
check("needs --speed 0" in
      Device("--uptime", 1, speed=1).try_command("advance 1")["error"],
      "advance in real time")

# The table and the counters, whatever the firmware does.
dev.advance(0.2)
dev.command("table")
check("12 http requests, 0.12 per sec, 2 timeouts\n40 sec max w/o client\n"
      in dev.console(), dev.console()[-200:])


def said_after(*keys):
    """What one client makes it say after these keys."""
    for key in keys:
        dev.command(f"key {key}")
        dev.advance(0.2)
    before = dev.console()
    dev.get()
    return dev.console()[len(before):]


# Keys, as the sketch has them: s the tables, v the details, h everything;
# h takes the details along, and v ends the silence.
dev.command("temp 30.5")
text = said_after("s")
check("Temp is 30.500 C\n" in text, "the temperature", text)
check("Socket(" not in text and "GET / " in text, "key s", text)
check("\nSocket Status: false " in dev.console(), "the answer to key s")
text = said_after("s", "v")
check("Socket(" in text and "Sending Response...\n" in text, "key v", text)
for detail in ("GET / ", "Request is complete", "Sent 17", "client stopped",
               "http requests"):
    check(detail not in text, "key v leaves", detail, text)
check_equal(said_after("h"), "", "the hushed console")
check("\nsilent: true " in dev.console(), "the answer to key h")
check("GET / " in said_after("v"), "key v in silence")
check("GET / " not in said_after("h", "h"), "details after silence")
check("GET / " in said_after("v"), "details again")

# No answer comes before the console has taken what it tells of.
fifo = os.path.join(tmpdir(), "fifo")
os.mkfifo(fifo)
pipe = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
full = Device("--uptime", 100, console=fifo)
full.command("key s")
size = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
os.write(pipe, bytes(size))
full.send("advance 0.2")
early = ready(full.control, within_s=0.2)
table = b""
while b"Socket Status: false " not in table:
    check(ready(pipe, within_s=20), "no table", table[size:])
    table += os.read(pipe, size)
check(full.answer()["ok"] and not early, "answered too soon")

# SIGUSR1 shows the table even of a dead device.
dev.fault("spi-hang", "now")
before = dev.console()
dev.process.send_signal(signal.SIGUSR1)


def table_is_out():
    """Behind what the console still held back when the bus hung."""
    text = dev.console()[len(before):]
    return ("    Socket(0) SnSr = " in text and
            text.endswith("40 sec max w/o client\n"))


check(holds_within(20, table_is_out), dev.console()[len(before):])

# Time stops where the condition comes true, and two cannot move it at once.
dev = Device()
check_equal(dev.advance(9, "slot0=Listen"), 1.249, "the chip listens")
dev.advance_until("fw=loop")
check_equal(dev.advance(0), 3.249, "the loop runs")

# quit ends it and removes the socket.
check(dev.try_command("quit")["ok"], "quit")
check_equal(dev.process.wait(), 0, "exit")
check(not os.path.exists(dev.events_path.replace("events", "ctl")), "socket")
