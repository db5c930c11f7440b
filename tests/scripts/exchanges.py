#!/usr/bin/env python3
"""Proves that ncat's four classic exchanges pass byte-exact, FINs in order.

A listening ncat ends with its client and so can say nothing after it: where the
device answers an ended client in its own time, the test plays it.
"""
import os
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import Device
from sallyport import (WAIT_S, Program, needs, own_network, ready, sockets,
                       until)
from stand import Proxy

own_network()
needs("ncat")


class Ncat(Program):
    def __init__(self, *args):
        super().__init__("ncat", *args, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
        self.said = self.process.stdout.fileno()

    def say(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()
        return self

    def fin(self):
        self.process.stdin.close()
        return self

    def expect(self, text):
        """The next bytes are these; none: the end."""
        some = ready(self.said, within_s=WAIT_S)
        got = os.read(self.said, 4096) if some else "nothing"
        if some and got and got != text and text.startswith(got):
            return self.expect(text[len(got):])
        assert got == text, "%r instead of %r" % (got, text)
        return self

    def ends(self):
        self.expect(b"").finish()


class NcatDevice(Ncat):
    """It serves one connection."""

    def __init__(self, text):
        super().__init__("-l", "127.0.0.1", "0")
        self.say(text).fin()
        until("ncat listens", self._listens)
        self.port = int(self._listens()[0].rsplit(":", 1)[1])

    def _listens(self):
        return [each["local"] for each in sockets(self.pid)
                if each["state"] == "LISTEN"]


def exchange(device, play):
    proxy = Proxy(device, profile="raw")
    proxy.baseline()
    client = Ncat("127.0.0.1", str(proxy.port))
    play(client, device, proxy)
    client.ends()
    proxy.logged(1, "in=4 out=4 .* cause=done")
    proxy.back_to_baseline()
    proxy.terminate()


def request_then_eof(client, device, proxy):
    """The answer is on its way by then."""
    client.say(b"foo\n").fin().expect(b"bar\n")
    device.expect(b"foo\n").ends()


def the_answer_in_two_parts(client, device, proxy):
    client.say(b"foo\n").fin()
    sock = device.accept().expect(b"foo\n").ends("EOF").say(b"ba")
    client.expect(b"ba")
    assert proxy.to_client() == ["CLOSE_WAIT"], "closed too early"
    assert proxy.to_device() == ["FIN_WAIT2"], "it was not told the end"
    sock.say(b"r\n").close()
    client.expect(b"r\n")


def the_client_closes_late(client, device, proxy):
    """It has the answer and the device's end, and its own direction still flows
    until it ends too."""
    client.expect(b"bar\n")
    until("the device's end", lambda: proxy.to_client() == ["FIN_WAIT2"])
    assert proxy.to_device() == ["CLOSE_WAIT"], "closed too early"
    client.say(b"foo\n")
    device.expect(b"foo\n")
    client.fin()
    device.ends()


def the_device_closes_late(client, device, proxy):
    """The client has ended and has its answer, and is not let go before the
    device ends."""
    client.say(b"foo\n").fin()
    sock = device.accept().expect(b"foo\n").ends("EOF").say(b"bar\n")
    client.expect(b"bar\n")
    assert proxy.to_client() == ["CLOSE_WAIT"], "closed too early"
    assert proxy.to_device() == ["FIN_WAIT2"], "it was not told the end"
    assert not client.ended(), "the client was let go too early"
    sock.close()


exchange(NcatDevice(b"bar\n"), request_then_eof)
exchange(Device(), the_answer_in_two_parts)
exchange(NcatDevice(b"bar\n"), the_client_closes_late)
exchange(Device(), the_device_closes_late)
