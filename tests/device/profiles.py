#!/usr/bin/env python3
"""Proves that each stand-in, with the misbehaviour that its field report
tells, serves all its clients through the profile that doc/devices.md gives
for it, and has nobody to turn away."""
import concurrent.futures
import struct

from rig import (OK, Stand, before, check, check_equal, dial, main, request)

CAMERA = ("--slots", "1", "--stream-slots", "1", "--stream-yield", "1s")
LINES = ("--gate", "line", "--shared-connection", "on",
         "--first-byte-timeout", "10s")
MODBUS = ("--first-byte-timeout", "300ms", "--down-after", "0",
          "--queue-timeout", "30s")


def behind(profile, *flags, device, turns_away=False):
    """A test with a device and a proxy, which must not find fault with it."""
    def mark(scene):
        def play():
            dev = Stand(*device)
            proxy = before(dev, *flags, profile=profile)
            scene(dev, proxy)
            if not turns_away:
                dev.expect(turned_away=0)
            check_equal(proxy.matching('msg="device '), [], "messages")
            proxy.stop()
        return play
    return mark


def page_of(proxy):
    client = dial(proxy, request("/"))
    check_equal(client.outcome(), "200", "a page")
    return client.got


@behind("esp", "--strip-header", "Cookie", device=("esp-idf",))
def test_kept_connections(_, proxy):
    """Clients that keep theirs, more than it has, and cookies of others."""
    kept = [dial(proxy, request("/", fields="Cookie: s=" + "x" * 1500 +
                                "\r\n")) for _ in range(20)]
    for sock in kept:
        page = sock.read_until(b"\r\n0\r\n\r\n")
        check(page.startswith(OK), page[:80])


@behind("esp", device=("esp-async",))
def test_streams_and_pages(dev, proxy):
    """More streams than the proxy lets it have, and pages beside them."""
    viewers = [dial(proxy, request("/events")) for _ in range(5)]
    for _ in range(10):
        page_of(proxy)
    dev.wait("streams=5")
    viewers[-1].read_until(b"event: ")
    for sock in viewers:
        sock.close()


@behind("esp", *CAMERA, device=("camera",))
def test_viewers_and_pages(_, proxy):
    """A camera that resets whoever comes while it has a viewer."""
    for leave in (dial.reset, dial.close, None):
        viewer = dial(proxy, request("/stream"))
        viewer.read_until(b"--frame\r\n")
        if leave:
            leave(viewer)
        check(b"camera</html>" in page_of(proxy), leave)
    check_equal(viewer.drain()[1], "RST", "who looked on")


# A printer that is not ready is asked again.
@behind("printer", device=("printer", "--gap", 0.3, "--finish", 0.1),
        turns_away=True)
def test_jobs(dev, proxy):
    """Tills that come before the printer is ready, and one that asks it."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda size: dial(proxy, b"x" * size).fin().ends(),
                      (30000, 2000, 100)))
    asks = dial(proxy, b"~HS")
    asks.read_until(b"0123")
    asks.close()
    dev.wait("jobs=4,active=0,job_bytes=32103,cut_jobs=0")


@behind("serial", device=("console", "--beyond", "kick"))
def test_users(dev, proxy):
    """A console that a second user, or a monitor, takes from the first."""
    first = dial(proxy)
    first.read_until(b"login: ")
    for _ in range(3):
        dial(proxy).close()
    second = dial(proxy)
    first.sendall(b"ls\n")
    first.read_until(b"1 lines so far\r\n# ")
    dev.expect(conns=1, silent=0)
    first.close()
    second.read_until(b"login: ")
    second.close()


@behind("serial", *LINES, device=("scpi", "--shared-output", 1))
def test_programs(dev, proxy):
    """An answer that is not fetched goes to whoever asks next."""
    left = dial(proxy, b"MEAS?\n")
    dev.wait("measures=1")
    left.reset()
    others = [dial(proxy) for _ in range(5)]
    for i, sock in enumerate(others):
        sock.sendall(b"VOLT %d\nVOLT?\n*IDN?\n" % i)
    for sock in others:
        sock.read(1)
        sock.expect(b".000\nEXAMPLE,PSU-1,0001,1.0\n").close()
    dev.expect(lost_answers=0, conns=1)


@behind("modbus", *MODBUS, device=(
    "modbus", "--ignore-fin", 1, "--silent-every", 13, "--pieces", 1,
    "--late-every", 11, "--late", 0.4, "--delay-ms", 1))
def test_masters(dev, proxy):
    """Silences, late answers in pieces, and a slot that only a reset frees."""
    def master(unit):
        sock, written = dial(proxy), None
        for tid in range(16):
            write = tid % 4 == 0
            value = unit * 100 + tid if write else 1
            sock.sendall(struct.pack(">HHHBBHH", tid, 0, 6, unit,
                                     6 if write else 3, unit, value))
            head = sock.read(8)
            rest = sock.read(head[5] - 2)
            check_equal((head[:2], head[6]), (struct.pack(">H", tid), unit),
                        "whose answer")
            if head[7] & 0x80:
                check_equal(rest, b"\x0b", "the exception")
                # A write without an answer may have been carried out.
                written = None if write else written
                continue
            written = value if write else written
            if written:
                check_equal(rest[-2:], struct.pack(">H", written), "value")
        sock.close()

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(master, (1, 2, 3)))
    dev.expect(repeated_writes=0, bad_frames=0)


main(at_once=7)
