#!/usr/bin/env python3
"""Proves that a keeper and its worker are one proxy to everybody else: signals
do what they do to a single process, a worker that dies is replaced and the
counters go on, and a keeper that dies takes its worker along."""
import ctypes
import os
import re
import signal
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client, echoed
from sallyport import (ECHOD, PROGRAM, Listening, folder, has_ended, is_at_rest,
                       own_network, run, text, until)
from stand import Proxy, Scenes

own_network()
# A sanitizer would catch SIGSEGV and end the worker with a status of its own.
os.environ["ASAN_OPTIONS"] = "handle_segv=0:" + os.environ.get(
    "ASAN_OPTIONS", "")
ECHO = Listening(ECHOD, "--fork")
PTRACE_SEIZE = 0x4206
SCENES = Scenes()


def start(*flags, **options):
    return Proxy(ECHO, *flags, profile="raw", single=False, **options)


def successor(proxy, before):
    return until("there is another worker", lambda: {
        before, proxy.pid}.isdisjoint([proxy.worker()]) and proxy.worker())


def kill_worker(proxy, number=signal.SIGKILL):
    before = proxy.worker()
    os.kill(before, number)
    return successor(proxy, before)


def rests(proxy):
    until("the keeper rests", lambda: is_at_rest(proxy.pid))


@SCENES.alone
def a_connection_may_finish_but_no_new_one_comes():
    proxy = start("--drain-timeout", "10m")
    echoed(proxy)
    last = Client(proxy, b"foo").expect(b"foo")
    proxy.signal(signal.SIGTERM)
    proxy.says("draining")
    assert proxy.refuses()
    last.say(b"bar").expect(b"bar").fin().ends()
    proxy.finish()
    proxy.logged(1, "in=6 out=6 .* cause=done")


@SCENES.alone
def the_second_signal_ends_it():
    proxy = start("--drain-timeout", "10m")
    last = Client(proxy, b"foo").expect(b"foo")
    proxy.signal(signal.SIGINT)
    proxy.says("draining")
    proxy.terminate(signal.SIGINT)
    proxy.logged(1, "cause=forced state=R")
    last.drain()


@SCENES.alone
def hup_opens_the_log_of_both_again():
    here = folder()
    file = os.path.join(here, "file")
    proxy = start("--log", file)
    echoed(proxy)
    until("a line", lambda: text(file).count("cause=done") == 1)
    os.rename(file, file + ".1")
    proxy.signal(signal.SIGHUP)
    until("it is reopened", lambda: "reopened" in text(file))
    until("lines in the new file", lambda: echoed(proxy) or
          "cause=done" in text(file))
    proxy.terminate()
    assert sorted(os.listdir(here)) == ["file", "file.1"], "more is left"


@SCENES.alone
def the_end_while_a_reload_is_under_way():
    """The new worker hears of both at once."""
    proxy = start()
    before = proxy.worker()
    os.kill(before, signal.SIGSTOP)
    proxy.signal(signal.SIGHUP)
    proxy.says("settings loaded")
    after = successor(proxy, before)
    os.kill(after, signal.SIGSTOP)
    proxy.signal(signal.SIGTERM)
    rests(proxy)
    os.kill(before, signal.SIGCONT)
    until("the older worker has ended", lambda: has_ended(before))
    rests(proxy)
    os.kill(after, signal.SIGCONT)
    proxy.finish()


@SCENES.alone
def workers_die():
    """Of this and that; the counters remember."""
    proxy = start()
    deaths = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL)
    for count, number in enumerate(deaths, 1):
        echoed(proxy)
        kill_worker(proxy, number)
        echoed(proxy)
        assert proxy.counters()["accepted"] == 2 * count
        proxy.logged(count, "level=error .*was ended by signal")
    assert proxy.find("started in 0 ms"), "not at once"
    # One that does not live for a second is replaced later.
    delay_ms = 0
    for _ in range(16):
        said, began_s = len(proxy.lines), time.monotonic()
        kill_worker(proxy)
        took_ms = (time.monotonic() - began_s) * 1000
        line = proxy.says("another worker is started in", since=said)
        delay_ms = int(re.search(r"in (\d+) ms", line)[1])
        assert took_ms >= delay_ms, (took_ms, line)
        if delay_ms >= 100:
            break
    assert delay_ms >= 100, "each is replaced at once"
    proxy.terminate()


@SCENES.alone
def a_dead_worker_in_a_tracers_hands():
    """While it cannot be reaped, the keeper sleeps."""
    proxy = start()
    worker = proxy.worker()
    assert ctypes.CDLL(None).ptrace(PTRACE_SEIZE, worker, None, None) == 0
    os.kill(worker, signal.SIGKILL)
    until("it has ended", lambda: has_ended(worker))
    rests(proxy)
    os.waitpid(worker, 0)
    successor(proxy, worker)
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def a_stopped_worker_is_reported():
    proxy = start()
    for number, what in ((signal.SIGSTOP, "is stopped"),
                         (signal.SIGCONT, "goes on")):
        os.kill(proxy.worker(), number)
        proxy.says("worker %d %s" % (proxy.worker(), what))
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def the_name_of_a_unix_socket():
    """It goes with the keeper, not with a worker."""
    proxy = start(listen=os.path.join(folder(), "name.sock"))
    kill_worker(proxy)
    echoed(proxy)
    proxy.terminate()
    assert not os.path.exists(proxy.listen), "the name is left behind"


@SCENES.alone
def killed_with_its_worker_and_on_the_same_port_again():
    """Even with one that is stopped, and so hears of nothing."""
    proxy = start()
    for is_stopped in False, True, False, True:
        before = proxy.worker()
        if is_stopped:
            os.kill(before, signal.SIGSTOP)
            proxy.says("is stopped")
        proxy.stop()
        until("the worker has ended", lambda: has_ended(before))
        proxy = start(listen=proxy.listen)
        echoed(proxy)
    proxy.terminate()


@SCENES.alone
def what_cannot_start_says_so():
    proxy = start()
    said = run(PROGRAM, proxy.listen, ECHO.listen, status=71)
    assert "cannot listen on %s: Address already" % proxy.listen in said, said
    proxy.terminate()
    said = run("prlimit", "--nofile=20", PROGRAM, "127.0.0.1:0", ECHO.listen,
               status=75)
    assert "limit of 20 descriptors" in said, said
    run(PROGRAM, "--events", os.path.join(folder(), "no"), "127.0.0.1:0",
        ECHO.listen, status=71)


if __name__ == "__main__":
    sys.exit(SCENES.main())
