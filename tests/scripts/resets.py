#!/usr/bin/env python3
"""Proves that a reset passes as a reset, an end as an end, from either side, at
every moment, with its own cause, and with what was sent before it."""
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import own_network, until
from stand import Scenes

own_network()
SCENES = Scenes(profile="raw")


@SCENES.scene()
def device_resets_at_once(device, proxy):
    client = Client(proxy)
    device.accept().reset()
    client.ends("RST")
    proxy.logged(1, "cause=(device-reset state=[RL]|connect-reset state=D)")


@SCENES.scene()
def device_resets_before_the_request(device, proxy):
    client, sock = Client(proxy), device.accept().say(b"hi")
    client.expect(b"hi")
    sock.reset()
    client.ends("RST")
    proxy.logged(1, "cause=device-reset state=[RL]")


@SCENES.scene()
def device_resets_with_the_request_unread(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept()
    sock.expect(b"fo").reset()
    client.ends("RST")
    proxy.logged(1, "cause=device-reset state=[RL]")


def device_resets_behind_a_reply(device, proxy, fin):
    client, sock = Client(proxy, b"foo"), device.accept()
    sock.expect(b"foo")
    if fin:
        client.fin()
        sock.ends("EOF")
    sock.put(5000)
    client.get(5000)
    sock.reset()
    client.ends("RST")
    proxy.logged(1, "cause=device-reset state=[RL]")


@SCENES.scene()
def device_resets_in_the_reply(device, proxy):
    device_resets_behind_a_reply(device, proxy, fin=False)


@SCENES.scene()
def device_resets_after_the_whole_reply(device, proxy):
    device_resets_behind_a_reply(device, proxy, fin=True)


@SCENES.scene()
def device_resets_after_its_fin(device, proxy):
    """The client has had the end already."""
    client, sock = Client(proxy, b"foo"), device.accept()
    sock.expect(b"foo").say(b"bar").fin()
    client.expect(b"bar").ends("EOF")
    sock.reset()
    proxy.logged(1, "cause=device-reset")
    proxy.back_to_baseline()


@SCENES.scene()
def client_resets_having_said_nothing(device, proxy):
    client, sock = Client(proxy), device.accept().say(b"hi")
    client.expect(b"hi").reset()
    sock.ends("RST")
    proxy.logged(1, "cause=client-reset state=R")


@SCENES.scene()
def client_resets_after_its_request(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept().expect(b"foo")
    client.reset()
    sock.ends("RST")
    proxy.logged(1, "cause=client-reset state=R")


@SCENES.scene()
def client_resets_after_its_fin(device, proxy):
    client, sock = Client(proxy, b"foo").fin(), device.accept()
    sock.expect(b"foo").ends("EOF")
    client.reset()
    proxy.logged(1, "cause=client-reset state=R")


@SCENES.scene()
def client_resets_in_the_reply(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept()
    sock.expect(b"foo").put(5000)
    client.get(100).reset()
    sock.ends("RST")
    proxy.logged(1, "cause=client-reset state=R")


@SCENES.scene("--reply-buffer", "1m", "--sndbuf", "16k", "--splice", "off",
              "--on-device-fin", "close")
def client_resets_while_fed_after_the_device_has_ended(device, proxy):
    client, sock = Client(proxy, b"foo", rcvbuf=2048).fin(), device.accept()
    sock.expect(b"foo").put(400000).close()
    until("the device has ended", lambda: not proxy.to_device())
    client.get(100).reset()
    proxy.logged(1, "cause=client-reset state=L")


@SCENES.scene("--device-abort", "fin")
def an_aborted_connection_ends_in_a_fin(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept().expect(b"foo")
    client.reset()
    sock.ends("EOF")
    proxy.logged(1, "cause=client-reset state=R")


if __name__ == "__main__":
    sys.exit(SCENES.main())
