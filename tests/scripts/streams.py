#!/usr/bin/env python3
"""Proves that replies without an end pass as they come and live by
stream-timeout alone, and that pages are served beside them, with one slot
too."""
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client
from stand import Scenes

SCENES = Scenes(profile="esp")
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
CHUNKED = EVENTS[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
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


def passes(sock, client, *pieces):
    """Each as it comes."""
    for piece in pieces:
        sock.sendall(piece)
        client.expect_only(piece)


def view(device, proxy, head=EVENTS, request=REQUEST, **how):
    """A client and the device's end of a stream, of which the head and an
    event have passed."""
    client, sock = proxy.exchange(request, **how)
    passes(sock, client, head, b"data: 1\n\n")
    return client, sock


def close(*views):
    for client, sock in views:
        client.close()
        sock.close()


def well(proxy):
    assert not proxy.find("device s"), proxy.lines[-5:]


for mode in ((), HOLD):
    @SCENES.scene(*mode, head=EVENTS)
    @SCENES.scene(*mode, head=MJPEG)
    @SCENES.scene(*mode, head=LONG)
    @SCENES.scene(*mode, head=SWITCH, request=UPGRADE)
    def as_it_comes(device, proxy, head, request=REQUEST):
        client, sock = view(device, proxy, head, request)
        passes(sock, client, *[b"piece %d\n" % i for i in range(5)])
        client.reset()
        sock.ends("RST")

    @SCENES.scene(*mode)
    def chunks_as_they_come(device, proxy):
        client, sock = proxy.exchange()
        passes(sock, client, CHUNKED, *[b"5\r\ndata\n\r\n"] * 3)
        sock.sendall(b"0\r\n\r\n")
        client.gets("EOF")
        assert client.got == b"0\r\n\r\n", client.got
        sock.close()

    @SCENES.scene(*QUICK, *mode)
    def no_other_clock_ends_a_stream(device, proxy):
        client, sock = view(device, proxy)
        time.sleep(0.8)  # longer than any other timeout
        passes(sock, client, b"data: 2\n\n")
        sock.close()
        client.gets("EOF")
        well(proxy)


@SCENES.scene(*QUICK)
def nor_an_upgraded_connection(device, proxy):
    client, sock = view(device, proxy, SWITCH, UPGRADE)
    time.sleep(0.8)  # longer than any other timeout
    passes(client, sock, b"ping")
    time.sleep(0.5)  # so is this
    passes(sock, client, b"pong")
    client.fin()
    sock.close()
    client.outcome()


@SCENES.scene("--stream-timeout", "300ms")
def a_stream_that_moves_nothing_ends(device, proxy):
    client, sock = view(device, proxy)
    client.gets("RST", cause="stream-timeout")
    sock.ends("RST")
    well(proxy)
    proxy.serves()


@SCENES.scene()
def a_viewer_that_leaves_gives_its_slot_back(device, proxy):
    """Though the device says nothing that would meet its reset."""
    client, sock = view(device, proxy)
    client.close()
    proxy.end_of(client, cause="client-left", state="R")
    sock.ends("RST")


@SCENES.scene("--fin-timeout", "300ms")
def nor_does_an_upgraded_one_keep_it(device, proxy):
    client, sock = view(device, proxy, SWITCH)
    client.close()
    assert sock.recv(1) == b"", "its FIN"
    proxy.end_of(client, cause="fin-timeout")


@SCENES.scene("--stream-timeout", "10s")
def a_viewer_that_does_not_read_harms_nobody(device, proxy):
    client, sock = view(device, proxy, MJPEG, rcvbuf=4096)
    sock.fill()
    for _ in range(100):
        proxy.serves()
    client.get(100000)
    well(proxy)
    close((client, sock))


@SCENES.scene()
def pages_have_a_slot_beside_streams(device, proxy):
    both = view(device, proxy), view(device, proxy, source="127.0.0.2")
    for _ in range(10):
        proxy.serves()
        for client, sock in both:
            passes(sock, client, b"data: again\n\n")
    close(*both)


@SCENES.scene()
def one_more_ends_the_oldest_of_who_holds_most(device, proxy):
    one, two = view(device, proxy), view(device, proxy)
    three = view(device, proxy, source="127.0.0.2")
    both_end(*one, "stream-limit")
    four = view(device, proxy, source="127.0.0.2")
    both_end(*three, "stream-limit")
    close(two, four)


@SCENES.scene()
@SCENES.scene(*HOLD)
def or_is_itself_refused(device, proxy):
    both = view(device, proxy), view(device, proxy, source="127.0.0.2")
    late, sock = proxy.exchange(source="127.0.0.3")
    sock.sendall(EVENTS + b"data: 1\n\n")
    late.gets("503", cause="no-stream-slot")
    sock.ends("RST")
    # A page meanwhile is none.
    proxy.serves(source="127.0.0.3")
    for client, sock in both:
        passes(sock, client, b"data: 2\n\n")
    close(*both)


def leaves(client, sock, cause):
    client.close()
    sock.ends("RST")
    client.proxy.end_of(client, cause=cause)


def both_end(client, sock, cause):
    client.gets("RST", cause=cause)
    sock.ends("RST")


def device_ends(client, sock, cause):
    sock.close()
    client.gets("EOF", cause=cause)


def page_after_s(device, proxy, head, end, cause):
    """Seconds from the end of a stream in the only slot to the next page."""
    client, sock = view(device, proxy, head)
    other = Client(proxy, REQUEST, source="127.0.0.2")
    proxy.counts(queue=1)
    began = time.monotonic()
    end(client, sock, cause)
    device.serve_page()
    took_s = time.monotonic() - began
    other.gets("200")
    return took_s


ONE_SLOT = ("--slots", "1", "--stream-slots", "1")
for head in (EVENTS, MJPEG, CHUNKED):
    @SCENES.scene(*ONE_SLOT, head=head, end=leaves, cause="client-left")
    @SCENES.scene(*ONE_SLOT, "--stream-yield", "300ms", head=head,
                  end=both_end, cause="stream-yield")
    @SCENES.scene(*ONE_SLOT, "--stream-timeout", "300ms", head=head,
                  end=both_end, cause="stream-timeout")
    def a_device_that_was_cut_has_time_to_notice(device, proxy, **case):
        """A camera looks at its connection with the next picture."""
        assert page_after_s(device, proxy, **case) >= 0.499


@SCENES.scene(*ONE_SLOT)
def one_that_has_ended_needs_none(device, proxy):
    assert any(page_after_s(device, proxy, EVENTS, device_ends, "done") < 0.4
               for _ in range(20))


def yields(device, proxy, head=EVENTS, request=REQUEST, source="127.0.0.1"):
    """A stream, to a page of another; returns who got the page."""
    client, sock = view(device, proxy, head, request)
    other = Client(proxy, REQUEST, source=source)
    both_end(client, sock, "stream-yield")
    device.serve_page()
    return other.gets("200")


@SCENES.scene("--stream-yield", "500ms", profile="w5500")
def a_stream_yields_to_a_page(device, proxy):
    began = time.monotonic()
    yields(device, proxy)
    assert time.monotonic() - began >= 0.3
    # And one that nobody waits behind does not.
    client, sock = view(device, proxy)
    time.sleep(0.8)  # longer than stream-yield
    passes(sock, client, b"data: 2\n\n")
    close((client, sock))


@SCENES.scene("--queue-timeout", "2s", profile="w5500")
def a_young_stream_yields_before_the_page_gives_up(device, proxy):
    """stream-yield is 30 s there, longer than anybody waits."""
    for _ in range(2):
        other = yields(device, proxy, source="127.0.0.2")
        assert int(proxy.end_of(other)["queue_ms"]) >= 1000


@SCENES.scene("--stream-yield", "300ms", *ONE_SLOT)
def viewers_and_pages_take_turns(device, proxy):
    for _ in range(4):
        yields(device, proxy, MJPEG, source="127.0.0.2")


@SCENES.scene("--stream-yield", "300ms", "--upgrade", "on", profile="w5500")
def an_upgraded_connection_yields(device, proxy):
    yields(device, proxy, SWITCH, UPGRADE)


@SCENES.scene("--reply-rate", "10k", "--stream-yield", "0",
              "--reply-buffer", "4k", profile="w5500")
def a_slow_viewer_takes_its_time(device, proxy):
    """No rate is asked of a stream either."""
    client, sock = view(device, proxy)
    other = Client(proxy, REQUEST)
    for _ in range(6):
        time.sleep(0.5)  # the drip
        passes(sock, client, b"data: x\n\n")
    device_ends(client, sock, "done")
    device.serve_page()
    other.gets("200")


sys.exit(SCENES.main())
