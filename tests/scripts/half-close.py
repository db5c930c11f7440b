#!/usr/bin/env python3
"""Proves what half-close and on-device-fin promise, in each setting."""
import sys

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import own_network
from stand import Scenes

own_network()
SCENES = Scenes(profile="raw")


@SCENES.scene()
def propagate_passes_fin_at_once_behind_the_last_byte(device, proxy):
    client, sock = Client(proxy).put(100000).fin(), device.accept()
    sock.get(100000).ends("EOF").say(b"bar").close()
    client.expect(b"bar").ends("EOF")
    proxy.logged(1, "cause=done")


@SCENES.scene("--half-close", "after-reply")
def after_reply_passes_fin_once_the_device_has_finished(device, proxy):
    client, sock = Client(proxy, b"foo").fin(), device.accept()
    sock.expect(b"foo").quiet(0.3).say(b"bar").quiet(0.3).fin()
    sock.ends("EOF")
    client.expect(b"bar").ends("EOF")
    proxy.logged(1, "cause=done")


@SCENES.scene()
def half_lets_the_client_go_on_after_the_devices_fin(device, proxy):
    client, sock = Client(proxy), device.accept().say(b"bar").fin()
    client.expect(b"bar").ends("EOF").say(b"foo").fin()
    sock.expect(b"foo").ends("EOF")
    proxy.logged(1, "cause=done")


@SCENES.scene("--on-device-fin", "close")
def close_ends_the_devices_side_at_its_fin(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept().expect(b"foo")
    sock.say(b"bar").fin().ends("EOF")
    client.expect(b"bar").ends("EOF").close()
    proxy.logged(1, "cause=done")


@SCENES.scene()
def the_client_ends_without_a_word(device, proxy):
    client = Client(proxy).fin()
    device.accept().ends("EOF").close()
    client.ends("EOF")
    proxy.logged(1, "cause=done")


@SCENES.scene()
def the_device_ends_without_a_word(device, proxy):
    client = Client(proxy)
    device.accept().close()
    client.ends("EOF").close()
    proxy.logged(1, "cause=done")


@SCENES.scene()
def fin_waits_behind_what_the_other_side_has_not_taken_yet(device, proxy):
    client, sock = Client(proxy).fill().fin(), device.accept()
    assert sock.drain() == (client.sent, "EOF")
    sock.close()
    client.ends("EOF")


if __name__ == "__main__":
    sys.exit(SCENES.main())
