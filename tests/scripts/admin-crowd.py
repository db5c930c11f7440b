#!/usr/bin/env python3
"""Proves that 200 clients of the admin address that say nothing, drip, or
never come to an end cost the clients of the device nothing: the worker makes
the same calls for each of them as without. admin-crowd.py [CONNECTIONS]

Those who ask whole questions, again and again, have the worker looked at
every 50 ms at most; what that costs is printed."""
import contextlib
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, "tests/lib")
from peer import REQUEST, Device
from sallyport import address_of, folder, needs, run_time_ns, until
from stand import Proxy

CONNECTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
CROWD = 200
EVERYWHERE = os.sched_getaffinity(0)
ASKS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Crowd(multiprocessing.Process):
    """Comes again as it is sent away; `says` is sent, then `drips`."""

    def __init__(self, address, says, drips):
        super().__init__(daemon=True)
        self.address, self.says, self.drips = address, says, drips
        self.came = multiprocessing.Value("i", 0)
        self.here = []
        self.start()

    def come(self):
        sock = socket.create_connection(self.address)
        sock.setblocking(False)
        self.came.value += 1
        with contextlib.suppress(OSError):
            sock.send(self.says)
        return sock

    def stays(self, sock):
        try:
            if self.drips:
                sock.send(self.drips)
            return sock.recv(65536) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def run(self):
        os.sched_setaffinity(0, EVERYWHERE)
        while True:
            stay = []
            for sock in self.here:
                if self.stays(sock):
                    stay.append(sock)
                else:
                    sock.close()
            while len(stay) < CROWD:
                stay.append(self.come())
            self.here = stay
            time.sleep(0.02)  # the pause between drops


def played(proxy, worker):
    """Calls of the worker for each connection, its CPU time, and delays. It
    shares one processor with client and device, so that it always finds the
    request behind the connect."""
    out = folder() + "/calls"
    with subprocess.Popen(["strace", "-c", "-p", str(worker), "-o", out],
                          stderr=subprocess.PIPE, text=True) as strace:
        assert "attached" in strace.stderr.readline()
        delays, before = [], run_time_ns(worker)
        for _ in range(CONNECTIONS):
            began = time.monotonic()
            with socket.create_connection(proxy.address) as sock:
                sock.sendall(REQUEST)
                proxy.protects.serve_page()
                while sock.recv(4096):
                    pass
            delays.append(1000 * (time.monotonic() - began))
        spent = run_time_ns(worker) - before
        strace.send_signal(signal.SIGINT)
        strace.wait()
    delays.sort()
    with open(out, encoding="ascii") as lines:
        total = re.search(r"(\d+)\s+\d*\s*total", lines.read())[1]
    return (int(total) / CONNECTIONS, spent / CONNECTIONS / 1000,
            delays[len(delays) // 2], delays[len(delays) * 99 // 100])


def main():
    needs("strace")
    proxy = Proxy(Device(), "--admin", "127.0.0.1:0", "--sandbox", "off",
                  single=False)
    admin, worker = address_of(proxy.admin()), proxy.worker()
    for pid in worker, 0:
        os.sched_setaffinity(pid, {max(EVERYWHERE)})
    os.sched_setscheduler(worker, os.SCHED_BATCH, os.sched_param(0))
    alone = played(proxy, worker)
    show("nobody", alone)
    for name, says, drips in (
            ("silent", b"", b""), ("slow", b"GET / HTTP/1.1\r\n", b"a"),
            ("endless", b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 300),
            ("asking", ASKS, b"")):
        crowd = Crowd(admin, says, drips)
        until("a crowd", lambda: crowd.came.value >= CROWD)
        beside = played(proxy, worker)
        crowd.kill()
        crowd.join()
        show("%s, %d came" % (name, crowd.came.value), beside)
        assert name == "asking" or beside[0] <= alone[0] * 1.02, name


def show(name, costs):
    print("%-22s %5.2f calls, %4.0f us of the worker a connection; delay "
          "half %.1f ms, 99 %% %.1f ms" % (name + ":", *costs))


main()
