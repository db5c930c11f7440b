#!/usr/bin/env python3
"""Proves that each stand-in of contrib/devices behaves, and misbehaves, as the
device it stands for. `stand-ins.py printer` plays one of them."""
import base64
import http.client
import os
import shutil
import struct
import sys
import time

from rig import (Stand, check, check_equal, curl, folder, main, request, run,
                 turns_away, until, write)


def test_camera():
    """It streams pictures without end and bears one viewer: a second one and
    the page are reset meanwhile."""
    dev = Stand("camera", "--frame-ms", 20)
    status, body, rc = curl(dev.url + "/capture")
    check_equal((status, len(body), rc), ("200", 8000, 0), "a picture")
    for chunks in (1, 0):
        dev.set("chunks", chunks)
        viewer = dev.connect(request("/stream"))
        head = viewer.read_until(b"\r\n\r\n")
        check(b"multipart/x-mixed-replace;boundary=frame" in head, head)
        check_equal(b"chunked" in head, bool(chunks), "framing")
        seen = 0
        while seen < 5:
            seen += viewer.read_until(b"--frame\r\n").count(b"--frame\r\n")
        check(turns_away(dev), "a second viewer")
        dev.expect(active=1)
        viewer.close()
        dev.wait("active=0")
    check_equal(curl(dev.url + "/")[0], "200", "the page afterwards")

    # curl takes it apart into whole pictures.
    _, body, _ = curl("-m", "1", dev.url + "/stream")
    check(body.count(b"Content-Length: 8000\r\n\r\n\xff\xd8") > 5, len(body))
    dev.wait("active=0")

    # A viewer that stops reading holds the camera, and no picture is taken.
    still = dev.connect(request("/stream"))
    dev.wait("streams=4")
    frames = -1
    while dev.stat("frames") != frames:
        frames = dev.stat("frames")
        dev.try_command(f"wait frames>{frames} 500")
    check(turns_away(dev), "somebody is served beside", still.name)


def test_console():
    """It speaks first and bears one user, whom a second one throws out where
    it is told so."""
    dev = Stand("console")
    first = dev.connect()
    check(first.read_until(b"login: ").startswith(b"ser2net port 2000"),
          "no banner")
    check(turns_away(dev), "a second user")
    first.sendall(b"ls\r\n")
    check(b"ls\r\n1 lines" in first.read_until(b"# "), "no answer")
    first.close()
    dev.wait("active=0,silent=0")

    kicks = Stand("console", "--beyond", "kick", "--telnet", 1)
    first = kicks.connect()
    check(first.read_until(b"login: ").startswith(b"\xff\xfb"), "negotiation")
    second = kicks.connect()
    second.read_until(b"login: ")
    first.ends("RST")
    second.sendall(b"x\n")
    second.read_until(b"# ")
    kicks.expect(max_active=1)
    # A monitor that only connects throws out the worker as well.
    kicks.connect().close()
    check_equal(second.drain()[1], "RST", "the second user")
    kicks.wait("silent=2")

    if shutil.which("ncat"):
        out = run("ncat", *map(str, dev.address), input="id\n")
        check("login: id\n" in out, out)


def test_esp_async():
    """ESPAsyncWebServer serves page, images, events and WebSocket from three
    sockets, and resets the fourth client."""
    dev = Stand("esp-async", "--event-ms", 50)
    status, body, rc = curl(dev.url + "/")
    check_equal((status, rc), ("200", 0), "the page")
    check_equal(body.count(b"<img"), 4, "its images")
    for path, begins in (("/image0.gif", b"GIF89a"), ("/style.css", b"p {")):
        status, body, rc = curl(dev.url + path)
        check_equal((status, rc), ("200", 0), path)
        check(body.startswith(begins), path, body)
    check_equal(curl(dev.url + "/favicon.ico")[0], "404", "an unknown path")

    stream = dev.connect(request("/events"))
    check(b"text/event-stream" in stream.read_until(b"data: 2\n\n"), "events")

    key = base64.b64encode(os.urandom(16)).decode()
    ws = dev.connect(request("/ws", fields="Upgrade: websocket\r\nConnection: "
                             f"Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                             "Sec-WebSocket-Version: 13\r\n"))
    check(b" 101 " in ws.read_until(b"\r\n\r\n"), "no 101")
    ws.sendall(b"\x81\x85\1\2\3\4" + bytes(b ^ (i % 4 + 1)
                                           for i, b in enumerate(b"hello")))
    ws.expect(b"\x81\x05hello")
    try:
        from websockets.sync.client import connect
        with connect("ws://%s/ws" % dev.listen) as real:
            real.send("again")
            check_equal(real.recv(), "again", "the echo of a real client")
    except ImportError:
        pass
    dev.wait("active=2")

    # A third stream takes the last socket: the page is gone for everybody.
    third = dev.connect(request("/events"))
    third.read_until(b"data: 0\n\n")
    check(all(turns_away(dev) for _ in range(3)), "a fourth client")
    dev.expect(turned_away=3)
    third.close()
    dev.wait("active=2")
    check_equal(curl(dev.url + "/")[0], "200", "the page beside two streams")
    ws.sendall(b"\x88\x80\0\0\0\0")
    ws.expect(b"\x88\0")
    dev.wait("active=1")
    check_equal(dev.end()["max_active"], 3, "connections at a time")


def test_esp_idf():
    """ESP-IDF answers in chunks, keeps its connections, leaves the eighth
    client unanswered, and refuses a long head."""
    dev = Stand("esp-idf")
    status, body, rc = curl(dev.url + "/", dev.url + "/style.css")
    check_equal((status, len(body), rc), ("200", 4000, 0), "two pages by curl")
    dev.wait("active=0,conns=1")

    session = http.client.HTTPConnection(*dev.address, timeout=20)
    for _ in range(3):
        session.request("GET", "/")
        reply = session.getresponse()
        check(reply.read().endswith(b"</html>\n"), "a torn page")
        check_equal(reply.getheader("Transfer-Encoding"), "chunked", "framing")
    session.request("HEAD", "/")
    check_equal(session.getresponse().read(), b"", "the body of a HEAD")
    session.close()
    dev.wait("active=0")

    # Seven clients that keep their connection take all; the eighth waits until
    # one of them leaves.
    kept = [dev.connect(request("/")) for _ in range(7)]
    for sock in kept:
        sock.read_until(b"\r\n0\r\n\r\n")
    dev.expect(active=7)
    eighth = dev.connect(request("/")).quiet(0.3)
    kept[3].close()
    eighth.read_until(b"\r\n0\r\n\r\n")

    for sock in kept + [eighth]:
        sock.close()
    dev.wait("active=0")
    status, _, _ = curl("-H", "Cookie: s=" + "x" * 1500, dev.url + "/")
    check_equal(status, "431", "a long head")
    dev.set("length", 1)
    check(b"Content-Length: 2000\r\n" in
          dev.connect(request("/")).read_until(b"</html>\n"), "a length")
    check_equal(dev.end()["max_active"], 7, "the counters at the end")


class Master:
    """Of Modbus, with an id of its own for each request."""

    def __init__(self, dev):
        self.sock = dev.connect()
        self.tid = 0

    def send(self, *pdu, tid=None):
        self.tid = self.tid + 1 if tid is None else tid
        pdu = b"".join(pdu)
        self.sock.sendall(struct.pack(">HHHB", self.tid, 0, len(pdu) + 1, 1) +
                          pdu)

    def ask(self, *pdu, **how):
        self.send(*pdu, **how)
        head = self.sock.read(7)
        check_equal(struct.unpack(">H", head[:2])[0], self.tid, "the id")
        return self.sock.read(head[5] - 1)


def words(function, *values):
    return struct.pack(">B%dH" % len(values), function, *values)


def test_modbus():
    """The unit bears one connection, keeps what is written, counts each write,
    and misbehaves as it is told."""
    dev = Stand("modbus")
    a = Master(dev)
    for pdu, answer, what in (
            (words(3, 0, 2), b"\x03\x04\0\0\0\0", "registers"),
            (words(6, 7, 515), words(6, 7, 515), "a write"),
            (words(16, 8, 2) + b"\x04\0\1\0\2", words(16, 8, 2), "two"),
            (words(3, 7, 3), b"\x03\x06\2\3\0\1\0\2", "what was kept"),
            (words(5, 3, 0xff00), words(5, 3, 0xff00), "a coil"),
            (words(15, 10, 3) + b"\x01\x05", words(15, 10, 3), "coils"),
            (words(1, 0, 16), b"\x01\x02\x08\x14", "coils as kept"),
            (words(3, 999, 2), b"\x83\2", "an address"),
            (words(3, 0, 126), b"\x83\3", "a count"),
            (words(43, 0, 0), b"\xab\1", "a function"),
            (b"\x03\0", b"\x83\3", "a short frame")):
        check_equal(a.ask(pdu), answer, what)
    dev.expect(writes=4)
    for _ in range(2):
        a.ask(words(6, 7, 9), tid=77)
    dev.expect(repeated_writes=1)
    check(turns_away(dev), "a second master")
    a.sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    check_equal(a.sock.recv(1), b"", "an end after garbage")
    dev.wait("bad_frames=1,active=0")

    # Silence, pieces, lateness.
    a = Master(dev)
    dev.set("pieces", 1)
    check_equal(a.ask(words(3, 0, 1)), b"\x03\x02\0\0", "piece by piece")
    dev.set("silent-every", 1)
    a.send(words(3, 0, 1))
    a.sock.quiet(0.3)
    dev.set("silent-every", 0)
    dev.set("late-every", 1)
    dev.set("late", 0.6)
    began = time.monotonic()
    a.ask(words(3, 0, 1))
    check(time.monotonic() - began >= 0.6, "not late")
    a.sock.close()
    dev.wait("active=0")

    # A unit that takes no notice of a FIN is free again after a reset only.
    dev = Stand("modbus", "--ignore-fin", 1, "--blind", 0.5)
    a = Master(dev)
    a.send(words(3, 0, 1))
    a.sock.quiet(0.3).fin()
    check(turns_away(dev), "free after a FIN")
    a.sock.reset()
    dev.wait("active=0")

    # Real masters, where they are installed.
    if shutil.which("mbpoll"):
        dev = Stand("modbus")
        tcp = ("mbpoll", "-0", "-1", "-t", "4", "-p", str(dev.port))
        run(*tcp, "-r", "5", dev.address[0], "77")
        dev.wait("active=0")
        out = run(*tcp, "-r", "4", "-c", "3", dev.address[0])
        check("[5]: \t77\n" in out, "mbpoll", out)
        dev.expect(writes=1)
    try:
        from pymodbus.client import ModbusTcpClient
    except ImportError:
        return
    dev = Stand("modbus")
    real = ModbusTcpClient(dev.address[0], port=dev.port)
    check(real.connect(), "pymodbus cannot connect")
    real.write_register(5, 1234)
    check_equal(real.read_holding_registers(5).registers, [1234], "pymodbus")
    real.close()


def test_printer():
    """It takes one job a connection, answers status queries within it, ends
    long after its client, and resets the job that comes early."""
    dev = Stand("printer", "--finish", 1)
    began = time.monotonic()
    dev.connect(b"x" * 20000).fin().ends()
    check(time.monotonic() - began >= 1, "the printer's FIN came early")
    dev.wait("jobs=1,job_bytes=20000")

    # The next job is taken after a second, and reset until then.
    check(turns_away(dev), "taken too early")

    def second_job():
        try:
            dev.connect(b"second").fin().drain()
        except OSError:
            pass
        return dev.stat("jobs") == 2
    until("the second job is printed", second_job)

    # Status comes back on the job's connection, cut as it may be.
    dev.set("gap", 0)

    def half_query():
        try:
            return dev.connect(b"~H").quiet(0.3)
        except (OSError, AssertionError):  # it is reset
            return None
    sock = until("the third is taken", half_query)
    sock.sendall(b"S")
    check_equal(sock.read_until(b"\r\n")[:1], b"\x02", "the status")
    sock.sendall(b"\x10\x04\x01")
    sock.expect(b"\x12")
    check(turns_away(dev), "a second job beside it")
    sock.close()
    dev.wait("queries=2,jobs=3,active=0")

    # Out of paper it reads nothing; then the job goes on.
    out = Stand("printer", "--paper-after", 4096, "--paper-seconds", 1,
                "--finish", 0)
    began = time.monotonic()
    out.connect(b"x" * 3000000).fin().drain()
    check(time.monotonic() - began >= 1, "a job without paper was printed")
    out.wait("jobs=1,job_bytes=3000000")


def test_scpi():
    """The instrument answers queries and not commands, works on one line at a
    time, has two sockets, and leaves answers behind."""
    dev = Stand("scpi")

    def ask(sock, line, *answers):
        sock.sendall(line.encode() + b"\n")
        for answer in answers:
            sock.expect(answer.encode() + b"\n")

    a, b = dev.connect(), dev.connect()
    ask(a, "*IDN?", "EXAMPLE,PSU-1,0001,1.0")
    ask(a, "VOLT 3.3\nVOLT?", "3.300")
    ask(b, "FOO")
    b.quiet(0.3)
    ask(b, "SYST:ERR?", '-113,"Undefined header"')
    ask(b, "SYST:ERR?", '0,"No error"')
    dev.wait("active=2")
    check(turns_away(dev), "a third client")

    # A long query of one holds up the other.
    dev.set("measure-ms", 600)
    ask(a, "MEAS?")
    dev.wait("measures=1")
    began = time.monotonic()
    ask(b, "VOLT?", "3.300")
    check(time.monotonic() - began >= 0.2, "it was not held up")
    a.expect(b"3.300\n")

    # Who leaves before the answer leaves it to the next, or nobody.
    for shared, answers in (
            (0, (("SYST:ERR?", '-410,"Query INTERRUPTED"'),)),
            (1, (("VOLT?", "3.300"), ("SYST:ERR?", "3.300")))):
        dev.set("shared-output", shared)
        lost = dev.stat("lost_answers")
        ask(a, "MEAS?")
        a.reset()
        dev.wait(f"lost_answers={lost + 1},active=1")
        a = dev.connect()
        for line, answer in answers:
            ask(a, line, answer)


def test_uploader():
    """It takes an image at the pace of its flash, checks it, refuses early, and
    is left with a broken image when the upload ends."""
    image = write(os.path.join(folder(), "image.bin"), "x" * 60000)
    dev = Stand("uploader", "--check", 0.5)
    began = time.monotonic()
    answer = curl("-F", "firmware=@" + image, dev.url + "/update")
    check_equal(answer[:2], ("200", b"OK\n"), "an upload as browsers send it")
    check(time.monotonic() - began >= 2, "60 kB at 40 kB/s and a check")
    dev.expect(flashed=1)
    check(dev.stat("body_bytes") > 60000, dev.stat())

    # Restarting, it takes nobody; then it does again.
    dev.set("rate", 0)
    dev.set("check", 0)
    dev.wait("active=0")
    status = "000"
    while status == "000":
        status, _, _ = curl("--data-binary", "@" + image, dev.url + "/update")
    check_equal(status, "200", "after its restart")

    half = Stand("uploader")
    sock = half.connect(request("/update", "POST", "Content-Length: 9000\r\n",
                                b"x" * 4000))
    half.wait("body_bytes=4000")
    sock.close()
    half.wait("broken=1,active=0")

    # What comes of an early refusal is a race between the 401 and the reset.
    locked = Stand("uploader", "--refuse-after", 20000)
    status, _, rc = curl("-F", "firmware=@" + image, locked.url + "/update")
    check(status == "401" or rc in (55, 56), status, rc)
    locked.wait("refused=1,flashed=0,active=0")
    page = locked.connect(request("/"))
    check_equal(page.outcome(), "200", "the page")
    check(page.got.endswith(b"</html>\n"), page.got)


def test_slips():
    """A number too small, and an address or a path that is not to be had, is
    one line that says so."""
    for status, said, *args in (
            (2, "--sockets: 0: expected 1 or more", "--sockets", "0"),
            (2, "--event-ms: -1: expected 0 or more", "--event-ms", "-1"),
            (2, "--gap: nan: expected 0 or more", "--gap", "nan"),
            (2, "expected ADDRESS:PORT", "--listen", "127.0.0.1:65536"),
            (71, "camera.py: 192.0.2.1:0: Cannot assign", "--listen",
             "192.0.2.1:0"),
            (71, "camera.py: ./no/x: No such file", "--control", "./no/x")):
        out = run(sys.executable, "contrib/devices/camera.py", *args,
                  status=status)
        check(said in out and "Traceback" not in out, args, out)


main()
