#!/usr/bin/env python3
"""Proves that ordinary clients (curl, wrk, ncat, and one that behaves as a
browser) get the page, and what each does when it meets the device's ways."""
import re
import subprocess

from rig import Device, FAVICON, GET, check, check_equal, holds_within, needs

needs("curl", "wrk", "ncat")


def run(*args, data=None):
    return subprocess.run(args, input=data, capture_output=True, timeout=60,
                          check=False)


# Found at 10 s, which is when the page of E4 has its 441 bytes; the log's
# others are as long as its lines make them.
SIZES = {"E1": 271, "E2": 389, "E3": 389, "E4": 441}


def found(era):
    dev = Device("--uptime", 10, "--maxidle", 8, "--temp", "fixed:27.25",
                 "--refuse", "accept-rst", "--era", era, speed=1)
    return dev, "%s:%d" % dev.address


# curl wants a colon in every header line, and no option of its own spares
# it that: as HTTP it takes the page of E1 only.
dev, where = found("E1")
done = run("curl", "-sS", "-i", f"http://{where}/")
check_equal((done.returncode, len(done.stdout)), (0, SIZES["E1"]),
            "the E1 page by curl")
check(done.stdout.endswith(b"</html>\r\n"), done.stdout)
for era in ("E2", "E3", "E4"):
    for option in ("-sS", "--http0.9", "--raw", "--ignore-content-length"):
        dev, where = found(era)
        done = run("curl", "-sS", option, f"http://{where}/")
        check_equal((done.returncode, done.stdout), (8, b""), f"curl, {era}")
        check(b"Header without colon" in done.stderr, done.stderr)
        dev.expect(requests=1)
for era, size in SIZES.items():
    # Gopher's selector is what it sends, and it takes whatever comes.
    dev, where = found(era)
    done = run("curl", "-sS", f"gopher://{where}/1GET%20/%20HTTP/1.0%0d%0a")
    check_equal((done.returncode, len(done.stdout)), (0, size),
                f"bytes of {era} by curl, as they come")

    dev, where = found(era)
    done = run("ncat", *where.split(":"), data=GET)
    check(done.stdout.startswith(b"HTTP/1.1 200 OK\r\n"), done)
    check_equal(len(done.stdout), size, f"bytes of {era} by ncat")


# wrk, as strict as curl, counts the pages of E1; the others it only asks for.
def counts(where):
    """The pages that wrk says it got in a second."""
    done = run("wrk", "-t1", "-c2", "-d1s", f"http://{where}/")
    counted = re.search(rb"(\d+) requests in", done.stdout)
    check(counted, "wrk says nothing:", done)
    return int(counted[1])


dev, where = found("E1")
check(holds_within(20, lambda: counts(where) > 0), "no page counted by wrk")
dev, where = found("E4")
check_equal(counts(where), 0, "pages of E4 that wrk understands")
check(holds_within(20, lambda: counts(where) or dev.stat("requests") > 1),
      "wrk was not served")


def connected(dev):
    dev.wait("listening=1")
    return dev.connect()


def fetched(client, request):
    client.sock.sendall(request)
    with client.sock:
        return client.read_to_end()


# A browser: a page, a favicon, and a connection just in case.
for era, size in SIZES.items():
    dev, _ = found(era)
    page, favicon, spare = [connected(dev) for _ in range(3)]
    check_equal(len(fetched(page, GET)), size, f"bytes of the page of {era}")
    icon = fetched(favicon, FAVICON)
    check(icon.rstrip().endswith(b"</html>"), "a torn icon", icon)
    dev.wait("active=1,fw=loop")
    check(spare.slot() is not None, "the spare connection has no slot")

    # Three such visits leave three idle connections; the next has one slot.
    for _ in range(2):
        connected(dev)
    dev.wait("active=3,listening=1")
    last = dev.connect()
    check_equal(dev.states(), ["Establ"] * 4, "slots")
    check(b"</html>" in fetched(last, GET), "the last slot")
    dev.wait("active=3,listening=1")
    dev.connect()
    dev.wait("all_in_use>0")
    check("All 4 Sockets in use" in dev.console(), "not said on the console")
