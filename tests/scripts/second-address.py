#!/usr/bin/env python3
"""Proves that the probe, like a client, tries the device's second address when
the first refuses."""
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client
from sallyport import hosts, needs_ipv6, own_network, until
from stand import Scenes

own_network(needed=True)
needs_ipv6()
hosts("::1 both.test", "127.0.0.1 both.test")
SCENES = Scenes("--first-byte-timeout", "1s", host="both.test")


@SCENES.scene()
def a_silence_is_probed(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    client.gets("504")
    sock.close()
    device.serve_page()  # the probe
    until("it is cleared", lambda: proxy.find("no longer suspected"))
    proxy.serves()
    assert not proxy.find("device down")


sys.exit(SCENES.main())
