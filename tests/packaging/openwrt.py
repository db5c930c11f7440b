#!/usr/bin/env python3
"""Proves that the init script for OpenWrt gives procd one instance for each
file of settings, one that serves, reports a faulty file, and reloads by HUP."""
import os
import sys

sys.path.insert(0, "tests/lib")
from sallyport import PROGRAM, TEMPDEV, Listening, folder, run, write

TMP = folder()
SETTINGS = TMP + "/settings"
# procd's and rc.common's part, noted in the file that is descriptor 3.
PROCD = """
procd_open_instance() { echo "open $*" >&3; }
procd_close_instance() { echo close >&3; }
procd_send_signal() { echo "signal $*" >&3; }
procd_set_param() { echo "set $*" >&3; }
logger() { echo "log $*" >&3; }
. packaging/openwrt/files/sallyport.init
[ "$USE_PROCD" = 1 ] || exit 1
PROG=$1 SETTINGS=$2
"""
# rc.common's start, which the script's reload calls.
RELOAD = "start() { start_service; }\nreload_service"


def told(order):
    run("sh", "-c", PROCD + order + ' 3>"$3"', "sh", PROGRAM, SETTINGS,
        TMP + "/told")
    with open(TMP + "/told") as file:
        return file.read().splitlines()


os.mkdir(SETTINGS)
assert told("start_service") == [], "an instance of nothing"

device = Listening(TEMPDEV, "--era", "E1", "--speed", "20", "--listen",
                   "127.0.0.1:0")
write(SETTINGS + "/garden.conf", "profile w5500", "listen 127.0.0.1:0",
      "device " + device.listen)
write(SETTINGS + "/broken.conf", "listen nowhere")
had = told("start_service")
assert [line for line in had if line[:4] in ("open", "clos")] == [
    "open garden", "close"], had
for line in "respawn 3600 1 0", "user nobody", "no_new_privs 1":
    assert "set " + line in had, (line, had)
assert any("broken: not started: " in line and "nowhere" in line
           for line in had if line.startswith("log ")), had

# What procd would run.
command = [line.split()[2:] for line in had if line.startswith("set command ")]
proxy = Listening(*command[0])
page = run("curl", "--silent", "--show-error", "--max-time", "60",
           "http://%s/" % proxy.listen)
assert "Temperature Server" in page, page
proxy.process.terminate()
proxy.finish()

had = told(RELOAD)
assert "open garden" in had, "a reload does not look for new files"
assert "signal sallyport * HUP" in had, had
