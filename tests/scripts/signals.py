#!/usr/bin/env python3
"""Proves that TERM and INT let connections finish while no new one comes, and
that after kill -9 the proxy serves again on the same port at once. What becomes
of those that do not finish is drain.py's."""
import signal
import sys

sys.path.insert(0, "tests/lib")
from peer import Client, echoed
from sallyport import ECHOD, Listening, own_network
from stand import Proxy, Scenes

own_network()
SCENES = Scenes(profile="raw")


@SCENES.alone
def nothing_to_wait_for():
    for number in signal.SIGTERM, signal.SIGINT:
        Proxy("127.0.0.1:9", profile="raw").terminate(number)


@SCENES.scene()
def a_connection_may_finish_but_no_new_one_comes(device, proxy):
    client, sock = Client(proxy, b"foo"), device.accept()
    sock.expect(b"foo").say(b"bar")
    client.expect(b"bar")
    proxy.signal(signal.SIGTERM)
    proxy.says("draining")
    assert proxy.refuses()
    client.say(b"foo")
    sock.expect(b"foo").say(b"bar")
    client.expect(b"bar").fin()
    sock.ends().close()
    client.ends()
    proxy.logged(1, "in=6 out=6 .* cause=done")
    proxy.finish()


@SCENES.alone
def killed_with_a_live_pair_and_back_on_the_same_port():
    echo = Listening(ECHOD, "--fork")
    proxy = Proxy(echo, profile="raw")
    for _ in range(20):
        victim = Client(proxy, b"foo").expect(b"foo")
        proxy.stop()
        proxy = Proxy(echo, profile="raw", listen=proxy.listen)
        victim.drain()
        echoed(proxy)


if __name__ == "__main__":
    sys.exit(SCENES.main())
