#!/usr/bin/env python3
"""Proves that a proxy with 50 live pairs which is killed serves again at once:
its worker alone, and keeper and worker, which are then executed anew.

ROUNDS (30) of each; LIMIT_MS, for a machine that does nothing else: the most
that 99 of 100 may take, from the moment of KILL, or of the new execution, to
the first accept, which a client sees that is denied: it meets the end. The
device has to see 50 connections end at the same time, and would be waited for.
"""
import collections
import os
import selectors
import signal
import socket
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import Client
from sallyport import PROGRAM, Started, WAIT_S

ROUNDS = int(os.environ.get("ROUNDS", "30"))
LIMIT_MS = float(os.environ.get("LIMIT_MS", "inf"))
PAIRS = 50
# One after the other: a worker that has not lived so long is replaced later.
STANDS, LIVED_S = 10, 1.2
ROUNDS_A_PORT = 10
DENIED = "127.0.0.2"
DENY = ("--deny", DENIED)


def device():
    """Sends everything back, in a process of its own; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    if os.fork() > 0:
        return listener.getsockname()[1]
    loop = selectors.DefaultSelector()
    loop.register(listener, selectors.EVENT_READ)
    parent = os.getppid()
    while os.getppid() == parent:
        for key, _ in loop.select(1):
            if key.fileobj is listener:
                loop.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                got = key.fileobj.recv(64)
                if got:
                    key.fileobj.sendall(got)
            except OSError:
                got = b""
            if not got:
                loop.unregister(key.fileobj)
                key.fileobj.close()
    os._exit(0)


def pairs(proxy):
    return [Client(proxy, b"foo").expect(b"foo") for _ in range(PAIRS)]


def accepts_after(address, began):
    """Milliseconds until somebody is accepted, however often it takes."""
    while time.monotonic() < began + WAIT_S:
        try:
            with socket.create_connection(address, WAIT_S, (DENIED, 0)) as s:
                assert s.recv(1) == b""
                return (time.monotonic() - began) * 1000
        except OSError:
            time.sleep(0.0001)  # the pause of a client that asks again
    raise AssertionError("nobody is accepted")


def report(what, took):
    took.sort()
    p99 = took[int(len(took) * 0.99)]
    print("%s: %d times, p50 %.2f ms, p99 %.2f ms, most %.2f ms" %
          (what, len(took), took[len(took) // 2], p99, took[-1]), flush=True)
    assert p99 <= LIMIT_MS, "%s: p99 %.2f ms" % (what, p99)


def kill_workers(port):
    stands = collections.deque(
        (Started(*DENY, "127.0.0.1:0", "127.0.0.1:%d" % port),
         time.monotonic())
        for _ in range(STANDS))
    took = []
    while len(took) < ROUNDS:
        proxy, since = stands.popleft()
        clients = pairs(proxy)
        worker = proxy.worker()
        # it has to live so long
        time.sleep(max(0, since + LIVED_S - time.monotonic()))
        began = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        took.append(accepts_after(proxy.address, began))
        assert proxy.worker() != worker
        stands.append((proxy, time.monotonic()))
        for client in clients:
            client.close()
    for proxy, _ in stands:
        proxy.stop()
    report("the worker alone", took)


def kill_both(port, rounds):
    """How long each took. What is killed leaves connections in TIME_WAIT, and
    the kernel looks through all of a port's at bind: hence a port for few."""
    first = Started(*DENY, "127.0.0.1:0", "127.0.0.1:%d" % port)
    address, pid = first.address, first.pid
    # Starts it itself: what is timed is its start, not the harness's.
    command = [PROGRAM, *DENY, "127.0.0.1:%d" % address[1],
               "127.0.0.1:%d" % port]
    nowhere = os.open(os.devnull, os.O_RDWR)
    quiet = [(os.POSIX_SPAWN_DUP2, nowhere, fd) for fd in (0, 1, 2)]
    took = []
    while len(took) < rounds:
        clients = pairs(address)
        os.kill(pid, signal.SIGKILL)
        if pid == first.pid:
            first.stop()
        else:
            os.waitpid(pid, 0)
        began = time.monotonic()
        pid = os.posix_spawn(PROGRAM, command, os.environ, file_actions=quiet)
        took.append(accepts_after(address, began))
        for client in clients:
            client.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return took


def main():
    port = device()
    kill_workers(port)
    took = []
    while len(took) < ROUNDS:
        took += kill_both(port, min(ROUNDS - len(took), ROUNDS_A_PORT))
    report("keeper and worker", took)


main()
