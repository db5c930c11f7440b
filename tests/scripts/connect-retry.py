#!/usr/bin/env python3
"""Proves in each profile that a device which refuses, or takes a connection and
ends it, by reset or FIN, before it was sent a byte and without a word, is asked
again unseen, though not for ever, and that what it says or was sent is never
lost or sent twice."""
import sys

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Client, Peer
from stand import Scenes

SCENES = Scenes()
SETTLE = ("--settle", "500ms")
ENDS = (Peer.reset, Peer.close)
ASK = b"\0\1\0\0\0\6\1\6\0\0\0\1"  # a Modbus write
MODBUS = (*SETTLE, "--connect-gap", "0", "--queue-timeout", "30s")
CROWD = 20


@SCENES.scene("--connect-retry", "30", "--down-after", "0", "--queue-timeout",
              "60s")
def a_refusal(device, proxy):
    """The profile's five retries would bear 1.5 s; here they last longer than
    a busy machine needs."""
    device.stop()
    crowd = [Client(proxy, REQUEST) for _ in range(CROWD)]
    proxy.counts(queue=CROWD - 1, slots=1)
    device.listen()
    for client in crowd:
        device.serve_page()
        client.gets("200")
    assert int(proxy.end_of(crowd[0])["retries"]) > 0
    assert device.nobody_waits()


@SCENES.scene("--down-after", "0", "--connect-retry", "1")
def a_refusal_that_lasts(device, proxy):
    device.stop()
    Client(proxy, REQUEST).gets("502", cause="connect-refused", retries="1")


for end in ENDS:
    for name in ("w5500", "esp", "printer", "serial"):
        @SCENES.scene(*SETTLE, "--connect-gap", "0", profile=name, end=end)
        def is_asked_again(device, proxy, end):
            client = Client(proxy, REQUEST)
            end(device.accept())
            end(device.accept())
            sock = device.take_request()
            client.fin()
            sock.answer()
            client.gets("200", cause="done", retries="2")

    @SCENES.scene(*MODBUS, profile="modbus", end=end)
    def a_unit_is_asked_again(device, proxy, end):
        master = Client(proxy, ASK)
        end(device.accept())
        end(device.accept())
        sock = device.accept()
        asked = sock.recv(100)
        assert asked[2:] == ASK[2:]
        sock.sendall(asked)
        master.expect_only(ASK)
        master.close()

    @SCENES.scene(*MODBUS, "--connect-retry", "1", profile="modbus", end=end)
    def nor_a_unit_for_ever(device, proxy, end):
        master = Client(proxy, ASK)
        end(device.accept())
        end(device.accept())
        assert master.recv(100)[-2:] == b"\x86\x0a"
        assert device.nobody_waits()
        master.close()


@SCENES.scene(*SETTLE, "--connect-retry", "1", times=2, outcome="502",
              retries="1")
@SCENES.scene(*SETTLE, profile="raw", times=1, outcome="RST", retries="0")
def not_for_ever(device, proxy, times, outcome, retries):
    """Nor at all without connect-retry."""
    client = Client(proxy, REQUEST)
    for _ in range(times):
        device.accept().reset()
    client.gets(outcome, cause="device-reset", retries=retries)
    assert device.nobody_waits()


@SCENES.scene(*SETTLE, "--connect-retry", "5", profile="raw")
def what_it_says_is_passed_on(device, proxy):
    client = Client(proxy, REQUEST)
    device.accept().answer(b"busy\r\n")
    client.outcome()
    assert client.got == b"busy\r\n", client.got
    assert device.nobody_waits()


@SCENES.scene("--settle", "0", profile="printer")
def never_what_was_sent(device, proxy):
    client = Client(proxy, REQUEST)
    device.take_request().reset()
    client.gets("RST", cause="device-reset")
    assert device.nobody_waits()


@SCENES.scene("--settle", "30s", profile="printer")
def a_client_that_leaves_meanwhile(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.accept()
    client.reset()
    sock.ends("RST")
    proxy.end_of(client, cause="client-reset", state="D")


@SCENES.scene(*SETTLE, profile="serial")
def a_banner_waits_for_the_pause(device, proxy):
    client = Client(proxy)
    sock = device.accept().say(b"banner")
    client.expect_only(b"banner")
    proxy.counts(live=1)
    client.sendall(b"ls")
    sock.expect_only(b"ls")
    client.reset()


sys.exit(SCENES.main())
