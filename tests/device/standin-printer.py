#!/usr/bin/env python3
"""Proves that the printer takes one job a connection, answers status queries
within it, ends long after its client, and resets the job that comes early."""
import socket
import time

from rig import check, check_equal
from standins import (Stand, ends_by_reset, read_to_end, read_until,
                      says_nothing, seconds_of)

dev = Stand("printer", "--finish", 1)


def job(data):
    """What comes back, and how it ends."""
    try:
        sock = dev.connect(data)
        sock.shutdown(socket.SHUT_WR)
        return read_to_end(sock)
    except OSError:
        return b"", "reset"


(answer, took) = seconds_of(job, b"x" * 20000)
check_equal(answer, (b"", "fin"), "the end of a job")
check(took >= 1, f"the printer's FIN after {took} s")
dev.wait("jobs=1")
check_equal(dev.stat("job_bytes"), 20000, "bytes printed")

# The next job is taken after a second, and reset until then.
began = time.monotonic()
check(ends_by_reset(dev.address), "taken too early")
while dev.stat("jobs") < 2:
    job(b"second")
    check(time.monotonic() - began < 30, "no second job")
    time.sleep(0.05)

# Status comes back on the job's connection, cut as it may be.
dev.set("gap", 0)
sock = None
while sock is None:
    try:
        sock = dev.connect(b"~H")
        check(says_nothing(sock), "an answer to half a query")
    except ConnectionError:
        sock = None
sock.sendall(b"S")
check_equal(read_until(sock, b"\r\n")[:1], b"\x02", "the status")
sock.sendall(b"\x10\x04\x01")
check_equal(read_until(sock, b"\x12"), b"\x12", "the status of ESC/POS")
check(ends_by_reset(dev.address), "a second job beside it")
sock.close()
dev.wait("queries=2", "jobs=3", "active=0")

# Out of paper it reads nothing; then the job goes on.
out = Stand("printer", "--paper-after", 4096, "--paper-seconds", 1,
            "--finish", 0)
sock = out.connect()
(_, took) = seconds_of(lambda: (sock.sendall(b"x" * 3000000),
                                sock.shutdown(socket.SHUT_WR),
                                read_to_end(sock)))
check(took >= 1, f"a job without paper took {took} s")
out.wait("jobs=1")
check_equal(out.stat("job_bytes"), 3000000, "bytes printed")
