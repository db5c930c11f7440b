#!/usr/bin/env python3
"""Proves that the uploader takes an image at the pace of its flash, checks it,
refuses early, and is left with a broken image when the upload ends."""
import os

from rig import check, check_equal, tmpdir
from standins import Stand, curl, read_to_end, request, seconds_of

IMAGE = os.path.join(tmpdir(), "image.bin")
with open(IMAGE, "wb") as f:
    f.write(os.urandom(60000))

dev = Stand("uploader", "--check", 0.5)
(answer, took) = seconds_of(curl, "-F", "firmware=@" + IMAGE,
                            dev.url + "/update")
check_equal(answer[:2], ("200", b"OK\n"), "an upload as browsers send it")
check(took >= 2, f"60 kB at 40 kB/s and a check took {took} s")
check_equal(dev.stat("flashed"), 1, "images")
check(dev.stat("body_bytes") > 60000, dev.stat())

# Restarting, it takes nobody; then it does again.
dev.set("rate", 0)
dev.set("check", 0)
dev.wait("active=0")
status = "000"
while status == "000":
    status, _, _ = curl("--data-binary", "@" + IMAGE, dev.url + "/update")
check_equal(status, "200", "after its restart")

half = Stand("uploader")
sock = half.connect(request("/update", "POST", "Content-Length: 9000\r\n",
                            b"x" * 4000))
half.wait("body_bytes=4000")
sock.close()
half.wait("broken=1", "active=0")

# What comes of an early refusal is a race between the 401 and the reset.
locked = Stand("uploader", "--refuse-after", 20000)
status, _, rc = curl("-F", "firmware=@" + IMAGE, locked.url + "/update")
check(status == "401" or rc in (55, 56), status, rc)
locked.wait("refused=1")
check_equal(locked.stat("flashed"), 0, "images in spite of it")
data, end = read_to_end(locked.connect(request("/")))
check(data.endswith(b"</html>\n") and end == "fin", data, end)
