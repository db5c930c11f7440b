#!/usr/bin/env python3
"""Proves that a dead device costs one client its patience and the others an
answer, that one probe of its return brings back service, and that nobody is
shown a refusal while retries last."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../device"))
import rig  # noqa: E402
sys.path.insert(0, "tests/lib")
from stand import Client, Proxy, REQUEST, until

WAITING = 20


def told_at_once(proxy, client, state):
    """It is refused, and told when to come again."""
    client.gets("503")
    assert b"\r\nRetry-After: " in client.got, client.got
    proxy.end_of(client, cause="device-down", state=state)


def dies_and_returns():
    device = rig.Device("--uptime", "100", speed=20)
    proxy = Proxy(device, "--first-byte-timeout", "3s",
                "--connect-timeout", "10s", "--probe-backoff", "100ms..100ms")
    try:
        proxy.baseline()
        client = Client(proxy, REQUEST)
        client.gets("200")
        device.wait("fw=loop")
        device.fault("spi-hang", "now")
        crowd = [Client(proxy, REQUEST) for _ in range(1 + WAITING)]
        crowd[0].gets("504", cause="device-silent")
        for client in crowd[1:]:
            told_at_once(proxy, client, "Q")
        for _ in range(WAITING):
            told_at_once(proxy, Client(proxy, REQUEST), "G")
        assert not proxy.find("device up")
        device.command("power off")
        before = device.conns()
        device.command("power on")
        until("it is up", lambda: proxy.find("device up"))
        stat = device.stat()  # the probe, and it alone
        assert (stat["conns"] - before, stat["requests"]) == (1, 1), stat
        for _ in range(WAITING):
            client = Client(proxy, REQUEST)
            client.gets("200")
        proxy.back_to_baseline()
        causes = [e["cause"] for e in proxy.ends() if e["client"] != "-"]
        assert causes.count("device-silent") == 1, causes
        assert causes.count("device-down") == 2 * WAITING, causes
        assert causes.count("done") == 1 + WAITING, causes
        assert device.stat("zero_byte_conns") == 0
    finally:
        proxy.stop()
        device.end()


def begins_late():
    """The profile's five retries would bear 1.5 s; here they last longer
    than a busy machine needs."""
    device = rig.Device("--uptime", "100", speed=20)
    proxy = Proxy(device, "--connect-retry", "30",
                "--connect-timeout", "10s", "--down-after", "0",
                "--queue-timeout", "60s")
    try:
        device.command("power off")
        crowd = [Client(proxy, REQUEST) for _ in range(WAITING)]
        proxy.counts(queue=WAITING - 1)
        device.command("power on")
        for client in crowd:
            client.gets("200")
        retries = [int(proxy.end_of(c)["retries"]) for c in crowd]
        assert retries[0] > 0, retries
        assert device.stat("requests") == WAITING
    finally:
        proxy.stop()
        device.end()


if __name__ == "__main__":
    dies_and_returns()
    begins_late()
