#!/usr/bin/env python3
"""Proves that each dated block of the field log comes out line for line.

The expected lines are cut from field-log.md, the author's own log; only his
marks (tabs, asterisks, `<<` notes) and blank lines are removed. Each block
is then played by real connections against a device that was found running
with the counters and slots of the time.
"""
import os
import re

from rig import Device, check, check_lines, main

HERE = os.path.dirname(os.path.abspath(__file__))
PASS_S = 0.002  # more than one pass of the loop


def clean(line):
    return re.sub(r"\s*<<.*", "", line).replace("\t", "").replace("*", "")


def cut_block(start, end=None):
    """The console lines between two headings of the log."""
    with open(os.path.join(HERE, "field-log.md"), encoding="utf-8") as f:
        text = f.read()
    text = text[text.index(start):]
    text = text[:text.index(end)] if end else text
    fences = [f for f in text.split("```") if "SnSr = " in f]
    lines = [line for line in (fences[0] if "```" in text else text).split("\n")
             if line.startswith("\t")]
    return [c for c in map(clean, lines) if c]


def requests_of(block):
    """The requests whose echo is in the block, as their clients sent them."""
    found, head = [], []
    for line in block:
        if line.startswith("GET ") or head and re.match(r"[\w-]+: ", line):
            head.append(line)
        elif head and line != "newline":
            found.append("\r\n".join(head + ["", ""]).encode())
            head = []
    return found


def common(a, b):
    """How many lines two lists share from the start."""
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                min(len(a), len(b)))


def same_lines(dev, block, is_last=False):
    """The console holds the block's lines in a row. The first may continue a
    line; nothing may follow the last if `is_last`."""
    lines = [c for c in map(clean, dev.console().split("\n")) if c]
    starts = [i for i, line in enumerate(lines) if line.endswith(block[0])]
    check(starts, "the first line is missing:\n" + "\n".join(lines))
    at = max(starts, key=lambda i: common(lines[i + 1:], block[1:]))
    got = lines[at:at + len(block)]
    got[0] = got[0][-len(block[0]):]
    check_lines(got, block)
    check(not is_last or len(lines) == at + len(block),
          "more follows:", lines[at + len(block):])


def found_running(era, temp, uptime, listens, touched="0,1,2,3", **presets):
    args = [f"--{k}={v}" for k, v in presets.items()]
    return Device("--era", era, "--temp", f"fixed:{temp}", "--port-shown",
                  8080, "--uptime", uptime, "--listen-slot", listens,
                  "--touched", touched, *args)


def advance_to(dev, start, moment):
    """Device time counts from the start of the emulator."""
    now = dev.advance(0)
    dev.advance(f"{moment - start - now:.6f}")


def idle(dev):
    """A client that connects and is left alone; the listener moves on."""
    return dev.connect(then=PASS_S)


def test_0801a():
    block = cut_block("### Restart from lockup", "### Lock up")
    page, favicon = requests_of(block)
    dev = Device("--temp", "fixed:27.25", "--port-shown", 8080)
    dev.advance(10.1)
    clients = [dev.connect(then=0.02) for _ in range(3)]
    dev.serve(clients[0], page)
    advance_to(dev, 0, 11.1)
    dev.serve(clients[1], favicon)
    same_lines(dev, block)
    check(dev.states() == ["Closed", "Closed", "Establ", "Listen"],
          dev.states())


def test_0801b():
    block = cut_block("### Lock up", "## 2017 Jul 30")
    requests = requests_of(block)
    start = 154830
    dev = found_running("E4", 27.375, start, 1, requests=97481, timeouts=8,
                        maxidle=7793)
    idle(dev)
    idle(dev).reset()
    advance_to(dev, start, 154841.2)
    dev.serve(idle(dev), requests[0])
    advance_to(dev, start, 154844.2)
    first, second = idle(dev), idle(dev)
    dev.fault("spi-hang", "req:2,write:15")
    dev.serve(first, requests[1])
    second.send(requests[2])
    dev.advance_until("fw=hung")
    dev.advance(100)
    same_lines(dev, block, is_last=True)


def test_0730():
    block = cut_block("## 2017 Jul 30", "## 2017 Jul 29")
    page, favicon = requests_of(block)
    start = 73535
    dev = found_running("E4", 29.1875, start, 0, "0,1,2", requests=57038,
                        maxidle=72)
    advance_to(dev, start, 73541.2)
    dev.serve(idle(dev))
    advance_to(dev, start, 73544.2)
    dev.fault("syn-stuck", "nth:2")
    dev.fault("spi-hang", "req:2,write:1")
    first, _, third = idle(dev), idle(dev), idle(dev)
    first.send(page)
    dev.advance_until("fw=stop")
    third.send(favicon)
    third.fin()
    dev.wait("slot2=ClsWait")
    first.read_to_end()
    first.close()
    dev.advance_until("fw=hung")
    dev.advance(10)
    same_lines(dev, block, is_last=True)


def test_0729():
    block = cut_block("## 2017 Jul 29", "## 2017 Jul 19")
    start = 177100
    dev = found_running("E3", 28.875, start, 2, requests=123362, maxidle=351)
    dev.fault("syn-stuck", "nth:1")
    idle(dev)
    idle(dev)
    advance_to(dev, start, 177107.2)
    dev.serve(idle(dev), requests_of(block)[0])
    same_lines(dev, block)


def test_0719():
    block = cut_block("## 2017 Jul 19", "## 2017 Jul 17")
    start = 135575
    dev = found_running("E3", 30.375, start, 3, requests=128566, timeouts=31,
                        maxidle=6)
    idle(dev)
    idle(dev)
    advance_to(dev, start, 135581.2)
    dev.fault("syn-stuck", "nth:1")
    idle(dev)
    client = idle(dev)
    dev.advance_until("all_in_use=3")
    dev.serve(client, requests_of(block)[0])
    advance_to(dev, start, 135585.2)
    idle(dev)
    same_lines(dev, block)


def test_0717():
    block = cut_block("## 2017 Jul 17", "## 2017 Jul 15")
    start = 6440
    dev = found_running("E2", 27.8125, start, 0, "0,1,2", requests=2975,
                        maxidle=11)
    stays = idle(dev)
    idle(dev).reset()
    advance_to(dev, start, 6448.2)
    dev.serve(idle(dev), requests_of(block)[0])
    stays.fin()
    dev.wait("slot0=ClsWait")
    advance_to(dev, start, 6453.2)
    dev.serve(idle(dev))
    same_lines(dev, block)


def test_0715():
    block = cut_block("## 2017 Jul 15")
    start = 90080
    dev = found_running("E1", 28.4375, start, 3, requests=40342, maxidle=8)
    idle(dev).fin()
    dev.wait("slot3=ClsWait")
    advance_to(dev, start, 90084.2)
    dev.serve(idle(dev), requests_of(block)[0])
    same_lines(dev, block)


main()
