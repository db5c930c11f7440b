#!/usr/bin/env python3
"""Proves that replies without an end pass as they come and live by
stream-timeout alone, and that pages are served beside them, with one slot
too."""
import sys
import time

sys.path.insert(0, "tests/lib")
from stand import Client, Scenes, end_seen_by

SCENES = Scenes(profile="esp")
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
CHUNKED = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n")
MJPEG = (b"HTTP/1.1 200 OK\r\nContent-Type: "
         b"multipart/x-mixed-replace;boundary=f\r\n\r\n")
SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
          b"Connection: Upgrade\r\n\r\n")
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
           b"Upgrade: websocket\r\n\r\n")
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
HOLD = ("--reply", "hold", "--stream-yield", "0")
QUICK = ("--idle-timeout", "200ms", "--reply-timeout", "200ms",
         "--first-byte-timeout", "2s", "--send-timeout", "200ms")


def request(path):
    return b"GET " + path + b" HTTP/1.1\r\nHost: d\r\n\r\n"


def read(sock, text):
    """Reads up to `text`, which comes next."""
    got = b""
    while not got.endswith(text):
        piece = sock.recv(len(text) - len(got) % len(text) or 1)
        assert piece, "the end after %r" % got
        got += piece
    return got


def view(device, proxy, head=EVENTS, path=b"/events", **how):
    """A client and the device's end of a stream, of which the head and an
    event have passed."""
    client = Client(proxy, request(path), **how)
    sock = device.take_request()
    sock.sendall(head)
    read(client.sock, head)
    sock.sendall(b"data: 1\n\n")
    read(client.sock, b"data: 1\n\n")
    return client, sock


def page(device, proxy, **how):
    client = Client(proxy, request(b"/"), **how)
    device.serve_page()
    client.gets("200")


def at_once(device, proxy, head, text=b"GET / HTTP/1.1\r\nHost: d\r\n\r\n"):
    client = Client(proxy, text)
    sock = device.take_request()
    sock.sendall(head)
    read(client.sock, head)
    for i in range(5):
        piece = b"piece %d\n" % i
        sock.sendall(piece)
        read(client.sock, piece)
    client.reset()
    assert end_seen_by(sock) == "RST"


for mode in ((), HOLD):
    for head in (EVENTS, MJPEG, LONG):
        @SCENES.scene(*mode)
        def as_it_comes(device, proxy, head=head):
            at_once(device, proxy, head)

    @SCENES.scene(*mode)
    def an_upgrade_as_it_comes(device, proxy):
        at_once(device, proxy, SWITCH, UPGRADE)

    @SCENES.scene(*mode)
    def chunks_as_they_come(device, proxy):
        client = Client(proxy, request(b"/events"))
        sock = device.take_request()
        sock.sendall(CHUNKED)
        read(client.sock, CHUNKED)
        for _ in range(3):
            sock.sendall(b"5\r\ndata\n\r\n")
            read(client.sock, b"5\r\ndata\n\r\n")
        sock.sendall(b"0\r\n\r\n")
        assert client.outcome() == "EOF" and client.got == b"0\r\n\r\n"
        sock.close()

    @SCENES.scene(*QUICK, *mode)
    def no_other_clock_ends_a_stream(device, proxy):
        client, sock = view(device, proxy)
        time.sleep(0.8)  # longer than any other timeout
        sock.sendall(b"data: 2\n\n")
        read(client.sock, b"data: 2\n\n")
        sock.close()
        client.gets("EOF")
        assert not proxy.find("device s"), proxy.lines[-5:]


@SCENES.scene(*QUICK)
def nor_an_upgraded_connection(device, proxy):
    client = Client(proxy, UPGRADE)
    sock = device.take_request()
    sock.sendall(SWITCH)
    read(client.sock, SWITCH)
    time.sleep(0.8)  # longer than any other timeout
    client.sendall(b"ping")
    assert sock.recv(100) == b"ping"
    time.sleep(0.5)  # so is this
    sock.sendall(b"pong")
    read(client.sock, b"pong")
    client.fin()
    sock.close()
    client.outcome()


@SCENES.scene("--stream-timeout", "300ms")
def a_stream_that_moves_nothing_ends(device, proxy):
    client, sock = view(device, proxy)
    client.gets("RST", cause="stream-timeout")
    assert end_seen_by(sock) == "RST"
    assert not proxy.find("device s"), proxy.lines[-5:]
    page(device, proxy)


@SCENES.scene()
def a_viewer_that_leaves_gives_its_slot_back(device, proxy):
    """Though the device says nothing that would meet its reset."""
    client, sock = view(device, proxy)
    client.close()
    proxy.end_of(client, cause="client-left", state="R")
    assert end_seen_by(sock) == "RST"


@SCENES.scene("--fin-timeout", "300ms")
def nor_does_an_upgraded_one_keep_it(device, proxy):
    client, sock = view(device, proxy, SWITCH)
    client.close()
    assert sock.recv(1) == b"", "its FIN"
    proxy.end_of(client, cause="fin-timeout")


@SCENES.scene("--stream-timeout", "10s")
def a_viewer_that_does_not_read_harms_nobody(device, proxy):
    client, sock = view(device, proxy, MJPEG, rcvbuf=4096)
    sock.setblocking(False)
    try:
        while True:
            sock.send(b"j" * 65536)
    except BlockingIOError:
        sock.settimeout(30)
    for _ in range(100):
        page(device, proxy)
    got = 0
    while got < 100000:
        got += len(client.recv(65536))
    assert not proxy.find("device s"), proxy.lines[-5:]
    client.close()
    sock.close()


@SCENES.scene()
def pages_have_a_slot_beside_streams(device, proxy):
    one = view(device, proxy)
    two = view(device, proxy, source="127.0.0.2")
    for i in range(10):
        page(device, proxy)
        for client, sock in (one, two):
            sock.sendall(b"data: again\n\n")
            read(client.sock, b"data: again\n\n")
    for client, sock in (one, two):
        client.close()
        sock.close()


@SCENES.scene()
def one_more_ends_the_oldest_of_who_holds_most(device, proxy):
    one = view(device, proxy)
    two = view(device, proxy)
    three = view(device, proxy, source="127.0.0.2")
    one[0].gets("RST", cause="stream-limit")
    assert end_seen_by(one[1]) == "RST"
    four = view(device, proxy, source="127.0.0.2")
    three[0].gets("RST")
    assert end_seen_by(three[1]) == "RST"
    for client, sock in (two, four):
        client.close()
        sock.close()


@SCENES.scene()
def or_is_itself_refused(device, proxy):
    one = view(device, proxy)
    two = view(device, proxy, source="127.0.0.2")
    late = Client(proxy, request(b"/events"), source="127.0.0.3")
    sock = device.take_request()
    sock.sendall(EVENTS + b"data: 1\n\n")
    late.gets("503", cause="no-stream-slot")
    assert end_seen_by(sock) == "RST"
    # A page meanwhile is none.
    page(device, proxy, source="127.0.0.3")
    for client, sock in (one, two):
        sock.sendall(b"data: 2\n\n")
        read(client.sock, b"data: 2\n\n")
        client.close()
        sock.close()


@SCENES.scene(*HOLD)
def a_held_one_is_refused_likewise(device, proxy):
    or_is_itself_refused(device, proxy)


def page_after_s(device, proxy, head, end):
    """Seconds from the end of a stream in the only slot to the next page."""
    client, sock = view(device, proxy, head)
    other = Client(proxy, request(b"/"), source="127.0.0.2")
    proxy.counts(queue=1)
    began = time.monotonic()
    end(client, sock)
    device.serve_page()
    took_s = time.monotonic() - began
    other.gets("200")
    return took_s, proxy.end_of(client)["cause"]


def leaves(client, sock):
    client.close()
    assert end_seen_by(sock) == "RST"


def is_ended(client, sock):
    client.gets("RST")
    assert end_seen_by(sock) == "RST"


def device_ends(client, sock):
    sock.close()
    client.gets("EOF")


ONE_SLOT = ("--slots", "1", "--stream-slots", "1")
for head in (EVENTS, MJPEG, CHUNKED):
    for flags, end, cause in (
            ((), leaves, "client-left"),
            (("--stream-yield", "300ms"), is_ended, "stream-yield"),
            (("--stream-timeout", "300ms"), is_ended, "stream-timeout")):
        @SCENES.scene(*ONE_SLOT, *flags)
        def a_device_that_was_cut_has_time_to_notice(
                device, proxy, head=head, end=end, cause=cause):
            """A camera looks at its connection with the next picture."""
            took_s, why = page_after_s(device, proxy, head, end)
            assert (took_s >= 0.499, why) == (True, cause), (took_s, why)


@SCENES.scene(*ONE_SLOT)
def one_that_has_ended_needs_none(device, proxy):
    assert any(page_after_s(device, proxy, EVENTS, device_ends)[0] < 0.4
               for _ in range(20))


@SCENES.scene("--stream-yield", "500ms", profile="w5500")
def a_stream_yields_to_a_page(device, proxy):
    client, sock = view(device, proxy)
    began = time.monotonic()
    other = Client(proxy, request(b"/"))
    client.gets("RST")
    assert time.monotonic() - began >= 0.3
    proxy.end_of(client, cause="stream-yield")
    assert end_seen_by(sock) == "RST"
    device.serve_page()
    other.gets("200")
    # And one that nobody waits behind does not.
    client, sock = view(device, proxy)
    time.sleep(0.8)  # longer than stream-yield
    sock.sendall(b"data: 2\n\n")
    read(client.sock, b"data: 2\n\n")
    client.close()
    sock.close()


@SCENES.scene("--queue-timeout", "2s", profile="w5500")
def a_young_stream_yields_before_the_page_gives_up(device, proxy):
    """stream-yield is 30 s there, longer than anybody waits."""
    for _ in range(2):
        client, sock = view(device, proxy)
        other = Client(proxy, request(b"/"), source="127.0.0.2")
        client.gets("RST", cause="stream-yield")
        sock.close()
        device.serve_page()
        other.gets("200")
        assert int(proxy.end_of(other)["queue_ms"]) >= 1000


@SCENES.scene("--stream-yield", "300ms", "--slots", "1", "--stream-slots", "1")
def viewers_and_pages_take_turns(device, proxy):
    served = 0
    for _ in range(4):
        client, sock = view(device, proxy, MJPEG)
        other = Client(proxy, request(b"/"), source="127.0.0.2")
        client.gets("RST")
        sock.close()
        device.serve_page()
        other.gets("200")
        served += 1
    assert served == 4


@SCENES.scene("--stream-yield", "300ms", "--upgrade", "on", profile="w5500")
def an_upgraded_connection_yields(device, proxy):
    client = Client(proxy, UPGRADE)
    sock = device.take_request()
    sock.sendall(SWITCH)
    read(client.sock, SWITCH)
    other = Client(proxy, request(b"/"))
    client.gets("RST", cause="stream-yield")
    sock.close()
    device.serve_page()
    other.gets("200")


@SCENES.scene("--reply-rate", "10k", "--stream-yield", "0",
              "--reply-buffer", "4k", profile="w5500")
def a_slow_viewer_takes_its_time(device, proxy):
    """No rate is asked of a stream either."""
    client, sock = view(device, proxy)
    other = Client(proxy, request(b"/"))
    for _ in range(6):
        time.sleep(0.5)  # the drip
        sock.sendall(b"data: x\n\n")
        read(client.sock, b"data: x\n\n")
    sock.close()
    client.gets("EOF")
    device.serve_page()
    other.gets("200")


sys.exit(SCENES.main())
