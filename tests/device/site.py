#!/usr/bin/env python3
"""Proves the second firmware, path by path: long, slow and late pages, kept
connections, chunks, bodies, uploads, events, commands of clients that left,
and the round trip that --rtt-ms adds."""
import time

from rig import OK, Client, Device, check, check_equal, holds_within

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


def reply_of(dev, data, limit=30, beside=0):
    """The reply of a connection that the device ends, and when it ended."""
    client = dev.connect(data)
    begun = dev.advance_until("fw!=loop")
    took = dev.advance_until("fw=stop", limit) - begun
    reply = client.read_to_end()
    client.close()
    dev.advance_until(f"fw=loop,active={beside}")
    return reply, took


def body_of(reply):
    return reply.split(b"\r\n\r\n", 1)[1]


# Pages: short, unknown, slow, late; bodies: read as they come, slowly, checked,
# refused in the middle.
dev = site()
reply, _ = reply_of(dev, request("/"))
check(b"Content-Length: 200\r\n" in reply, reply)
check_equal(len(body_of(reply)), 200, "the short page")
for data, begins, ends, least_s, most_s in (
        (request("/"), b"HTTP/1.1 200 OK\r\n", END, 0, 0.1),
        (b"\r\n" + request("/"), OK, END, 0, 0.1),
        (request("/nowhere"), b"HTTP/1.1 404 ", b"", 0, 0.1),
        (request("/slow?20"), OK, END, 19.9, 21.2),
        (request("/wait?8"), OK, b"", 8, 8.3),
        (request("/form", "POST", b"x" * 1500), OK, b"", 0, 0.1),
        (request("/form?500", "POST", b"x" * 1500), OK, b"", 3, 3.2),
        (request("/update?1000,7", "POST", b"x" * 1000), OK, b"", 8, 8.2),
        (request("/locked?600", "POST", b"x" * 900), b"HTTP/1.1 401 ", b"", 0,
         2)):
    reply, took = reply_of(dev, data)
    check(reply.startswith(begins) and reply.endswith(ends), data[:40], reply)
    check(least_s <= took < most_s, data[:40], f"took {took} s")
dev.expect(bodies=4, body_bytes=4000 + 600)

# Longer than a reply buffer.
fast = site("--instant", speed=1)
client = fast.connect()
client.sock.sendall(request("/long"))
reply = client.read_to_end()
check_equal(len(body_of(reply)), 100000, "the long page")
check(reply.endswith(END), "its end")

# Kept connections: two requests on one, the length or the chunks tell the end.
for path, ends in (("/keep?300", END), ("/chunked?1200", b"0\r\n\r\n")):
    client = dev.connect(request(path))
    n = dev.stat("requests")
    for more in range(2):
        dev.advance_until(f"requests={n + 1 + more},kept=1,fw=loop")
        reply = client.read_now()
        check(reply.endswith(ends), path, reply)
        if more == 0:
            client.send(request(path))
    dev.expect(active=1)
    check(b"Connection: keep-alive\r\n" in reply, reply)
    # Who leaves is noticed, and so is who says nothing for 15 s.
    if path == "/keep?300":
        client.close()
    else:
        check(b"\r\n200\r\n" in reply and b"\r\nb0\r\n" in reply, reply)
        dev.advance(14)
        dev.expect(kept=1)
        dev.advance_until("fw=stop")
        client.close()
    dev.advance_until("kept=0,active=0,fw=loop")

# Bodies that are cut short, by a FIN or by silence.
client = dev.connect(request("/form", "POST", b"x" * 100, announced=1000))
dev.advance(1)
client.fin()
dev.advance_until("cut_bodies=1,fw=loop")
client = dev.connect(request("/form", "POST", b"x" * 100, announced=1000))
dev.advance(9)
dev.expect(cut_bodies=1)
dev.advance_until("cut_bodies=2,fw=stop")
client.close()
dev.advance_until("active=0,fw=loop")

# An event stream beside pages; a viewer that stops reading stops all.
viewer = dev.connect(request("/events?500"))
dev.advance_until("kept=1,fw=loop")
head = viewer.read_now()
check(b"text/event-stream" in head and b"Content-Length" not in head, head)
dev.advance(2)
check_equal(viewer.read_now().count(b"event: temperature\n"), 4, "events")
reply, _ = reply_of(dev, request("/"), beside=1)
check(reply.endswith(END), "a page beside it")
dev.expect(kept=1)
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
stopped.expect(fw="send")

# Commands, and those of clients that had left by then.
for number, (left, stale) in enumerate(((False, 0), (True, 1))):
    before = dev.stat("stale_commands")
    client = dev.connect(request(f"/toggle?{number}"))
    if left:
        dev.command(f"left {number}")
    dev.advance_until("fw=stop")
    client.close()
    dev.advance_until("fw=loop,active=0")
    check_equal(dev.stat("stale_commands") - before, stale, "stale commands")
client = dev.connect(request("/toggle?7"))
client.fin()
dev.wait("rx_waiting>0,slot0!=Establ,slot1!=Establ")
dev.advance_until("fw=loop,commands=3")
dev.expect(stale_commands=2)
check(not dev.try_command("left 1024")["ok"], "left 1024")

# Silent connections are counted while they are there.
silent = [dev.connect()]
dev.advance(0.01)
silent.append(dev.connect())
dev.expect(silent=2)
silent[0].sock.sendall(b"G")
dev.wait("silent=1")

# What is sent under way: the reply and its FIN come a round trip later, and
# at most 2 KB are under way at a time.
for rtt_ms, least_s, most_s in ((0, 0, 0.02), (200, 0.2, 0.25)):
    dev = site("--rtt-ms", rtt_ms)
    client = dev.connect(request("/"))
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
