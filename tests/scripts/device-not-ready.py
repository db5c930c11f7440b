#!/usr/bin/env python3
"""Proves in each profile that a device which takes a connection and ends it,
by reset or FIN, before it was sent a byte and without a word, is asked again
as one that refuses, and that what it says or was sent is never lost or sent
twice."""
import sys

sys.path.insert(0, "tests/lib")
from stand import REQUEST, Client, Scenes, end_seen_by, reset

SCENES = Scenes()
SETTLE = ("--settle", "500ms")
PROFILES = ("w5500", "esp", "printer", "serial")
ASK = b"\0\1\0\0\0\6\1\6\0\0\0\1"  # a Modbus write
MODBUS = (*SETTLE, "--connect-gap", "0", "--queue-timeout", "30s")


def turn_away(device, how=reset):
    how(device.accept())


for end in (reset, lambda sock: sock.close()):
    for name in PROFILES:
        @SCENES.scene(*SETTLE, "--connect-gap", "0", profile=name)
        def is_asked_again(device, proxy, end=end):
            client = Client(proxy, REQUEST)
            turn_away(device, end)
            turn_away(device, end)
            sock = device.take_request()
            client.fin()
            sock.answer()
            client.gets("200", cause="done", retries="2")

    @SCENES.scene(*MODBUS, profile="modbus")
    def a_unit_is_asked_again(device, proxy, end=end):
        master = Client(proxy, ASK)
        turn_away(device, end)
        turn_away(device, end)
        sock = device.accept()
        asked = sock.recv(100)
        assert asked[2:] == ASK[2:]
        sock.sendall(asked)
        assert master.recv(100) == ASK
        master.close()

    @SCENES.scene(*MODBUS, "--connect-retry", "1", profile="modbus")
    def nor_a_unit_for_ever(device, proxy, end=end):
        master = Client(proxy, ASK)
        turn_away(device, end)
        turn_away(device, end)
        assert master.recv(100)[-2:] == b"\x86\x0a"
        assert device.nobody_waits()
        master.close()


@SCENES.scene(*SETTLE, "--connect-retry", "1")
def not_for_ever(device, proxy):
    client = Client(proxy, REQUEST)
    turn_away(device)
    turn_away(device)
    client.gets("502", cause="device-reset", retries="1")
    assert device.nobody_waits()


@SCENES.scene(*SETTLE, profile="raw")
def never_without_connect_retry(device, proxy):
    client = Client(proxy, REQUEST)
    turn_away(device)
    client.gets("RST")
    assert device.nobody_waits()


@SCENES.scene(*SETTLE, "--connect-retry", "5", profile="raw")
def what_it_says_is_passed_on(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.accept()
    sock.answer(b"busy\r\n")
    client.outcome()
    assert client.got == b"busy\r\n", client.got
    assert device.nobody_waits()


@SCENES.scene("--settle", "0", profile="printer")
def never_what_was_sent(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.take_request()
    reset(sock)
    client.gets("RST", cause="device-reset")
    assert device.nobody_waits()


@SCENES.scene("--settle", "30s", profile="printer")
def a_client_that_leaves_meanwhile(device, proxy):
    client = Client(proxy, REQUEST)
    sock = device.accept()
    client.reset()
    assert end_seen_by(sock) == "RST"
    proxy.end_of(client, cause="client-reset", state="D")


@SCENES.scene(*SETTLE, profile="serial")
def a_banner_waits_for_the_pause(device, proxy):
    client = Client(proxy)
    sock = device.accept()
    sock.sendall(b"banner")
    assert client.recv(10) == b"banner"
    proxy.counts(live=1)
    client.sendall(b"ls")
    assert sock.recv(10) == b"ls"
    client.reset()


sys.exit(SCENES.main())
