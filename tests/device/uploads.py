#!/usr/bin/env python3
"""Proves with curl that an upload to a device that writes flash passes by
progress alone, that the device has its time for the check at the end, and
that a refusal in mid-upload reaches the client. In check-long the image is of
2 MB at 40 kB/s over packets of 1500 bytes, in a network of its own; a short one
otherwise."""
import concurrent.futures
import os

from rig import (IS_LONG, Stand, before, check, check_equal, curl, folder,
                 own_network, run, write)

if IS_LONG:
    own_network(needed=True)
    run("ip", "link", "set", "lo", "mtu", "1500")
BYTES, RATE, CHECK_S = (2000000, 40000, 7) if IS_LONG else (300000, 150000, 2)
IMAGE = write(os.path.join(folder(), "image.bin"), os.urandom(BYTES // 2).hex())
W5500 = ("--body-max", "0", "--first-byte-timeout", "10s")
# Shorter than the upload, longer than a pause of it.
SHORT = ("--request-timeout", "1s", "--reply-timeout", "1s",
         "--idle-timeout", "1s", "--first-byte-timeout", "1s")
FORM = ("-F", "firmware=@" + IMAGE)
BINARY = ("--data-binary", "@" + IMAGE, "-H", "Expect:")
PLAIN, CHECKED = ("--check", 0), ("--check", CHECK_S)
REFUSED = ("--refuse-after", 20000)
UPLOADS = (("esp", (), PLAIN, FORM), ("esp", (), CHECKED, FORM),
           ("w5500", W5500, CHECKED, FORM), ("esp", SHORT, PLAIN, FORM),
           ("esp", (), REFUSED, FORM), ("w5500", W5500, REFUSED, FORM),
           ("esp", (), REFUSED, BINARY), ("w5500", W5500, REFUSED, BINARY))


def upload(profile, flags, device, how):
    dev = Stand("uploader", "--rate", RATE, *device)
    proxy = before(dev, *flags, profile=profile)
    said = curl("-m", "150", *how, "http://%s/update" % proxy.listen)
    what = f"{profile} {flags} {device} {how[0]}: {said} {proxy.lines}"
    check_equal(said[0], "401" if device is REFUSED else "200", what)
    if device is REFUSED:
        dev.expect(refused=1)
    else:
        dev.expect(flashed=1)
        check(dev.stat("body_bytes") >= BYTES, what)
    check_equal(proxy.matching('msg="device '), [], what)
    proxy.stop()


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda row: upload(*row), UPLOADS))
