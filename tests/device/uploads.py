#!/usr/bin/env python3
"""Proves with curl that an upload to a device that writes flash passes by
progress alone, that the device has its time for the check at the end, and
that a refusal in mid-upload reaches the client. With "long" the image is of
2 MB at 40 kB/s over packets of 1500 bytes, in a network of its own; a short one
otherwise."""
import concurrent.futures
import os
import subprocess
import sys

from before_device import Proxy
from rig import check, check_equal, tmpdir
from standins import Stand

LONG = sys.argv[1:] == ["long"]
BYTES, RATE, CHECK_S = (2000000, 40000, 7) if LONG else (300000, 150000, 2)
IMAGE = os.path.join(tmpdir(), "image.bin")
with open(IMAGE, "wb") as f:
    f.write(os.urandom(BYTES))
W5500 = ("--body-max", "0", "--first-byte-timeout", "10s")
SHORT = ("--request-timeout", "1s", "--reply-timeout", "1s",
         "--idle-timeout", "1s", "--first-byte-timeout", "1s")


def upload(name, profile, flags, *device, how=("-F", "firmware=@" + IMAGE),
           expected="200", path="/update"):
    dev = Stand("uploader", "--rate", RATE, *device)
    proxy = Proxy(dev.address, *flags, profile=profile)
    done = subprocess.run(
        ["curl", "-sS", "-m", "150", "-o", os.path.join(tmpdir(), name),
         "-w", "%{http_code}", *how, proxy.url + path],
        capture_output=True, text=True, timeout=180, check=False)
    stat = dev.stat()
    check_equal(done.stdout, expected,
                f"{name}: {done.stderr} {stat} {proxy.lines}")
    if expected == "200":
        check_equal(stat["flashed"], 1, name)
        check(stat["body_bytes"] >= BYTES, name, stat)
    else:
        check_equal(stat["refused"], 1, name)
    bad = [line for line in proxy.lines if 'msg="device ' in line]
    check_equal(bad, [], name)
    proxy.stop()


BINARY = ("--data-binary", "@" + IMAGE, "-H", "Expect:")
RUNS = (
    ("plain", "esp", (), "--check", 0),
    ("checked", "esp", (), "--check", CHECK_S),
    ("w5500", "w5500", W5500, "--check", CHECK_S),
    # Shorter than the upload, longer than a pause of it.
    ("clocks", "esp", SHORT, "--check", 0),
)
REFUSED = (("refused", "esp", ()), ("refused-w5500", "w5500", W5500))
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    runs = [pool.submit(upload, *run) for run in RUNS]
    runs += [pool.submit(upload, *run, "--refuse-after", 20000,
                         expected="401") for run in REFUSED]
    runs += [pool.submit(upload, name + "-binary", *how, "--refuse-after",
                         20000, expected="401", how=BINARY)
             for name, *how in REFUSED]
    for run in runs:
        run.result()
