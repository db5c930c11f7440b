#!/usr/bin/env python3
"""Proves that systemd has nothing to say against the installed units, that a
proxy's exposure is at most 1.2 of 10, and that with a port below 1024 it gets
that one capability and no other."""
import os
import re
import shutil
import sys

sys.path.insert(0, "tests/lib")
from sallyport import BIN, folder, needs, run

needs("systemd-analyze")
BIN = os.path.abspath(BIN)
TMP = folder()
CLEAN = {name: value for name, value in os.environ.items() if name not in (
    "MAKEFLAGS", "MAKELEVEL", "DESTDIR", "UNITDIR")}

# Into a place of its own: the units name programs by their full paths.
# What is built already is not built anew: other tests use it.
run("make", "-s", "-o", BIN + "/sallyport", "B=%s/b" % TMP, "OUT=" + BIN,
    "PREFIX=%s/usr" % TMP, "SYSCONFDIR=%s/etc" % TMP, "install", env=CLEAN,
    within_s=900)
os.chdir(TMP + "/usr/lib/systemd/system")
for kind in "service", "socket":
    shutil.copy("sallyport@." + kind, "sallyport@x." + kind)
with open("sallyport@.service") as file:
    unit = file.read()
assert "\nExecStart={0}/usr/sbin/sallyport -c {0}/etc/sallyport/%i.conf\n" \
    .format(TMP) in unit, "the unit names other paths"


def verify(*units):
    said = run("systemd-analyze", "--man=no", "verify", *units)
    assert not said, said


verify("sallyport@x.service", "sallyport@x.socket")
# In tenths.
run("systemd-analyze", "--offline=yes", "--threshold=12", "security",
    os.path.abspath("sallyport@.service"))

# The lines that the unit's own comment gives for a low port.
os.mkdir("sallyport@x.service.d")
low = re.findall("^#     (.*\n)", unit, re.M)
with open("sallyport@x.service.d/low.conf", "w") as file:
    file.writelines(low)
verify("sallyport@x.service")
assert [line for line in low if line.startswith("CapabilityBoundingSet=")] == [
    "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"], low
