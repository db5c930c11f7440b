#!/usr/bin/env python3
"""Proves that each stand-in, with the misbehaviour that its field report
tells, serves all its clients through the profile that doc/devices.md gives
for it, and has nobody to turn away."""
import concurrent.futures
import socket
import struct

from before_device import Proxy
from rig import check, check_equal
from standins import PATIENCE_S, Stand, read_to_end, read_until, request


def dial(proxy, data=b""):
    sock = socket.create_connection(proxy.address, PATIENCE_S)
    sock.sendall(data)
    return sock


def get(proxy, path="/", fields=""):
    """What comes, and how it ends."""
    return read_to_end(dial(proxy, request(path, fields=fields)))


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def kept_connections(dev, proxy):
    """Clients that keep theirs, more than it has, and cookies of others."""
    kept = [dial(proxy, request("/", fields="Cookie: s=" + "x" * 1500 +
                                "\r\n")) for _ in range(20)]
    for sock in kept:
        page = read_until(sock, b"\r\n0\r\n\r\n")
        check(page.startswith(b"HTTP/1.1 200 "), page[:80])


def streams_and_pages(dev, proxy):
    """More streams than the proxy lets it have, and pages beside them."""
    viewers = [dial(proxy, request("/events")) for _ in range(5)]
    for _ in range(10):
        check(get(proxy)[0].startswith(b"HTTP/1.1 200 "), "no page")
    dev.wait("streams=5")
    read_until(viewers[-1], b"event: ")
    for sock in viewers:
        sock.close()


def viewers_and_pages(dev, proxy):
    """A camera that resets whoever comes while it has a viewer."""
    for leaves in (reset, socket.socket.close, None):
        viewer = dial(proxy, request("/stream"))
        read_until(viewer, b"--frame\r\n")
        if leaves:
            leaves(viewer)
        page, _ = get(proxy)
        check(b"camera</html>" in page, leaves, page)
    check_equal(read_to_end(viewer)[1], "reset", "who looked on")


def jobs(dev, proxy):
    """Tills that come before the printer is ready, and one that asks it."""
    def job(size):
        sock = dial(proxy, b"x" * size)
        sock.shutdown(socket.SHUT_WR)
        return read_to_end(sock)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(job, (30000, 2000, 100)))
    check_equal(ends, [(b"", "fin")] * 3, "jobs")
    asks = dial(proxy, b"~HS")
    read_until(asks, b"0123")
    asks.close()
    dev.wait("jobs=4", "active=0")
    check_equal((dev.stat("job_bytes"), dev.stat("cut_jobs")), (32103, 0),
                "printed")


def users(dev, proxy):
    """A console that a second user, or a monitor, takes from the first."""
    first = dial(proxy)
    read_until(first, b"login: ")
    for _ in range(3):
        dial(proxy).close()
    second = dial(proxy)
    first.sendall(b"ls\n")
    read_until(first, b"1 lines so far\r\n# ")
    check_equal((dev.stat("conns"), dev.stat("silent")), (1, 0), "users")
    first.close()
    read_until(second, b"login: ")
    second.close()


def programs(dev, proxy):
    """An answer that is not fetched goes to whoever asks next."""
    left = dial(proxy, b"MEAS?\n")
    dev.wait("measures=1")
    reset(left)
    others = [dial(proxy) for _ in range(5)]
    for i, sock in enumerate(others):
        sock.sendall(b"VOLT %d\nVOLT?\n*IDN?\n" % i)
    for sock in others:
        volts, name = read_until(sock, b"1.0\n").splitlines()
        check((volts[1:], name) == (b".000", b"EXAMPLE,PSU-1,0001,1.0"),
              "another's answer", volts, name)
        sock.close()
    check_equal((dev.stat("lost_answers"), dev.stat("conns")), (0, 1), "lost")


def masters(dev, proxy):
    """Silences, late answers in pieces, and a slot that only a reset frees."""
    def master(unit):
        sock = dial(proxy)
        for tid in range(16):
            write = tid % 4 == 0
            value = unit * 100 + tid if write else 1
            sock.sendall(struct.pack(">HHHBBHH", tid, 0, 6, unit,
                                     6 if write else 3, unit, value))
            head = read_exactly(sock, 8)
            rest = read_exactly(sock, head[5] - 2)
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
        for done in [pool.submit(master, unit) for unit in (1, 2, 3)]:
            done.result()
    check_equal((dev.stat("repeated_writes"), dev.stat("bad_frames")), (0, 0),
                "frames")


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        check(more, "an end after", data)
        data += more
    return data


CAMERA = ("--slots", "1", "--stream-slots", "1", "--stream-yield", "1s")
LINES = ("--gate", "line", "--shared-connection", "on",
         "--first-byte-timeout", "10s")
SCENES = (
    (kept_connections, "esp-idf", (), "esp", ("--strip-header", "Cookie")),
    (streams_and_pages, "esp-async", (), "esp", ()),
    (viewers_and_pages, "camera", (), "esp", CAMERA),
    (jobs, "printer", ("--gap", 0.3, "--finish", 0.1), "printer", ()),
    (users, "console", ("--beyond", "kick"), "serial", ()),
    (programs, "scpi", ("--shared-output", 1), "serial", LINES),
    (masters, "modbus", ("--ignore-fin", 1, "--silent-every", 13, "--pieces",
                         1, "--late-every", 11, "--late", 0.4, "--delay-ms",
                         1),
     "modbus", ("--first-byte-timeout", "300ms", "--down-after", "0",
                "--queue-timeout", "30s")),
)


def play(scene, name, options, profile, flags):
    dev = Stand(name, *options)
    proxy = Proxy(dev.address, *flags, profile=profile)
    scene(dev, proxy)
    # A printer that is not ready is asked again.
    if name != "printer":
        check_equal(dev.stat("turned_away"), 0, scene.__name__)
    check(not [line for line in proxy.lines if 'msg="device ' in line],
          scene.__name__, proxy.lines)
    proxy.stop()


with concurrent.futures.ThreadPoolExecutor(len(SCENES)) as pool:
    for scene in [pool.submit(play, *scene) for scene in SCENES]:
        scene.result()
