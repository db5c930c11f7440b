#!/usr/bin/env python3
"""Proves that every command of doc/operations.md works, in its order, in a
clean Debian root before an emulated device, with a systemctl that starts what a
unit's own line says."""
import glob
import os
import re
import shutil
import sys

sys.path[:0] = ["tests/lib", "tests/examples"]
from root import Root, build_package
from sallyport import run
from stage import tempdev

# One program a unit, started as its own line says, ended by TERM. systemd
# would make the directory for logs and a user; here it is nobody.
SYSTEMCTL = r"""#!/bin/sh
changes()
{
	cat /run/err /var/log/sallyport/greenhouse.log* 2>/dev/null |
		grep -c "settings loaded\|upgrade: .* serves"
}
verb=
for word; do
	case $word in
	-*) continue ;;
	esac
	[ -n "$verb" ] || { verb=$word && continue; }
	pid=/run/$word.pid
	case $verb in
	list-units)
		[ ! -f /run/sallyport@greenhouse.pid ] ||
			echo sallyport@greenhouse.service loaded active running
		exit
		;;
	show)
		# Another number after an upgrade; the process is the one
		# that passes signals on.
		printf "%0$((8 + $(changes)))d\n" \
			"$(cat /run/sallyport@greenhouse.pid)"
		exit
		;;
	restart | try-restart)
		for pid in /run/$word.pid; do
			[ ! -f "$pid" ] || kill "$(cat "$pid")"
		done
		while [ -f "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; do
			sleep 0.1
		done
		;;
	reload | kill)
		signal=USR2
		[ $verb = kill ] || signal=HUP
		before=$(changes)
		kill -$signal "$(cat /run/sallyport@greenhouse.pid)"
		until [ "$(changes)" -gt "$before" ]; do
			sleep 0.1
		done
		continue
		;;
	enable | start) ;;
	*) continue ;;
	esac
	name=${word#sallyport@}
	name=${name%.service}
	case $word in
	"sallyport@*"*) name=greenhouse word=sallyport@greenhouse ;;
	hitch)
		# As its package's unit does.
		hitch --daemon --config=/etc/hitch/hitch.conf --pidfile=/run/hitch.pid
		until grep -q ':01BB .* 0A ' /proc/net/tcp; do
			sleep 0.1
		done
		continue
		;;
	esac
	install -d -o nobody -g nogroup /var/log/sallyport /run/sallyport
	line=$(sed -n 's/^ExecStart=//p' \
		/lib/systemd/system/sallyport@.service |
		sed "s/%i/$name/g")
	rm -f /run/err
	: >/run/err
	setpriv --reuid nobody --regid nogroup --clear-groups \
		$line </dev/null >/run/out 2>>/run/err &
	echo $! >"/run/$word.pid"
	# Starts it itself: in a clean root, without the harness.
	until grep -q ': ready on ' /run/err; do
		kill -0 $! || { cat /run/err >&2 && exit 1; }
		sleep 0.1
	done
done
"""


def commands():
    """What stands behind a prompt in an indented block of the document, with
    the lines that go on."""
    goes_on = False
    with open("doc/operations.md") as file:
        for line in file:
            begins = re.match(r" +[#$] (.*)", line)
            goes_on = begins or (goes_on and line.startswith("    "))
            if begins:
                yield begins[1] + "\n"
            elif goes_on:
                yield line[4:]


deb = build_package()
device = tempdev()
here = Root("operations")
run("mount", "--bind", "/dev", here.path("/dev"))
os.makedirs(here.path("/run/systemd/system"))
shutil.copy(deb, here.path("/root"))
here.program("/usr/bin/systemctl", SYSTEMCTL)
shown = list(commands())
pages = [line for line in shown if line.startswith("curl")]
assert len(pages) >= 5, shown
here.program("/root/commands", "".join(shown))
try:
    said = here.run("sh", "-c", "cd /root && exec sh -eux commands")
except AssertionError:
    print(here.read("/run/err"))
    raise
served = said.count("Temperature Server")
assert served >= len([line for line in pages if ":9180" not in line]), said
assert re.search("^device up since", said, re.M), "no status"
assert re.search("^sallyport_slots", said, re.M), "no metrics"
log = "/var/log/sallyport/greenhouse.log"
assert re.search("client=127.0.0.1:.* cause=done", here.read(log)), \
    "no line in the log after it was turned"
assert glob.glob(here.path(log) + ".1*"), "not turned"
for name in "sallyport@greenhouse", "hitch":
    os.kill(int(here.read("/run/%s.pid" % name)), 15)
