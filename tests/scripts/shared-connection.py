#!/usr/bin/env python3
"""Proves that many Modbus masters, or users of an instrument, share one kept
device connection: each gets its own answers, in its own turn, and nothing that
writes is ever sent twice."""
import signal
import struct
import sys
import time

sys.path.insert(0, "tests/lib")
from stand import Client, Scenes, end_seen_by, until

SCENES = Scenes(profile="modbus")
BUSY, NO_PATH, NO_ANSWER = 0x06, 0x0A, 0x0B
READ, WRITE = 3, 6


def frame(tid, unit=1, function=READ, data=b"\0\0\0\1"):
    return struct.pack(">HHHBB", tid, 0, len(data) + 2, unit,
                       function) + data


def take(sock):
    """The next frame that comes: id, unit, function, data."""
    head = b""
    while len(head) < 8:
        piece = sock.recv(8 - len(head))
        assert piece, "the end after %r" % head
        head += piece
    tid, protocol, length, unit, function = struct.unpack(">HHHBB", head)
    assert protocol == 0, head
    data = b""
    while len(data) < length - 2:
        piece = sock.recv(length - 2 - len(data))
        assert piece, "the end within a frame"
        data += piece
    return tid, unit, function, data


def reply(sock, asked, data=b"\2\0\7"):
    sock.sendall(frame(asked[0], asked[1], asked[2], data))


def is_exception(client, tid, code, function=READ):
    got = take(client.sock)
    assert got == (tid, 1, function | 0x80, bytes((code,))), got


def silent(sock, seconds=0.2):
    sock.settimeout(seconds)
    try:
        got = sock.recv(100)
    except TimeoutError:
        return True
    finally:
        sock.settimeout(30)
    raise AssertionError("%r came" % got)


def one_asks(device, proxy):
    """A master, the device's end, and the request that it has there."""
    master = Client(proxy, frame(1))
    sock = device.accept()
    return master, sock, take(sock)


def close(*ends):
    for end in ends:
        (end.sock if isinstance(end, Client) else end).close()


def waiting(proxy, count):
    """Each connection waits with one request."""
    until("%d wait" % count, lambda: proxy.counters()["queue"] == count)


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
        assert take(m.sock) == (7, unit, READ, b"\2\0" + bytes((unit,)))
    assert device.nobody_waits()
    # Kept: the next question comes on the same connection.
    masters[3].sock.sendall(frame(9))
    reply(sock, take(sock))
    assert take(masters[3].sock)[0] == 9
    for m in masters:
        m.fin()
        m.gets("EOF")
    sock.close()


@SCENES.scene()
def frames_may_be_cut_anywhere(device, proxy):
    m = Client(proxy)
    for byte in frame(0x1234) + frame(0x1235):
        m.sendall(bytes((byte,)))
        time.sleep(0.001)
    sock = device.accept()
    for tid in (0x1234, 0x1235):
        asked = take(sock)
        for byte in frame(asked[0]):
            sock.sendall(bytes((byte,)))
            time.sleep(0.001)
        assert take(m.sock) == (tid, 1, READ, b"\0\0\0\1")
    # Two answers in one segment, one of them nobody's.
    m.sendall(frame(1))
    asked = take(sock)
    sock.sendall(frame(asked[0] ^ 0x8000, data=b"\2\1\1") +
                 frame(asked[0], data=b"\2\2\2"))
    assert take(m.sock) == (1, 1, READ, b"\2\2\2")
    close(m, sock)


@SCENES.scene("--queue-fin", "keep")
def turns_go_by_address_then_by_connection(device, proxy):
    first = Client(proxy, frame(0, 10))
    sock = device.accept()
    asked = take(sock)
    many = Client(proxy, b"".join(frame(i, 20) for i in range(3)))
    waiting(proxy, 1)
    same = Client(proxy, frame(0, 30))
    waiting(proxy, 2)
    other = Client(proxy, frame(0, 40), source="127.0.0.2")
    waiting(proxy, 3)
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
            assert take(c.sock)[0] == i
    close(first, many, same, other, sock)


@SCENES.scene("--first-byte-timeout", "300ms", "--down-after", "0")
def a_late_answer_is_nobodys(device, proxy):
    m = Client(proxy, frame(5))
    sock = device.accept()
    late = take(sock)
    is_exception(m, 5, NO_ANSWER)
    n = Client(proxy, frame(5))
    asked = take(sock)
    assert asked[0] != late[0]
    reply(sock, late, b"\2\6\6")
    reply(sock, asked, b"\2\7\7")
    assert take(n.sock) == (5, 1, READ, b"\2\7\7")
    silent(m.sock)
    assert device.nobody_waits()
    close(m, n, sock)


@SCENES.scene()
def an_answer_of_another_unit_is_nobodys(device, proxy):
    """A gateway takes the late answer of a unit for that of the next."""
    m = Client(proxy, frame(5, 17))
    sock = device.accept()
    asked = take(sock)
    for unit, function in ((18, READ), (1, READ | 0x80)):
        sock.sendall(frame(asked[0], unit, function, b"\2\6\6"))
        silent(m.sock)
    reply(sock, asked, b"\2\7\7")
    assert take(m.sock) == (5, 17, READ, b"\2\7\7")
    close(m, sock)


@SCENES.scene("--first-byte-timeout", "300ms", "--down-after", "0")
def a_write_without_an_answer_resets_the_link(device, proxy):
    m = Client(proxy, frame(5, function=WRITE))
    sock = device.accept()
    take(sock)
    is_exception(m, 5, NO_ANSWER, WRITE)
    assert end_seen_by(sock) == "RST"
    m.sendall(frame(6))
    sock = device.accept()
    asked = take(sock)
    assert asked[2] == READ, "the write came again"
    reply(sock, asked)
    assert take(m.sock)[0] == 6
    close(m, sock)


@SCENES.scene("--connect-gap", "0")
def a_lost_link_repeats_a_read_once_and_no_write(device, proxy):
    m = Client(proxy, frame(1))
    sock = device.accept()
    first = take(sock)
    sock.close()
    sock = device.accept()
    again = take(sock)
    assert again[1:] == first[1:]
    sock.close()
    is_exception(m, 1, NO_ANSWER)
    m.sendall(frame(2, function=WRITE) + frame(3))
    sock = device.accept()
    assert take(sock)[2] == WRITE
    sock.close()
    is_exception(m, 2, NO_ANSWER, WRITE)
    sock = device.accept()
    asked = take(sock)
    assert asked[2] == READ
    reply(sock, asked)
    assert take(m.sock)[0] == 3
    # Closed while nobody asks: nobody notices.
    before = proxy.descriptors()
    sock.close()
    until("it is closed", lambda: proxy.descriptors() == before - 1)
    assert not proxy.ends()
    m.sendall(frame(4, function=WRITE))
    sock = device.accept()
    reply(sock, take(sock))
    assert take(m.sock)[0] == 4
    close(m, sock)


@SCENES.scene("--queue", "1")
def a_full_queue_is_told(device, proxy):
    a, sock, asked = one_asks(device, proxy)
    b = Client(proxy, frame(2))
    waiting(proxy, 1)
    c = Client(proxy, frame(3))
    is_exception(c, 3, BUSY)
    reply(sock, asked)
    reply(sock, take(sock))
    assert take(a.sock)[0] == 1
    assert take(b.sock)[0] == 2
    c.sendall(frame(4))
    reply(sock, take(sock))
    assert take(c.sock)[0] == 4
    close(a, b, c, sock)


@SCENES.scene("--queue", "0")
def without_a_queue_one_at_a_time(device, proxy):
    a, sock, asked = one_asks(device, proxy)
    b = Client(proxy, frame(2))
    is_exception(b, 2, BUSY)
    reply(sock, asked)
    assert take(a.sock)[0] == 1
    b.sendall(frame(3))
    reply(sock, take(sock))
    assert take(b.sock)[0] == 3
    close(a, b, sock)


@SCENES.scene("--queue-timeout", "200ms")
def a_frame_that_waited_too_long_is_told(device, proxy):
    a, sock, asked = one_asks(device, proxy)
    b = Client(proxy, frame(2))
    is_exception(b, 2, BUSY)
    reply(sock, asked)
    assert take(a.sock)[0] == 1
    silent(sock)
    close(a, b, sock)


@SCENES.scene("--connect-retry", "1")
def a_device_that_refuses_is_no_path(device, proxy):
    device.stop()
    masters = [Client(proxy, frame(1)) for _ in range(4)]
    for m in masters:
        is_exception(m, 1, NO_PATH)
    device.listen()
    masters[0].sock.sendall(frame(2))
    sock = device.accept()
    reply(sock, take(sock))
    assert take(masters[0].sock)[0] == 2
    close(*masters, sock)


@SCENES.scene("--connect-timeout", "300ms", "--down-after", "0")
def a_connect_that_takes_too_long_is_no_path(device, proxy):
    fillers = device.fill_backlog()
    m = Client(proxy, frame(1, function=WRITE))
    is_exception(m, 1, NO_PATH, WRITE)
    for filler in fillers:
        filler.close()
    device.stop()
    device.listen()
    m.sendall(frame(2))
    sock = device.accept()
    reply(sock, take(sock))
    assert take(m.sock)[0] == 2
    close(m, sock)


@SCENES.scene("--first-byte-timeout", "200ms", "--down-after", "2",
              "--probe-backoff", "500ms..1s")
def a_silent_device_is_down_and_the_next_frame_tries(device, proxy):
    a = Client(proxy, frame(1))
    b = Client(proxy, frame(1), source="127.0.0.2")
    sock = device.accept()
    is_exception(a, 1, NO_ANSWER)
    is_exception(b, 1, NO_ANSWER)
    until("it is down", lambda: proxy.find("device down"))
    a.sendall(frame(2))
    is_exception(a, 2, NO_PATH)

    def answered():
        a.sendall(frame(3))
        sock.settimeout(0.1)
        try:
            asked = take(sock)
            while asked[3] != b"\0\0\0\1" or asked[0] < 3:
                asked = take(sock)
            reply(sock, asked)
        except TimeoutError:
            pass
        return take(a.sock)[2] == READ
    until("a frame has tried", answered)
    until("it is up", lambda: proxy.find("device up"))
    close(a, b, sock)


@SCENES.scene()
def who_leaves_takes_what_was_not_sent(device, proxy):
    a, sock, asked = one_asks(device, proxy)
    b = Client(proxy, frame(2, 20) + frame(3, 20))
    c = Client(proxy, frame(4, 30))
    waiting(proxy, 2)
    b.reset()
    a.reset()
    until("both have gone", lambda: len(proxy.ends()) == 2)
    reply(sock, asked)
    asked = take(sock)
    assert asked[1] == 30
    reply(sock, asked)
    assert take(c.sock)[0] == 4
    silent(sock)
    close(c, sock)


@SCENES.scene("--queue-fin", "keep")
def a_half_closed_master_gets_its_answers(device, proxy):
    a = Client(proxy, frame(1) + frame(2))
    a.fin()
    sock = device.accept()
    reply(sock, take(sock))
    reply(sock, take(sock))
    assert take(a.sock)[0] == 1
    assert take(a.sock)[0] == 2
    a.gets("EOF")
    cut = Client(proxy, frame(1)[:9])
    cut.fin()
    cut.gets("RST", cause="request-cut")
    silent(sock)
    sock.close()


@SCENES.scene("--pipeline", "3", "--first-byte-timeout", "1s")
def several_may_be_in_flight(device, proxy):
    a = Client(proxy, b"".join(frame(i) for i in range(3)))
    b = Client(proxy, frame(7, 9))
    sock = device.accept()
    asked = [take(sock) for _ in range(3)]
    assert len({q[0] for q in asked}) == 3
    silent(sock)
    for q in reversed(asked):
        reply(sock, q)
    reply(sock, take(sock))
    got = [take(a.sock)[0] for _ in range(3)]
    assert sorted(got) == [0, 1, 2], got
    assert take(b.sock)[:2] == (7, 9)
    close(a, b, sock)


@SCENES.scene("--request-timeout", "300ms")
def garbage_is_refused(device, proxy):
    for bad in (b"GET / HTTP/1.1\r\n\r\n", frame(1)[:4] + b"\0\1",
                frame(1)[:4] + b"\0\xff"):
        m = Client(proxy, bad)
        m.gets("RST", cause="bad-head")
    assert device.nobody_waits()
    m = Client(proxy, frame(1) + b"SSH-2.0-x\r\n")
    m.gets("RST")
    assert device.nobody_waits()
    m = Client(proxy, frame(2))
    sock = device.accept()
    reply(sock, take(sock))
    assert take(m.sock)[0] == 2
    m.sendall(frame(3)[:5])
    m.gets("RST", cause="request-timeout")
    m = Client(proxy, frame(3, function=WRITE))
    take(sock)
    sock.sendall(b"garbage!")
    is_exception(m, 3, NO_ANSWER, WRITE)
    assert end_seen_by(sock) == "RST"
    m.close()


@SCENES.scene("--connect-gap", "300ms", "--settle", "200ms")
def the_shared_connection_is_made_with_care(device, proxy):
    tick = 0.001  # the proxy's clock counts whole ones
    began = time.monotonic()
    a, sock, asked = one_asks(device, proxy)
    assert time.monotonic() - began >= 0.2 - tick
    reply(sock, asked)
    assert take(a.sock)[0] == 1
    began = time.monotonic()
    sock.close()
    a.sendall(frame(2))
    sock = device.accept()
    assert time.monotonic() - began >= 0.3 - tick
    reply(sock, take(sock))
    assert take(a.sock)[0] == 2
    close(a, sock)


@SCENES.scene("--idle-timeout", "300ms")
def what_is_idle_ends_in_good_order(device, proxy):
    a = Client(proxy, frame(1))
    sock = device.accept()
    reply(sock, take(sock))
    assert take(a.sock)[0] == 1
    a.gets("EOF", cause="idle-timeout")
    assert end_seen_by(sock) == "FIN"


@SCENES.scene("--send-timeout", "500ms", "--memory", "1m", "--sndbuf", "4k",
              "--request-timeout", "10s")
def a_master_that_does_not_read_harms_nobody(device, proxy):
    slow = Client(proxy, rcvbuf=2048)
    slow.setblocking(False)
    sent = 0
    try:
        while sent < 1 << 20:
            sent += slow.send(b"".join(frame(i) for i in range(100)))
    except BlockingIOError:
        pass
    sock = device.accept()
    good = Client(proxy, frame(1, 77), source="127.0.0.2")
    served = 0
    while not proxy.find("cause=send-timeout") and served < 200000:
        sock.settimeout(3)
        try:
            asked = take(sock)
        except TimeoutError:
            continue
        reply(sock, asked, b"\xf0" + bytes(200))
        served += 1
    assert take(good.sock)[1] == 77
    assert proxy.find("cause=send-timeout")
    close(good, slow, sock)


@SCENES.scene()
def a_drain_lets_requests_finish(device, proxy):
    idle = Client(proxy, frame(1))
    sock = device.accept()
    reply(sock, take(sock))
    assert take(idle.sock)[0] == 1
    busy = Client(proxy, frame(2))
    asked = take(sock)
    proxy.signal(signal.SIGTERM)
    idle.gets("EOF", cause="shutdown")
    reply(sock, asked)
    assert take(busy.sock)[0] == 2
    busy.gets("EOF")
    assert end_seen_by(sock) == "FIN"
    assert proxy.process.wait(30) == 0


LINE = ("--gate", "line", "--shared-connection", "on", "--slots", "1",
        "--first-byte-timeout", "500ms")


def take_line(sock):
    line = b""
    while not line.endswith(b"\n"):
        piece = sock.recv(1)
        assert piece, line
        line += piece
    return line


@SCENES.scene(*LINE, profile="raw")
def instruments_answer_queries_only(device, proxy):
    a = Client(proxy, b"VOLT 5\n*IDN?\nDISP 'what?'\n")
    b = Client(proxy)
    sock = device.accept()
    assert take_line(sock) == b"VOLT 5\n"
    assert take_line(sock) == b"*IDN?\n"
    silent(sock, 0.1)
    b.sendall(b"MEAS?\r\n")
    silent(sock, 0.1)
    sock.sendall(b"ACME,")
    time.sleep(0.05)  # an answer in two segments
    sock.sendall(b"1,2,3\n")
    assert take_line(a.sock) == b"ACME,1,2,3\n"
    lines = [take_line(sock), take_line(sock)]
    assert sorted(lines) == [b"DISP 'what?'\n", b"MEAS?\r\n"], lines
    block = b"#212one\ntwo\nxyz\n\n"
    sock.sendall(block)
    got = b""
    while len(got) < len(block):
        got += b.recv(100)
    assert got == block
    silent(a.sock, 0.1)
    # Unasked for: nobody's.
    sock.sendall(b"hello\n")
    silent(b.sock, 0.1)
    close(a, b, sock)


@SCENES.scene(*LINE, profile="raw")
def a_query_without_an_answer_is_reset(device, proxy):
    a = Client(proxy, b"READ?\n")
    sock = device.accept()
    take_line(sock)
    a.gets("RST", cause="device-silent")
    assert end_seen_by(sock) == "RST"
    b = Client(proxy, b"*CLS\nREAD?\n")
    sock = device.accept()
    assert take_line(sock) == b"*CLS\n"
    assert take_line(sock) == b"READ?\n"
    sock.sendall(b"1\n")
    assert take_line(b.sock) == b"1\n"
    close(b, sock)


sys.exit(SCENES.main())
