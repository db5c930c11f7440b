#!/usr/bin/env python3
"""Proves that every wait of the raw profile has a timer, and the timer a
cause."""
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import needs, own_network, until
from stand import Scenes

own_network()
needs("ss")
SCENES = Scenes(profile="raw")


def timed_out(proxy, cause, at_least_ms):
    fields = proxy.logged(1, "cause=" + cause)
    assert int(fields["total_ms"]) >= at_least_ms, fields


@SCENES.scene("--idle-timeout", "300ms")
def no_byte_either_way(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept()
    sock.expect(b"foo").say(b"bar")
    client.expect(b"bar").drain()
    sock.drain()
    timed_out(proxy, "idle-timeout state=R", 300)


@SCENES.scene("--idle-timeout", "2s")
def a_byte_either_way_starts_idle_timeout_anew(device, proxy):
    """Seven pauses are longer than it, but none comes near it."""
    client, sock = Client(proxy, b"a"), device.accept().expect(b"a")
    for _ in range(3):
        sock.quiet(0.3).say(b"b")
        client.expect(b"b").quiet(0.3).say(b"a")
        sock.expect(b"a")
    sock.quiet(0.3).say(b"b")
    client.expect(b"b").drain()
    sock.drain()
    timed_out(proxy, "idle-timeout state=R", 4100)


@SCENES.scene("--fin-timeout", "300ms")
def one_direction_has_ended_and_nothing_comes_in_the_other(device, proxy):
    client, sock = Client(proxy, b"foo").fin(), device.accept()
    sock.expect(b"foo").ends("EOF")
    client.drain()
    timed_out(proxy, "fin-timeout state=R", 300)


@SCENES.scene("--fin-timeout", "2s")
def fin_timeout_is_counted_from_the_fin(device, proxy):
    """However long nothing was said before."""
    client, sock = Client(proxy), device.accept()
    client.quiet(2.5).fin()
    sock.ends("EOF").say(b"late").fin().drain()
    client.expect(b"late").ends("EOF")
    proxy.logged(1, "cause=done state=R")


@SCENES.scene("--accept-proxy", "127.0.0.1", "--idle-timeout", "500ms",
              "--first-byte-timeout", "300ms")
def a_header_asks_the_device_nothing(device, proxy):
    """It is not the device that is late."""
    Client(proxy, b"PROXY UNKNOWN\r\n").gets("EOF", cause="idle-timeout")


@SCENES.scene("--keepalive", "2s")
def a_silent_peer_is_asked_whether_it_still_is_there(device, proxy):
    """The device's end is set up for that when half of the time has passed."""
    def asks(which, port, after):
        said = subprocess.run(["ss", "-Htno", which, "= :%d" % port], text=True,
                              stdout=subprocess.PIPE, check=True).stdout
        return any("timer:(keepalive," + each in said for each in after)
    client, sock = Client(proxy, b"foo"), device.accept().expect(b"foo")
    until("keepalive to the device", lambda: asks("dport", device.port, [""]))
    until("keepalive to the client", lambda: asks(
        "sport", proxy.port, ["1min,"] + ["%dsec" % s for s in range(10, 60)]))
    client.close()
    sock.drain()
    sock.close()
    proxy.logged(1, "cause=client-reset|cause=done")


@SCENES.scene("--reply-buffer", "1m", "--sndbuf", "16k", "--splice", "off",
              "--on-device-fin", "close", "--send-timeout", "300ms")
def the_client_does_not_take_what_an_ended_device_has_left(device, proxy):
    client, sock = Client(proxy, b"foo", rcvbuf=2048).fin(), device.accept()
    sock.expect(b"foo").put(400000).close()
    timed_out(proxy, "send-timeout state=L", 300)
    client.drain()


if __name__ == "__main__":
    sys.exit(SCENES.main())
