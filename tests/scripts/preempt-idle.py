#!/usr/bin/env python3
"""Proves that with preempt-idle whoever is idle longest gives way to those who
wait for a slot, and to nobody else."""
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import until
from stand import Scenes

SCENES = Scenes("--gate", "data", "--shared-connection", "off",
                profile="modbus")


def speaks(device, proxy, word):
    """A client that has said `word`, and the device's side of it."""
    client = Client(proxy, word)
    return client, device.accept().expect_only(word)


def hears(client, sock, word=b"answer"):
    sock.sendall(word)
    client.expect_only(word)


@SCENES.scene("--preempt-idle", "200ms")
def the_idle_give_way(device, proxy):
    idle, sock = speaks(device, proxy, b"ask")
    other = Client(proxy, b"me too")
    proxy.end_of(idle, cause="preempted")
    sock.ends("RST")
    sock = device.accept().expect_only(b"me too")
    other.reset()
    sock.ends("RST")


@SCENES.scene("--preempt-idle", "50ms", "--slots", "2", "--connect-gap",
              "400ms")
def nobody_gives_way_to_a_pause(device, proxy):
    """A third client waits for connect-gap alone: a slot is free."""
    idle, served = speaks(device, proxy, b"ask")
    for _ in range(2):
        client, sock = speaks(device, proxy, b"ask")
        sock.close()
        client.gets("EOF", cause="done")
    hears(idle, served)
    served.close()
    idle.gets("EOF")


@SCENES.scene("--preempt-idle", "300ms", "--slots", "2")
def who_is_idle_longest_gives_way(device, proxy):
    """The older connection has spoken last."""
    old, old_sock = speaks(device, proxy, b"old")
    young, young_sock = speaks(device, proxy, b"young")
    hears(young, young_sock)
    spoke = time.monotonic()
    until("the proxy's clock goes on", lambda: time.monotonic() - spoke > 0.02)
    hears(old, old_sock)
    third = Client(proxy, b"third")
    proxy.end_of(young, cause="preempted")
    device.accept().expect_only(b"third").close()
    third.gets("EOF")
    hears(old, old_sock, b"more")
    old_sock.close()
    old.gets("EOF")


@SCENES.scene("--preempt-idle", "300ms", "--slots", "2", "--device-abort",
              "fin", "--first-byte-timeout", "300ms", "--down-after", "0",
              "--probe-backoff", "60s..60s")
def of_two_delays_the_nearer_counts(device, proxy):
    """One slot is quarantined for a minute; the holder of the other is idle:
    nobody waits for that minute."""
    silent, gone = speaks(device, proxy, b"silent")
    proxy.end_of(silent, cause="device-silent")
    gone.ends("EOF")
    idle, sock = speaks(device, proxy, b"idle")
    hears(idle, sock)
    third = Client(proxy, b"third")
    proxy.counts(queue=1)
    proxy.end_of(idle, cause="preempted")
    third.reset()
    sock.ends("EOF")


sys.exit(SCENES.main())
