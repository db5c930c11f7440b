#!/usr/bin/env python3
"""Proves that every error the kernel may return from accept, from a connect and
from a socket's housekeeping ends in a pause, a retry or a clean refusal."""
import os
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client, echoed
from sallyport import (ECHOD, Listening, assert_calm, folder, is_at_rest, needs,
                       own_network, skip, text, until, works)
from stand import Proxy

own_network()
needs("strace")
TRACE = os.path.join(folder(), "trace")
STRACE = "strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-o", TRACE
if not works(*STRACE, "-e", "trace=getpid", "true"):
    skip("strace cannot trace here")
# LeakSanitizer cannot run in a traced process.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0:" + os.environ.get(
    "ASAN_OPTIONS", "")
ECHO = Listening(ECHOD, "--fork")


def injected():
    return text(TRACE).count("INJECTED")


class Traced(Proxy):
    """A proxy whose `call` fails with `error` at its runs `when`."""

    def __init__(self, call, error, when, *flags, **options):
        super().__init__(
            ECHO, *flags, profile="raw", under=(
                *STRACE, "-e", "trace=" + call, "-e",
                "inject=%s:error=%s:when=%s" % (call, error, when)), **options)
        self.baseline()


def calls_at_start():
    """How many calls of each kind come before the first connection."""
    calls = "accept4", "socket", "connect"
    Proxy(ECHO, profile="raw", under=(
        *STRACE, "-e", "trace=" + ",".join(calls))).terminate()
    return {"sendto": 1, **{call: text(TRACE).count(call + "(")
                            for call in calls}}


AT_START = calls_at_start()


def passes(call, error, times):
    """A client is served in spite of it."""
    first = AT_START[call] + 1
    proxy = Traced(call, error, "%d..%d" % (first, first + times - 1))
    echoed(proxy, b"foo")
    echoed(proxy, b"bar")
    until("%s fails with %s" % (call, error), lambda: injected() >= times)
    proxy.logged(2, "in=3 out=3 .* cause=done")
    proxy.back_to_baseline()
    proxy.terminate()


def lasts(call, error, cause):
    """It never passes: clean refusals, no spin."""
    proxy = Traced(call, error, "%d+" % (AT_START[call] + 1),
                   "--connect-timeout", "200ms")
    for _ in range(2):
        Client(proxy, b"foo").drain()
    proxy.logged(2, "in=[03] out=0 .* cause=%s state=D" % cause)
    until("it rests after " + error, lambda: is_at_rest(proxy.pid))
    proxy.back_to_baseline()
    proxy.terminate()


for short in "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM":
    passes("accept4", short, 3)
    passes("socket", short, 2)
lasts("socket", "EMFILE", "no-descriptor")
lasts("socket", "ENOMEM", "no-memory")
for odd in "ECONNABORTED", "EINTR", "EPROTO":
    passes("accept4", odd, 3)
passes("connect", "EADDRNOTAVAIL", 2)
lasts("connect", "EADDRNOTAVAIL", "no-port")
lasts("connect", "ENETUNREACH", "unreachable")


def short_of_memory_to_send():
    """It is tried again after a while, and no longer than anything else may
    take. The second send is the reply's."""
    for error in "ENOMEM", "ENOBUFS":
        passes("sendto", error, 3)
    proxy = Traced("sendto", "ENOMEM", "1+", "--idle-timeout", "1s")
    Client(proxy, b"foo").drain()
    proxy.logged(1, "in=3 out=0 .* cause=idle-timeout state=R")
    assert 2 <= injected() <= 30, "%d sends in a second" % injected()
    proxy.back_to_baseline()
    proxy.terminate()


def without_ipv6_all_addresses_are_those_of_ipv4():
    proxy = Traced("socket", "EAFNOSUPPORT", "1", listen="0")
    assert proxy.listen == "0.0.0.0:%d" % proxy.port, proxy.listen
    echoed(proxy)
    proxy.terminate()


def accept_fails_for_ever(error):
    """The proxy tries now and then, and serves on."""
    proxy = Traced("accept4", error, "%d+" % (AT_START["accept4"] + 2))
    served = Client(proxy, b"foo").expect(b"foo")
    waiting = Client(proxy, b"foo")
    until("an accept has failed", injected)
    began_s, before = time.monotonic(), injected()
    assert_calm(proxy.pid, "an accept that always fails with " + error)
    tried, said = injected() - before, len(proxy.matching("accept: "))
    took_s = time.monotonic() - began_s
    assert tried <= 50 * took_s, "%d accepts in %f s" % (tried, took_s)
    assert said <= 4 + took_s, "the log is flooded"
    waiting.close()
    served.say(b"bar").expect(b"bar").fin().ends()
    proxy.terminate()


short_of_memory_to_send()
without_ipv6_all_addresses_are_those_of_ipv4()
accept_fails_for_ever("EMFILE")
accept_fails_for_ever("EPERM")
