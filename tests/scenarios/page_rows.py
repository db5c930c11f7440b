"""Four ways in which other firmware answers, asked of every front.

They are played by the emulator's second firmware (tempdev --firmware site):
pages longer than a reply buffer or slower than a reply timeout, chunks on
connections that the device keeps, and bodies that it reads.
"""
import time

from book import ALONE, of_pages, slowest_ms
from clients import Client, get, together

SITE = ("--uptime", 100, "--firmware", "site")
LAST_CHUNK = b"\r\n0\r\n\r\n"
LONG_BYTES = 200000
VISITORS = 20


def request(path, method="GET", body=b"", announced=None):
    text = "%s %s HTTP/1.1\r\nHost: device\r\n" % (method, path)
    if method != "GET":
        text += "Content-Length: %d\r\n" % (
            len(body) if announced is None else announced)
    return text.encode() + b"\r\n" + body


PAGE = request("/")


def still_serves(stage):
    """Nothing before has made the device count as broken."""
    replies = [get(stage.address, PAGE) for _ in range(3)]
    stage.answers("three visitors afterwards", replies)


@of_pages("a page longer than a reply buffer", *SITE, when=ALONE)
def long_page(stage):
    c = get(stage.address, request("/long?%d" % LONG_BYTES))
    body = c.got.partition(b"\r\n\r\n")[2]
    stage.must("a page of %d bytes: %s, %d bytes" %
               (LONG_BYTES, c.result, len(body)),
               c.result == "200" and len(body) == LONG_BYTES)
    served = stage.device.stat("requests_total")
    # Larger than what the kernels on the way keep.
    unread = Client(stage.address, request("/long?8000000"), rcvbuf=1)
    stage.becomes("requests_total>%d,fw=send" % served, 10)
    others = together(3, lambda n: get(stage.address, PAGE))
    stage.answers("three visitors beside one who does not read it", others)
    still_serves(stage)
    unread.close()
    stage.invariants()


@of_pages("a page that takes longer than a reply timeout", *SITE)
def slow_page(stage):
    began = time.monotonic()

    def visit(n):
        time.sleep(7 * n)  # the second in the middle of the first
        c = Client(stage.address, PAGE if n else request("/slow?15"))
        c.sock.settimeout(25)  # a reply that is held comes as a whole
        c.outcome()
        return c
    replies = together(2, visit)
    stage.answers("a page sent in 15 s", replies[0])
    stage.answers("a visitor who came in its middle", replies[1])
    stage.after("both had theirs", time.monotonic() - began, 14.5, 18, "15")
    still_serves(stage)
    stage.invariants()


@of_pages("chunks on connections that the device keeps", *SITE)
def chunks_kept_alive(stage):
    clients = []
    end = time.monotonic() + 40
    while len(clients) < VISITORS and time.monotonic() < end:
        c = Client(stage.address, request("/chunked"))
        c.outcome(close=False, until=LAST_CHUNK)
        clients.append(c)
    stage.must("%d of %d visitors came" % (len(clients), VISITORS),
               len(clients) == VISITORS)
    stage.answers("visitors who keep their connection", clients)
    stage.at_most("slowest", slowest_ms(clients), 500)
    stage.must("each reply has its last chunk",
               all(LAST_CHUNK in c.got for c in clients))
    stage.count("max_active", 1)
    for c in clients:
        c.close()
    still_serves(stage)


@of_pages("a firmware that reads bodies", *SITE)
def bodies(stage):
    c = get(stage.address, request("/form?4000", "POST", b"x" * 12000))
    stage.answers("a body read in 3 s", c)
    c = get(stage.address, request("/update?4000,2", "POST", b"x" * 8000))
    stage.answers("an image written and checked in 2 s each", c)
    c = get(stage.address, request("/locked?1000", "POST", b"x" * 12000))
    stage.answers("a body refused in its middle", c, "401")
    half = Client(stage.address, request("/form", "POST", b"x" * 100,
                                         announced=1000))
    half.fin()
    half.outcome()
    stage.answers("half a body and a FIN", half, "400", "eof", "reset")
    stage.count("cut_bodies", 0)

    # Somebody gives up his command while the device is busy.
    busy = Client(stage.address, request("/form?4000", "POST", b"x" * 12000))
    stage.becomes("body_bytes>20000,fw=read", 5)
    gone = Client(stage.address, request("/toggle?1"))
    time.sleep(0.5)  # so long it waits, while the body is read
    gone.close()
    stage.device.command("left 1")
    busy.outcome()
    stage.answers("the one it was busy with", busy)
    still_serves(stage)
    stage.count("stale_commands", 0)
    stage.becomes("active=0", 2)
    stage.count("max_active", 1)
