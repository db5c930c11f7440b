#!/usr/bin/env python3
"""Proves that a reload loses no connection, that the settings in force change,
that faults change nothing and are all reported, and that across the change
the device never has more connections than slots.

CHANGES (100) under each load; FLAT (60) that take no memory."""
import os
import signal
import sys

sys.path.insert(0, "tests/lib")
from load import under_load
from peer import Client, echoed
from sallyport import (ECHOD, PROGRAM, Listening, folder, has_ended,
                       is_at_rest, is_sanitized, memory_kb, own_network, run,
                       until, write)
from stand import Proxy, Scenes

own_network()
CHANGES = int(os.environ.get("CHANGES", "100"))
FLAT = int(os.environ.get("FLAT", "60"))
ECHO = Listening(ECHOD, "--fork")
# A slot that rests.
REST = "--device-abort", "fin", "--probe-backoff", "3s..3s"
SCENES = Scenes()


def start(*flags, profile="raw"):
    return Proxy(ECHO, *flags, profile=profile, single=False)


@SCENES.alone
def settings_change():
    name = os.path.join(folder(), "other.sock")
    conf = os.path.join(os.path.dirname(name), "proxy.conf")

    def settings(*lines):
        write(conf, "listen 127.0.0.1:0", "device " + ECHO.listen, *lines)

    def reload_with(*lines):
        settings(*lines)
        proxy.reload()

    def gets_denied(count):
        Client(proxy).drain()
        proxy.logged(count, "cause=denied")

    # What is in force changes; who is connected keeps what it began with.
    settings("idle-timeout 10m")
    proxy = Proxy(None, "-c", conf, single=False)
    stays = Client(proxy, b"foo").expect(b"foo")
    reload_with("deny 127.0.0.1")
    gets_denied(1)
    stays.say(b"bar").expect(b"bar").fin().ends()
    proxy.logged(1, "in=6 out=6 .* cause=done")
    proxy.says("after its last client")

    # Faults: each is reported, and nothing changes.
    settings("idle-timeout many", "slots -1", "no-such 1")
    proxy.signal(signal.SIGHUP)
    proxy.logged(3, "reload refused: .*proxy.conf:")
    gets_denied(2)
    os.remove(conf)
    proxy.signal(signal.SIGHUP)
    proxy.logged(1, "reload refused: .* cannot be read")
    for setting, why in (
            ("log /no/such/directory", "open the log /no/such/directory"),
            ("events /no/such/fifo", "open events /no/such/fifo"),
            ("listen 192.0.2.1:80", "listen on 192.0.2.1:80")):
        settings(setting)
        proxy.signal(signal.SIGHUP)
        proxy.logged(1, "reload refused: cannot " + why)
    reload_with()
    echoed(proxy)

    # Sockets come and go.
    reload_with("listen " + name)
    Client(name, b"foo").expect(b"foo").close()
    reload_with()
    until("the old name has gone", lambda: not os.path.exists(name))
    echoed(proxy)
    assert 6 <= proxy.counters()["accepted"] <= 9, "they do not go on"
    proxy.terminate()


def has_and_waits(*flags):
    """A proxy with one slot, a client that has it, and one that waits."""
    proxy = start("--slots", "1", "--queue-timeout", "10m",
                  "--drain-timeout", "10m", *flags)
    has = Client(proxy, b"foo").expect(b"foo")
    waits = Client(proxy, b"foo")
    proxy.counts(queue=1)
    return proxy, has, waits


@SCENES.alone
def who_waits_in_a_worker_that_was_replaced_twice():
    """It gets the next slot."""
    proxy, has, waits = has_and_waits()
    proxy.reload()
    proxy.reload()
    has.close()
    waits.expect(b"foo").close()
    proxy.terminate()


@SCENES.alone
def who_waits_when_term_comes_next():
    """It is not forgotten: the newest worker ends at once, with no client of
    its own."""
    proxy, has, waits = has_and_waits()
    proxy.reload()
    newest = proxy.worker()
    proxy.signal(signal.SIGTERM)
    until("the newest has ended", lambda: has_ended(newest))
    has.close()
    waits.expect(b"foo").close()
    proxy.finish()


@SCENES.alone
def a_slot_that_rests_reaches_who_waits_in_the_worker_before():
    """Though the newest, which has it, has no client."""
    proxy, has, waits = has_and_waits(*REST)
    has.reset()
    proxy.logged(1, "cause=client-reset")
    proxy.reload()
    waits.expect(b"foo").close()
    proxy.terminate()


@SCENES.alone
def a_slot_that_rests_reaches_who_waits_in_the_newest():
    """Though the worker before it goes on."""
    proxy = start("--slots", "2", "--drain-timeout", "10m", *REST)
    stays = Client(proxy, b"foo").expect(b"foo")
    has = Client(proxy, b"foo").expect(b"foo")
    proxy.reload()
    late = Client(proxy, b"foo")
    proxy.counts(queue=1)
    has.reset()
    late.expect(b"foo").close()
    stays.close()
    proxy.terminate()


@SCENES.alone
def a_slot_that_rests_does_so_while_nobody_serves():
    """It comes from the worker before the last, which has not said yet what it
    keeps."""
    control = os.path.join(folder(), "ctl")
    proxy = start("--slots", "1", "--drain-timeout", "10m", "--device-abort",
                  "fin", "--probe-backoff", "10m..10m", "--control", control)
    has = Client(proxy, b"foo").expect(b"foo")
    proxy.reload()
    late = proxy.worker()
    os.kill(late, signal.SIGSTOP)
    proxy.reload()
    has.reset()
    proxy.says("after its last client")
    os.kill(late, signal.SIGCONT)
    until("it rests", lambda: "1 quarantined" in run(
        PROGRAM, "status", control))
    proxy.terminate()


@SCENES.alone
def the_next_worker_dies_while_the_one_before_is_late():
    """What that one had is not lost."""
    proxy = start("--slots", "1")
    late = proxy.worker()
    os.kill(late, signal.SIGSTOP)
    proxy.reload()
    os.kill(proxy.worker(), signal.SIGKILL)
    proxy.says("another worker is started")
    waits = Client(proxy, b"foo")
    proxy.counts(queue=1)
    os.kill(late, signal.SIGCONT)
    waits.expect(b"foo").close()
    proxy.terminate()


@SCENES.alone
def who_asks_after_term_when_the_slot_has_come_back():
    """Nobody waited for it then; each is in a worker that was replaced."""
    proxy = start("--slots", "1", "--gate", "data", "--gate-timeout", "10m",
                  "--queue-timeout", "10m", "--drain-timeout", "10m")
    has, before = Client(proxy, b"foo").expect(b"foo"), proxy.worker()
    proxy.reload()
    asks = Client(proxy)
    proxy.counts(live=2)
    proxy.reload()
    newest = proxy.worker()
    proxy.signal(signal.SIGTERM)
    until("the newest has ended", lambda: has_ended(newest))
    has.close()
    until("the first has ended", lambda: has_ended(before))
    asks.say(b"foo").expect(b"foo").close()
    proxy.finish()


@SCENES.alone
def reload_after_reload_takes_no_memory_and_no_descriptor():
    """20 of them may find room for what they need, the others find it
    there."""
    proxy = start(profile="w5500")

    def takes(reloads):
        while len(proxy.matching("settings loaded")) < reloads:
            proxy.reload()
        proxy.logged(reloads, "after its last client")
        until("one worker is left", lambda: len(proxy.pids()) == 2 and
              is_at_rest(proxy.pid))
        return (memory_kb(proxy.pid, "RssAnon"),
                len(os.listdir("/proc/%d/fd" % proxy.pid)))

    took_kb, were_open = takes(20)
    now_kb, now_open = takes(FLAT)
    print("memory: %d kB after 20 reloads, %d kB after %d" % (
        took_kb, now_kb, FLAT))
    # A sanitizer keeps what was freed.
    assert is_sanitized() or now_kb <= took_kb + 64
    assert now_open == were_open, (were_open, now_open)
    proxy.terminate()


if __name__ == "__main__":
    if SCENES.main():
        sys.exit(1)
    under_load(Proxy.reload, CHANGES)
    under_load(Proxy.reload, CHANGES, slots=1)
    under_load(Proxy.reload, CHANGES, slots=3)
