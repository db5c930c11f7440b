#!/usr/bin/env python3
"""Proves that the camera streams pictures without end, and bears one viewer:
a second one and the page are reset meanwhile."""
from rig import check, check_equal
from standins import (Stand, curl, ends_by_reset, read_until, request)

dev = Stand("camera", "--frame-ms", 20)
status, body, rc = curl(dev.url + "/capture")
check_equal((status, len(body), rc), ("200", 8000, 0), "a picture")
for chunks in (1, 0):
    dev.set("chunks", chunks)
    viewer = dev.connect(request("/stream"))
    head = read_until(viewer, b"\r\n\r\n")
    check(b"multipart/x-mixed-replace;boundary=frame" in head, head)
    check_equal(b"chunked" in head, bool(chunks), "framing")
    seen = 0
    while seen < 5:
        seen += read_until(viewer, b"--frame\r\n").count(b"--frame\r\n")
    check(ends_by_reset(dev.address), "a second viewer")
    check_equal(dev.stat("active"), 1, "viewers")
    viewer.close()
    dev.wait("active=0")
check_equal(curl(dev.url + "/")[0], "200", "the page afterwards")

# curl takes it apart into whole pictures.
_, body, _ = curl("-m", "1", dev.url + "/stream")
check(body.count(b"Content-Length: 8000\r\n\r\n\xff\xd8") > 5, len(body))

dev.wait("active=0")

# A viewer that stops reading holds the camera, and no picture is taken.
still = dev.connect(request("/stream"))
dev.wait("streams=4")
frames = -1
while dev.stat("frames") != frames:
    frames = dev.stat("frames")
    dev.command(f"wait frames>{frames} 500")
check(ends_by_reset(dev.address), "somebody is served beside him")
