#!/usr/bin/env python3
"""Proves that the program of packaging/Containerfile serves alone in a
read-only root, as nobody, without capabilities, as process 1, and ends at TERM.
The image itself is not built: no registry is asked."""
import os
import re
import shutil
import signal
import sys

sys.path.insert(0, "tests/lib")
from sallyport import (BUILD, TEMPDEV, Listening, folder, needs, own_network,
                       proc, run, until, write)
from machines import build, with_musl

own_network(needed=True)
needs("musl-gcc")
there = os.path.abspath(os.path.join(BUILD, "portable/container"))
os.makedirs(there, exist_ok=True)
build(there, "musl-gcc", "program", **with_musl(there))

with open("packaging/Containerfile") as file:
    text = file.read()


def words(name):
    return re.findall('"([^"]*)"',
                      re.search(r"^%s \[(.*)\]$" % name, text, re.M)[1])


user, group = re.search(r"^USER (\d+):(\d+)$", text, re.M).groups()
assert words("ENTRYPOINT") == ["/sallyport"]
assert re.search(r'^HEALTHCHECK .*CMD \["/sallyport", "status"\]', text, re.M)

device = Listening(TEMPDEV, "--era", "E1", "--speed", "20", "--listen",
                   "127.0.0.1:0")
image = folder()
run("mount", "-t", "tmpfs", "none", image)
os.makedirs(image + "/etc/sallyport")
shutil.copy(there + "/sallyport", image)
write(image + "/etc/sallyport/sallyport.conf", "profile w5500",
      "listen 127.0.0.1:0", "device " + device.listen)
run("mount", "-o", "remount,ro", image)

proxy = Listening("unshare", "--pid", "--fork", "--kill-child", "--root", image,
                  "--setgid", group, "--setuid", user, *words("ENTRYPOINT"),
                  *words("CMD"))
page = run("curl", "--silent", "--show-error", "--max-time", "60",
           "http://%s/" % proxy.listen)
assert "Temperature Server" in page, page
first = proxy.pids()[1]
status = dict(line.split(":\t", 1) for line in
              proc(first, "status").splitlines() if ":\t" in line)
assert status["NSpid"].split()[-1] == "1", status
assert not int(status["CapEff"], 16), status
assert status["Uid"].split()[:2] == [user, user], status
os.kill(first, signal.SIGTERM)
until("it has ended", proxy.ended)
run("umount", "-l", image)
