#!/usr/bin/env python3
"""Proves that the Debian package is built in a clean root, that lintian has
nothing against it, and that it can be installed, started by its unit's own
line, upgraded, removed and purged, leaving only what is the owner's."""
import os
import re
import shutil
import sys

sys.path.insert(0, "tests/lib")
from sallyport import TEMPDEV, Listening, needs, run
from root import SPACE, Root, build_package

needs("lintian")
# It notes what it is asked, and does as told with the one proxy that it knows.
SYSTEMCTL = r"""#!/bin/sh
echo "$*" >>/tmp/systemctl
[ -f /tmp/pid ] || exit 0
case $1 in
list-units) echo "sallyport@garden.service loaded active running" ;;
# Another number after an upgrade; the process is the one that passes
# signals on.
show)
	upgrades=$(grep -c 'upgrade: .* serves' /tmp/log)
	printf "%0$((8 + upgrades))d\n" "$(cat /tmp/pid)"
	;;
esac
exit 0
"""
# What the package manager and the C library keep for themselves.
NOT_OURS = re.compile("./(var/(lib/dpkg|log|cache)/|tmp)")


def files():
    return {line for line in run("find", ".", "-xdev", cwd=plain.top)
            .splitlines() if not NOT_OURS.match(line)}


def asked(pattern=""):
    """What systemd was asked."""
    if os.path.exists(plain.path("/tmp/systemctl")):
        return re.search(pattern, plain.read("/tmp/systemctl"))
    return None


def install(package):
    shutil.copy(package, plain.path("/tmp/new.deb"))
    return plain.run("dpkg", "-i", "/tmp/new.deb")


def unit_line(name):
    unit = plain.read("/lib/systemd/system/sallyport@.service")
    return re.search("^%s=-*(.*)$" % name, unit, re.M)[1] \
        .replace("%i", "garden").split()


def serves():
    page = run("curl", "--silent", "--show-error", "--max-time", "60",
               "http://%s/" % proxy.listen)
    assert "Temperature Server" in page, page


def packed(name):
    run("dpkg-deb", "-b", SPACE + "/next", SPACE + name)
    return SPACE + name


deb = build_package()
run("lintian", "--allow-root", "--fail-on", "error,warning", deb, within_s=900)

plain = Root("plain")
os.makedirs(plain.path("/run/systemd/system"))
plain.program("/usr/bin/systemctl", SYSTEMCTL)
before, users = files(), plain.read("/etc/passwd")
install(deb)
assert os.path.isdir(plain.path("/etc/sallyport")), "no folder for settings"
assert asked("daemon-reload") and not asked("restart")

# Configured, and started as systemd would: by the unit's lines, as nobody.
device = Listening(TEMPDEV, "--era", "E1", "--speed", "20", "--listen",
                   "127.0.0.1:0")
conf = plain.path("/etc/sallyport/garden.conf")
with open(conf, "w") as file:
    file.write("profile w5500\nlisten 127.0.0.1:0\ndevice %s\nlog /tmp/log\n" %
               device.listen)
plain.run(*unit_line("ExecStartPre"))
proxy = Listening("chroot", "--userspec=nobody:nogroup", plain.top,
                  *unit_line("ExecStart"))
with open(plain.path("/tmp/pid"), "w") as file:
    file.write("%d\n" % proxy.pid)
serves()

# The next version, while the first one serves, goes on serving in its place.
run("dpkg-deb", "-R", deb, SPACE + "/next")
run("sed", "-i", "s/^Version: .*/&+1/", SPACE + "/next/DEBIAN/control")
following = packed("/next.deb")
install(following)
assert re.search("upgrade: .* serves", plain.read("/tmp/log"))
assert not asked("restart")
serves()
program = os.readlink("/proc/%d/exe" % proxy.worker())
assert program.endswith("/sallyport"), "the old program serves: " + program

# One that does not take over: the old one goes on until it is restarted.
with open(SPACE + "/next/usr/sbin/sallyport", "w") as file:
    file.write('#!/bin/sh\n[ "$1" = -t ]\n')
bad = packed("/bad.deb")
os.environ["SALLYPORT_UPGRADE_S"] = "2"
install(bad)
del os.environ["SALLYPORT_UPGRADE_S"]
assert asked("try-restart sallyport@garden.service")
assert "upgrade refused" in plain.read("/tmp/log"), "it took over"
serves()
os.remove(plain.path("/tmp/systemctl"))

# With faults in its settings the program that runs is left alone.
with open(conf, "a") as file:
    file.write("slots many\n")
assert "sallyport@garden.service goes on" in install(following)
assert not asked("restart")
assert len(re.findall("upgrade: .* serves", plain.read("/tmp/log"))) == 1
serves()
proxy.process.terminate()
proxy.finish()
os.remove(plain.path("/tmp/pid"))

plain.run("dpkg", "-r", "sallyport")
assert asked(r"stop sallyport@\*.socket sallyport@\*.service")
assert not os.path.exists(plain.path("/usr/sbin/sallyport"))
plain.run("dpkg", "-P", "sallyport")
left = files() ^ before
assert left == {"./etc/sallyport", "./etc/sallyport/garden.conf"}, left
assert plain.read("/etc/passwd") == users, "another user"
