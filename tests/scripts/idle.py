#!/usr/bin/env python3
"""Proves that a proxy with nothing to do executes not one instruction, whatever
stands in its sockets: nothing, a half-close, bytes nobody takes, a hang-up."""
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import assert_calm, own_network, until
from stand import Scenes

own_network()
SCENES = Scenes("--reply-buffer", "4k", "--sndbuf", "16k", "--splice", "off",
                profile="raw")
SMALL = 2048  # a receive buffer that holds next to nothing


def idles_with(proxy, client, sock):
    proxy.assert_idle("as long as both are here")
    client.close()
    sock.close()


@SCENES.scene()
def an_open_pair(device, proxy):
    idles_with(proxy, Client(proxy), device.accept())


@SCENES.scene()
def a_client_that_has_ended(device, proxy):
    client = Client(proxy, b"foo").fin()
    sock = device.accept().expect(b"foo").ends()
    idles_with(proxy, client, sock)


@SCENES.scene()
def a_device_that_has_ended(device, proxy):
    client, sock = Client(proxy), device.accept().say(b"bar").fin()
    client.expect(b"bar").ends()
    idles_with(proxy, client, sock)


@SCENES.scene()
def a_client_that_has_closed(device, proxy):
    """It has left; the proxy cannot know more than that it has ended."""
    client = Client(proxy, b"foo")
    client.close()
    sock = device.accept().expect(b"foo").ends()
    idles_with(proxy, client, sock)


@SCENES.scene()
def bytes_that_nobody_takes(device, proxy):
    """Both buffers full, and nobody reads."""
    client = Client(proxy)
    sock = device.accept().fill()
    client.fill()
    idles_with(proxy, client, sock)


@SCENES.scene()
def bytes_for_a_slow_client_behind_a_devices_end(device, proxy):
    """More waits for it than the proxy takes, and the device's end with it:
    RDHUP stands at the device's side."""
    client = Client(proxy, rcvbuf=SMALL)
    sock = device.accept().put(100000).fin()
    until("the device has ended", lambda: proxy.to_device() == ["CLOSE_WAIT"])
    idles_with(proxy, client, sock)


@SCENES.scene()
def bytes_for_a_slow_client_and_both_have_ended(device, proxy):
    """HUP stands there."""
    client = Client(proxy, rcvbuf=SMALL).fin()
    sock = device.accept().ends().put(100000).fin()
    until("both have ended", lambda: not proxy.to_device())
    idles_with(proxy, client, sock)


@SCENES.scene()
def bytes_for_a_slow_client_and_the_device_has_reset(device, proxy):
    """The kernel does not say when a socket's queue is empty, so the proxy
    looks now and then."""
    client = Client(proxy, rcvbuf=SMALL).fin()
    sock = device.accept().ends().put(60000)
    until("bytes are there", lambda: proxy.to_client() == ["CLOSE_WAIT"])
    sock.reset()
    until("it is heard", lambda: not proxy.to_device())
    assert_calm(proxy.pid, "bytes for a slow client, the device has reset")
    client.close()


if __name__ == "__main__":
    sys.exit(SCENES.main())
