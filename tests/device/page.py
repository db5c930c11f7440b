#!/usr/bin/env python3
"""Proves that the reply is the device's own, write for write, in each era."""
from rig import Device, GET, check, check_equal

HEAD = ["HTTP/1.1 200 OK", "\r\n", "Content-Type: text/html; charset=UTF-8",
        "\r\n", "Connection: close", "\r\n", "Refresh: ", "5", "\r\n",
        '<meta name="robots" content="noindex" />', "\r\n", "\r\n"]
BODY = ["<!DOCTYPE html>", "\r\n", "<html>", "\r\n", "<head>", "\r\n",
        "<title>Simple Temperature Server</title>", "\r\n", "</head>", "\r\n",
        "<body>", "\r\n", "<h2>SALT TMP102 Temperature Server</h2>", "\r\n"]
TAIL = ["</body>", "\r\n", "</html>", "\r\n", "\r\n"]
BUILD = ["Build ", "16:57:58", " ", "Jul 29 2017", "<br>"]
NUMBERS = ["Updates approx every ", "5", " seconds", "<br>", "@", "10",
           " sec: ", "27.25", " deg C <br>", "1", " http requests, ", "0.10",
           " per sec. ", "0"]
IDLE = [" timeouts, ", "8", " max sec w/o client<br>"]
FIRST = ["HTTP/1.1 200 OK", "\r\n", "Content-Type: text/html", "\r\n",
         "Connection: close", "\r\n", "Refresh: ", "5", "\r\n", "\r\n",
         "<!DOCTYPE HTML>", "\r\n", "<html>", "\r\n",
         "<b>SALT TMP102 Temperature Server</b> <br />", "\r\n",
         "Updates approx every ", "5", " seconds<br />", "\r\n", "@", "10",
         " sec: ", "27.25", " deg C <br />", "\r\n", "1",
         " http requests, ", "0.10", " per sec. ", "0", " timeouts<br />",
         "\r\n", "</html>", "\r\n"]
PAGES = {"E1": FIRST,
         "E2": HEAD + BODY + NUMBERS + [" timeouts<br>"] + TAIL,
         "E3": HEAD + BODY + NUMBERS + [" timeouts<br>"] + TAIL,
         "E4": HEAD + BODY + BUILD + NUMBERS + IDLE + TAIL}
WRITE_S = 0.00025


def writes(dev):
    """What arrives of one reply, one write's time after the other."""
    client = dev.connect(GET)
    dev.advance_until("fw=send")
    pieces = []
    while dev.stat("fw") == "send":
        if piece := client.read_now():
            pieces.append(piece.decode())
        dev.advance(WRITE_S)
    return pieces


for era, expected in PAGES.items():
    dev = Device("--temp", "fixed:27.25", "--era", era)
    dev.advance(10.1)
    check_equal(writes(dev), expected, f"the writes of {era}")
check_equal(len(PAGES["E4"]), 53, "writes of E4")
check_equal(sum(map(len, PAGES["E4"])), 441, "bytes of E4")
check_equal(sum(map(len, HEAD)), 132, "bytes of its head")

# Halves are rounded up on the page and to even on the console.
dev = Device("--temp", "fixed:27.125", "--uptime", 100)
check(b": 27.13 deg C " in dev.get(), "27.125 is not shown as 27.13")
dev = Device("--temp", "fixed:27.8125", "--uptime", 100)
check(b": 27.81 deg C " in dev.get(), "27.8125 is not shown as 27.81")
check("Temp is 27.812 C" in dev.console(), "27.8125 is not logged as 27.812")
dev = Device("--temp", "fixed:-0.5", "--uptime", 100)
check(b": -0.50 deg C " in dev.get(), "a negative temperature")

# The walk: 27 C at the start, its top after 54 steps, and back.
dev = Device("--uptime", 0)
check(b": 27.00 deg C " in dev.get(), "the walk's beginning")
dev = Device("--uptime", 54 * 16)
check(b": 30.38 deg C " in dev.get(), "the walk's top")
dev = Device("--uptime", 107 * 16)
check(b": 27.06 deg C " in dev.get(), "the walk's end")

# Padding comes in prints of 64 bytes and makes the page as long as asked.
for size in (442, 1000, 4096):
    dev = Device("--uptime", 10, "--instant", "--fault", f"reply-size={size}",
                 speed=1)
    client = dev.connect(GET)
    check_equal(len(client.read_to_end()), size, f"reply-size={size}")
