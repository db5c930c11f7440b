#!/usr/bin/env python3
"""Proves the second firmware, path by path: long, slow and late pages, kept
connections, chunks, bodies, uploads, events, commands of clients that left,
and the round trip that --rtt-ms adds."""
import time

from rig import Client, Device, check, check_equal, holds_within

END = b"</html>\n"


def site(*args, **more):
    return Device("--firmware", "site", "--lib", "v2", "--uptime", 100, *args,
                  **more)


def request(path, method="GET", body=b"", announced=None):
    length = len(body) if announced is None else announced
    text = f"{method} {path} HTTP/1.1\r\nHost: d\r\n"
    if method == "POST":
        text += f"Content-Length: {length}\r\n"
    return text.encode() + b"\r\n" + body


def ask(dev, data):
    """A client in the chip, its request sent."""
    client = dev.connect()
    client.send(data)
    return client


def reply_of(dev, data, limit=30, beside=0):
    """The reply of a connection that the device ends, and when it ended."""
    client = ask(dev, data)
    begun = dev.advance_until("fw!=loop")
    took = dev.advance_until("fw=stop", limit) - begun
    reply = client.read_to_end()
    client.close()
    dev.advance_until(f"fw=loop,active={beside}")
    return reply, took


def body_of(reply):
    return reply.split(b"\r\n\r\n", 1)[1]


# Pages: short, longer than a reply buffer, slow, late, unknown.
dev = site()
reply, took = reply_of(dev, request("/"))
check(reply.startswith(b"HTTP/1.1 200 OK\r\n"), reply)
check(b"Content-Length: 200\r\n" in reply, reply)
check_equal(len(body_of(reply)), 200, "the short page")
check(reply.endswith(END), "its end", reply)
check(reply_of(dev, b"\r\n" + request("/"))[0].startswith(b"HTTP/1.1 200"),
      "a leading blank line")
check(reply_of(dev, request("/nowhere"))[0].startswith(b"HTTP/1.1 404 "),
      "an unknown path")
reply, took = reply_of(dev, request("/slow?20"))
check(19.9 < took < 21.2, f"/slow?20 took {took} s")
check(reply.endswith(END), "the slow page's end")
reply, took = reply_of(dev, request("/wait?8"))
check(8 <= took < 8.3, f"/wait?8 took {took} s")

fast = site("--instant", speed=1)
client = fast.connect()
client.sock.sendall(request("/long"))
reply = client.read_to_end()
check_equal(len(body_of(reply)), 100000, "the long page")
check(reply.endswith(END), "its end")

# Kept connections: two requests on one, the length or the chunks tell the end.
for path, ends in (("/keep?300", END), ("/chunked?1200", b"0\r\n\r\n")):
    client = ask(dev, request(path))
    n = dev.stat("requests")
    for more in range(2):
        dev.advance_until(f"requests={n + 1 + more},kept=1,fw=loop")
        reply = client.read_now()
        check(reply.endswith(ends), path, reply)
        if more == 0:
            client.send(request(path))
    check_equal(dev.stat("active"), 1, "the kept connection")
    check(b"Connection: keep-alive\r\n" in reply, reply)
    # Who leaves is noticed, and so is who says nothing for 15 s.
    if path == "/keep?300":
        client.close()
    else:
        check(b"\r\n200\r\n" in reply and b"\r\nb0\r\n" in reply, reply)
        dev.advance(14)
        check_equal(dev.stat("kept"), 1, "kept after 14 s")
        dev.advance_until("fw=stop")
        client.close()
    dev.advance_until("kept=0,active=0,fw=loop")

# Bodies: read as they come, slowly, cut short, refused in the middle.
before = dev.stat()
reply, took = reply_of(dev, request("/form", "POST", b"x" * 1500))
check(took < 0.1 and reply.startswith(b"HTTP/1.1 200"), took, reply)
reply, took = reply_of(dev, request("/form?500", "POST", b"x" * 1500))
check(3 <= took < 3.2, f"1500 bytes at 500 a second took {took} s")
reply, took = reply_of(dev, request("/update?1000,7", "POST", b"x" * 1000))
check(8 <= took < 8.2, f"an upload took {took} s")
check_equal(dev.stat("bodies") - before["bodies"], 3, "bodies")
check_equal(dev.stat("body_bytes") - before["body_bytes"], 4000, "bytes")
reply, _ = reply_of(dev, request("/locked?600", "POST", b"x" * 900))
check(reply.startswith(b"HTTP/1.1 401 "), reply)
client = ask(dev, request("/form", "POST", b"x" * 100, announced=1000))
dev.advance(1)
client.fin()
dev.advance_until("cut_bodies=1,fw=loop")
client = ask(dev, request("/form", "POST", b"x" * 100, announced=1000))
dev.advance(9)
check_equal(dev.stat("cut_bodies"), 1, "cut bodies after 9 s")
dev.advance_until("cut_bodies=2,fw=stop")
client.close()
dev.advance_until("active=0,fw=loop")

# An event stream beside pages; a viewer that stops reading stops all.
viewer = ask(dev, request("/events?500"))
dev.advance_until("kept=1,fw=loop")
head = viewer.read_now()
check(b"text/event-stream" in head and b"Content-Length" not in head, head)
dev.advance(2)
check_equal(viewer.read_now().count(b"event: temperature\n"), 4, "events")
reply, _ = reply_of(dev, request("/"), beside=1)
check(reply.endswith(END), "a page beside it")
check_equal(dev.stat("kept"), 1, "streams")
viewer.close()
dev.advance_until("kept=0,active=0,fw=loop")

stopped = site("--instant", speed=1000)
viewer = Client(stopped, rcvbuf=1)
viewer.sock.sendall(request("/events?10"))
stopped.wait("events>10", 60000)


def is_stopped():
    """Whether no event was written for a minute of the device's time."""
    before = stopped.stat()
    stopped.wait(f"uptime>{before['uptime'] + 60}")
    return stopped.stat("events") == before["events"]


check(holds_within(60, is_stopped), "events into a full window")
check_equal(stopped.stat("fw"), "send", "the firmware")

# Commands, and those of clients that had left by then.
for number, (left, stale) in enumerate(((False, 0), (True, 1))):
    before = dev.stat("stale_commands")
    client = ask(dev, request(f"/toggle?{number}"))
    if left:
        dev.command(f"left {number}")
    dev.advance_until("fw=stop")
    client.close()
    dev.advance_until("fw=loop,active=0")
    check_equal(dev.stat("stale_commands") - before, stale, "stale commands")
client = ask(dev, request("/toggle?7"))
client.fin()
dev.wait("rx_waiting>0,slot0!=Establ,slot1!=Establ")
dev.advance_until("fw=loop,commands=3")
check_equal(dev.stat("stale_commands"), 2, "a client that had said FIN")
check(not dev.try_command("left 1024")["ok"], "left 1024")

# Silent connections are counted while they are there.
silent = [dev.connect()]
dev.advance(0.01)
silent.append(dev.connect())
check_equal(dev.stat("silent"), 2, "silent connections")
silent[0].sock.sendall(b"G")
dev.wait("silent=1")

# What is sent under way: the reply and its FIN come a round trip later, and
# at most 2 KB are under way at a time.
for rtt_ms, least_s, most_s in ((0, 0, 0.02), (200, 0.2, 0.25)):
    dev = site("--rtt-ms", rtt_ms)
    client = ask(dev, request("/"))
    begun = dev.advance_until("fw=send")
    got = b""
    while END not in got:
        took = dev.advance(0.01) - begun
        got += client.read_now()
        check(took < 5, "no end", got)
    check(least_s <= took <= most_s, f"a page at {rtt_ms} ms took {took} s")
dev = site("--rtt-ms", 200, "--instant", speed=1)
client = dev.connect()
begun = time.monotonic()
client.sock.sendall(request("/long?10240"))
check(client.read_to_end().endswith(END), "no end")
check(time.monotonic() - begun >= 1, "five round trips took less")
