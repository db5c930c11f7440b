#!/usr/bin/env python3
"""Proves that many Modbus masters share one kept device connection: each gets
its own answers, in its own turn, and nothing that writes is ever sent twice."""
import contextlib
import signal
import struct
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import until
from stand import Scenes

SCENES = Scenes(profile="modbus")
BUSY, NO_PATH, NO_ANSWER = 0x06, 0x0A, 0x0B
READ, WRITE = 3, 6


def frame(tid, unit=1, function=READ, data=b"\0\0\0\1"):
    return struct.pack(">HHHBB", tid, 0, len(data) + 2, unit,
                       function) + data


def take(sock):
    """The next frame that comes: id, unit, function, data."""
    tid, protocol, length, unit, function = struct.unpack(">HHHBB",
                                                          sock.read(8))
    assert protocol == 0, protocol
    return tid, unit, function, sock.read(length - 2)


def reply(sock, asked, data=b"\2\0\7"):
    sock.sendall(frame(asked[0], asked[1], asked[2], data))


def answered(sock, *asked):
    """The device answers the next requests, each its asker's with its id;
    returns them."""
    taken = []
    for master, tid in asked:
        taken.append(take(sock))
        reply(sock, taken[-1])
        assert take(master)[0] == tid
    return taken


def asks(master, sock, tid, **how):
    """It asks, and is answered."""
    master.sendall(frame(tid, **how))
    return answered(sock, (master, tid))[0]


def gets_exception(client, tid, code, function=READ):
    got = take(client)
    assert got == (tid, 1, function | 0x80, bytes((code,))), got


def one_asks(device, proxy):
    """A master, the device's end, and the request that it has there."""
    master = Client(proxy, frame(1))
    sock = device.accept()
    return master, sock, take(sock)


def one_is_answered(device, proxy):
    """A master whose first request is over, and the device's end."""
    master = Client(proxy, frame(1))
    sock = device.accept()
    answered(sock, (master, 1))
    return master, sock


def close(*ends):
    for end in ends:
        end.close()


@SCENES.scene()
def masters_share_one_connection(device, proxy):
    masters = [Client(proxy, frame(7, unit)) for unit in range(1, 9)]
    sock = device.accept()
    seen = set()
    for _ in masters:
        asked = take(sock)
        seen.add(asked[0])
        reply(sock, asked, b"\2\0" + bytes((asked[1],)))
    assert len(seen) == 8, seen
    for unit, m in enumerate(masters, 1):
        assert take(m) == (7, unit, READ, b"\2\0" + bytes((unit,)))
    assert device.nobody_waits()
    # Kept: the next question comes on the same connection.
    asks(masters[3], sock, 9)
    for m in masters:
        m.fin().gets("EOF", cause="done")
    # What the device has answered is counted for who had asked.
    proxy.logged(7, "in=12 out=11 ")
    proxy.logged(1, "in=24 out=22 ")
    sock.close()


@SCENES.scene()
def frames_may_be_cut_anywhere(device, proxy):
    def crumbs(sock, data):
        for byte in data:
            sock.sendall(bytes((byte,)))
            time.sleep(0.001)
    m = Client(proxy)
    crumbs(m, frame(0x1234) + frame(0x1235))
    sock = device.accept()
    for tid in (0x1234, 0x1235):
        crumbs(sock, frame(take(sock)[0]))
        assert take(m) == (tid, 1, READ, b"\0\0\0\1")
    # Two answers in one segment, one of them nobody's.
    m.sendall(frame(1))
    asked = take(sock)
    sock.sendall(frame(asked[0] ^ 0x8000, data=b"\2\1\1") +
                 frame(asked[0], data=b"\2\2\2"))
    assert take(m) == (1, 1, READ, b"\2\2\2")
    close(m, sock)


@SCENES.scene("--queue-fin", "keep")
def turns_go_by_address_then_by_connection(device, proxy):
    first = Client(proxy, frame(0, 10))
    sock = device.accept()
    asked = take(sock)
    many = Client(proxy, b"".join(frame(i, 20) for i in range(3)))
    proxy.counts(queue=1)
    same = Client(proxy, frame(0, 30))
    proxy.counts(queue=2)
    other = Client(proxy, frame(0, 40), source="127.0.0.2")
    proxy.counts(queue=3)
    order = []
    for _ in range(5):
        reply(sock, asked)
        asked = take(sock)
        order.append(asked[1])
    reply(sock, asked)
    assert order.index(40) < 2, order
    assert order.index(30) < [i for i, u in enumerate(order) if u == 20][1], \
        order
    for c, count in ((first, 1), (many, 3), (same, 1), (other, 1)):
        for i in range(count):
            assert take(c)[0] == i
    close(first, many, same, other, sock)


@SCENES.scene("--first-byte-timeout", "300ms", "--down-after", "0")
def a_late_answer_is_nobodys(device, proxy):
    m, sock, late = one_asks(device, proxy)
    gets_exception(m, 1, NO_ANSWER)
    n = Client(proxy, frame(1))
    asked = take(sock)
    assert asked[0] != late[0]
    reply(sock, late, b"\2\6\6")
    reply(sock, asked, b"\2\7\7")
    assert take(n) == (1, 1, READ, b"\2\7\7")
    m.quiet(0.2)
    assert device.nobody_waits()
    close(m, n, sock)


@SCENES.scene("--first-byte-timeout", "300ms", "--down-after", "1")
def a_suspected_unit_is_not_probed(device, proxy):
    m, sock, _ = one_asks(device, proxy)
    gets_exception(m, 1, NO_ANSWER)
    proxy.says("device suspected: .*; the next clients decide")
    close(m, sock)


@SCENES.scene()
def an_answer_of_another_unit_is_nobodys(device, proxy):
    """A gateway takes the late answer of a unit for that of the next."""
    m = Client(proxy, frame(5, 17))
    sock = device.accept()
    asked = take(sock)
    for unit, function in ((18, READ), (1, READ | 0x80)):
        sock.sendall(frame(asked[0], unit, function, b"\2\6\6"))
        m.quiet(0.2)
    reply(sock, asked, b"\2\7\7")
    assert take(m) == (5, 17, READ, b"\2\7\7")
    close(m, sock)


@SCENES.scene("--first-byte-timeout", "300ms", "--down-after", "0")
def a_write_without_an_answer_resets_the_link(device, proxy):
    m = Client(proxy, frame(5, function=WRITE))
    sock = device.accept()
    take(sock)
    gets_exception(m, 5, NO_ANSWER, WRITE)
    sock.ends("RST")
    m.sendall(frame(6))
    sock = device.accept()
    assert answered(sock, (m, 6))[0][2] == READ, "the write came again"
    close(m, sock)


@SCENES.scene("--connect-gap", "0")
def a_lost_link_repeats_a_read_once_and_no_write(device, proxy):
    m, sock, first = one_asks(device, proxy)
    sock.close()
    sock = device.accept()
    assert take(sock)[1:] == first[1:]
    sock.close()
    gets_exception(m, 1, NO_ANSWER)
    m.sendall(frame(2, function=WRITE) + frame(3))
    sock = device.accept()
    assert take(sock)[2] == WRITE
    sock.close()
    gets_exception(m, 2, NO_ANSWER, WRITE)
    sock = device.accept()
    assert answered(sock, (m, 3))[0][2] == READ
    # Closed while nobody asks: nobody notices.
    before = proxy.descriptors()
    sock.close()
    until("it is closed", lambda: proxy.descriptors() == before - 1)
    assert not proxy.ends()
    m.sendall(frame(4, function=WRITE))
    sock = device.accept()
    answered(sock, (m, 4))
    close(m, sock)


@SCENES.scene("--queue", "1", places=1)
@SCENES.scene("--queue", "0", places=0)
@SCENES.scene("--queue-timeout", "200ms", places=0)
def who_finds_no_place_is_told(device, proxy, places):
    """Or has waited too long; it may ask again."""
    a, sock, asked = one_asks(device, proxy)
    waiting = [Client(proxy, frame(2)) for _ in range(places)]
    proxy.counts(queue=places)
    late = Client(proxy, frame(3))
    gets_exception(late, 3, BUSY)
    reply(sock, asked)
    assert take(a)[0] == 1
    answered(sock, *((m, 2) for m in waiting))
    sock.quiet(0.2)
    asks(late, sock, 4)
    close(a, late, sock, *waiting)


@SCENES.scene("--connect-retry", "1")
def a_device_that_refuses_is_no_path(device, proxy):
    device.stop()
    masters = [Client(proxy, frame(1)) for _ in range(4)]
    for m in masters:
        gets_exception(m, 1, NO_PATH)
    device.listen()
    masters[0].sendall(frame(2))
    sock = device.accept()
    answered(sock, (masters[0], 2))
    close(*masters, sock)


@SCENES.scene("--connect-timeout", "300ms", "--down-after", "0")
def a_connect_that_takes_too_long_is_no_path(device, proxy):
    fillers = device.fill_backlog()
    m = Client(proxy, frame(1, function=WRITE))
    gets_exception(m, 1, NO_PATH, WRITE)
    close(*fillers)
    device.stop()
    device.listen()
    m.sendall(frame(2))
    sock = device.accept()
    answered(sock, (m, 2))
    close(m, sock)


@SCENES.scene("--first-byte-timeout", "200ms", "--down-after", "2",
              "--probe-backoff", "500ms..1s")
def a_silent_device_is_down_and_the_next_frame_tries(device, proxy):
    a = Client(proxy, frame(1))
    b = Client(proxy, frame(1), source="127.0.0.2")
    sock = device.accept()
    gets_exception(a, 1, NO_ANSWER)
    gets_exception(b, 1, NO_ANSWER)
    until("it is down", lambda: proxy.find("device down"))
    a.sendall(frame(2))
    gets_exception(a, 2, NO_PATH)

    def is_answered():
        a.sendall(frame(3))
        sock.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            asked = take(sock)
            while asked[3] != b"\0\0\0\1" or asked[0] < 3:
                asked = take(sock)
            reply(sock, asked)
        return take(a)[2] == READ
    until("a frame has tried", is_answered)
    until("it is up", lambda: proxy.find("device up"))
    close(a, b, sock)


@SCENES.scene()
def who_leaves_takes_what_was_not_sent(device, proxy):
    a, sock, asked = one_asks(device, proxy)
    b = Client(proxy, frame(2, 20) + frame(3, 20))
    c = Client(proxy, frame(4, 30))
    proxy.counts(queue=2)
    b.reset()
    a.reset()
    until("both have gone", lambda: len(proxy.ends()) == 2)
    reply(sock, asked)
    assert answered(sock, (c, 4))[0][1] == 30
    sock.quiet(0.2)
    close(c, sock)


@SCENES.scene()
def with_a_fin_goes_what_was_not_sent(device, proxy):
    """What was sent is answered, and the log says that it is not all."""
    a, sock, asked = one_asks(device, proxy)
    a.sendall(frame(2))
    proxy.counts(queue=1)
    a.fin()
    proxy.counts(queue=0)
    reply(sock, asked)
    assert take(a)[0] == 1
    a.gets("EOF", cause="client-left")
    sock.close()


@SCENES.scene("--queue-fin", "keep")
def a_half_closed_master_gets_its_answers(device, proxy):
    a = Client(proxy, frame(1) + frame(2)).fin()
    sock = device.accept()
    answered(sock, (a, 1), (a, 2))
    a.gets("EOF")
    Client(proxy, frame(1)[:9]).fin().gets("RST", cause="request-cut")
    sock.quiet(0.2)
    sock.close()


@SCENES.scene("--pipeline", "3", "--first-byte-timeout", "1s")
def several_may_be_in_flight(device, proxy):
    a = Client(proxy, b"".join(frame(i) for i in range(3)))
    b = Client(proxy, frame(7, 9))
    sock = device.accept()
    asked = [take(sock) for _ in range(3)]
    assert len({q[0] for q in asked}) == 3
    sock.quiet(0.2)
    for q in reversed(asked):
        reply(sock, q)
    reply(sock, take(sock))
    got = [take(a)[0] for _ in range(3)]
    assert sorted(got) == [0, 1, 2], got
    assert take(b)[:2] == (7, 9)
    close(a, b, sock)


@SCENES.scene("--request-timeout", "300ms")
def garbage_is_refused(device, proxy):
    for bad in (b"GET / HTTP/1.1\r\n\r\n", frame(1)[:4] + b"\0\1",
                frame(1)[:4] + b"\0\xff"):
        Client(proxy, bad).gets("RST", cause="bad-head")
    assert device.nobody_waits()
    Client(proxy, frame(1) + b"SSH-2.0-x\r\n").gets("RST")
    assert device.nobody_waits()
    m, sock = one_is_answered(device, proxy)
    m.sendall(frame(3)[:5])
    m.gets("RST", cause="request-timeout")
    m = Client(proxy, frame(3, function=WRITE))
    take(sock)
    sock.sendall(b"garbage!")
    gets_exception(m, 3, NO_ANSWER, WRITE)
    sock.ends("RST")
    m.close()


@SCENES.scene("--connect-gap", "300ms", "--settle", "200ms")
def the_shared_connection_is_made_with_care(device, proxy):
    tick = 0.001  # the proxy's clock counts whole ones
    began = time.monotonic()
    a, sock, asked = one_asks(device, proxy)
    assert time.monotonic() - began >= 0.2 - tick
    reply(sock, asked)
    assert take(a)[0] == 1
    began = time.monotonic()
    sock.close()
    a.sendall(frame(2))
    sock = device.accept()
    assert time.monotonic() - began >= 0.3 - tick
    answered(sock, (a, 2))
    close(a, sock)


@SCENES.scene("--idle-timeout", "300ms")
def what_is_idle_ends_in_good_order(device, proxy):
    a, sock = one_is_answered(device, proxy)
    a.gets("EOF", cause="idle-timeout")
    sock.ends("EOF")


@SCENES.scene("--send-timeout", "500ms", "--memory", "1m", "--sndbuf", "4k",
              "--request-timeout", "10s")
def a_master_that_does_not_read_harms_nobody(device, proxy):
    slow = Client(proxy, rcvbuf=2048)
    slow.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < 1 << 20:
            sent += slow.send(b"".join(frame(i) for i in range(100)))
    sock = device.accept()
    good = Client(proxy, frame(1, 77), source="127.0.0.2")
    served = 0
    while not proxy.find("cause=send-timeout") and served < 200000:
        sock.settimeout(3)
        with contextlib.suppress(TimeoutError):
            reply(sock, take(sock), b"\xf0" + bytes(200))
            served += 1
    assert take(good)[1] == 77
    assert proxy.find("cause=send-timeout")
    close(good, slow, sock)


@SCENES.scene()
def a_drain_lets_requests_finish(device, proxy):
    idle, sock = one_is_answered(device, proxy)
    busy = Client(proxy, frame(2))
    asked = take(sock)
    proxy.signal(signal.SIGTERM)
    idle.gets("EOF", cause="shutdown")
    reply(sock, asked)
    assert take(busy)[0] == 2
    busy.gets("EOF")
    sock.ends("EOF")
    proxy.finish()


sys.exit(SCENES.main())
