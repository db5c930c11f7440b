#!/usr/bin/env python3
"""Proves that ordinary clients (curl, wrk, ncat, and one that behaves as a
browser) get the page, and what each does when it meets the device's ways."""
import re
import shutil
import subprocess
import sys

from rig import Client, Device, FAVICON, GET, check, check_equal, holds_within

for tool in ("curl", "wrk", "ncat"):
    if shutil.which(tool) is None:
        print(tool, "is not installed")
        sys.exit(77)


def run(*args, data=None):
    return subprocess.run(args, input=data, capture_output=True, timeout=60,
                          check=False)


# The device is found at 10 s, which is when its page has 441 bytes.
args = ("--uptime", 10, "--maxidle", 8, "--temp", "fixed:27.25", "--refuse",
        "accept-rst")
dev = Device(*args, speed=1)
host, port = dev.address
url = f"http://{host}:{port}/"

# curl wants a colon in every header line: it takes the page of E1 only.
done = run("curl", "-sS", url)
check_equal(done.returncode, 8, "curl with the E4 page")
check(b"Header without colon" in done.stderr, done.stderr)
old = Device("--uptime", 10, "--era", "E1", speed=1)
done = run("curl", "-sS", "http://%s:%d/" % old.address)
check(done.returncode == 0 and done.stdout.endswith(b"</html>\r\n"),
      "curl with the E1 page:", done)

dev = Device(*args, speed=1)
host, port = dev.address
done = run("ncat", host, str(port), data=GET)
check(done.stdout.startswith(b"HTTP/1.1 200 OK\r\n"), done)
check_equal(len(done.stdout), 441, "bytes by ncat")

# wrk reads no page whose header it cannot parse, but sends and is answered.
done = run("wrk", "-t1", "-c2", "-d1s", f"http://{host}:{port}/")
check(b"requests in" in done.stdout, done)
check(dev.stat("requests") > 5, "wrk was not served")

# A browser: a page, a favicon, and a connection that it opens just in case.
dev = Device(*args, speed=1)


def visit():
    """Three connections at once; how each went."""
    tabs = []
    for _ in range(3):
        check(holds_within(20, lambda: dev.stat("listening")), "no listener")
        tabs.append(dev.connect())
    page, favicon, spare = tabs
    page.sock.sendall(GET)
    body = page.read_to_end()
    page.sock.close()
    favicon.sock.sendall(FAVICON)
    icon = favicon.read_to_end()
    favicon.sock.close()
    return body, icon, spare


body, icon, spare = visit()
check(body.endswith(b"</html>\r\n\r\n") and icon.endswith(b"</html>\r\n\r\n"),
      "the page or its icon is torn")
dev.wait("active=1,fw=loop")
check(spare.slot() is not None, "the spare connection has no slot")

# Three such visits leave three idle connections; the next finds one slot.
for _ in range(2):
    check(holds_within(20, lambda: dev.stat("listening")), "no listener")
    dev.connect()
dev.wait("active=3,listening=1")
last = dev.connect()
check_equal(re.findall("Establ", " ".join(dev.states())), ["Establ"] * 4,
            "slots")
last.sock.sendall(GET)
check(last.read_to_end().endswith(b"</html>\r\n\r\n"), "the last slot")
last.sock.close()
dev.wait("active=3,listening=1")
dev.connect()
dev.wait("all_in_use>0")
