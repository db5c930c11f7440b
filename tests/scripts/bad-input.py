#!/usr/bin/env python3
"""Proves that bad settings are named, each with what was expected, all in one
run, with the right exit code, and that nothing is half-started."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import (PROGRAM, READY, WAIT_S, folder, own_network, run,
                       write)
from stand import Proxy

own_network()
HERE = folder()
CONF, ABSENT = HERE + "/bad.conf", HERE + "/absent"
LISTEN, DEVICE = "127.0.0.1:0", "127.0.0.1:9"
ADDRESSES = LISTEN, DEVICE
USAGE, OS, TEMPORARY, NO_PERMISSION, IN_FILE = 64, 71, 75, 77, 78
VALUES = """
    idle-timeout 5
    idle-timeout 5x
    idle-timeout -1s
    idle-timeout 1s2
    idle-timeout 99999999999999999999s
    connect-timeout soon
    fin-timeout ms
    max-clients many
    max-clients -1
    max-clients 1.5
    max-clients 99999999999999999999
    reply-buffer 16q
    reply-buffer k
    memory 0x10
    connect-retry 1s
    half-close never
    on-device-fin open
    device-abort kill
    splice perhaps
    log-level loud
    log-format xml
    local-address 127.0.0.1:80
    local-address nowhere
    listen 127.0.0.1:65536
    listen 127.0.0.1
    listen 1.2.3:80
    listen [::1:80
    listen ::1:80
    listen http
    profile w5100
    listen-mode 0999
    listen-group no-such-group
    name a=b
    stream-slots 0
    body-max -1
    reply-rate fast
    allow-method get
    answer favicon.ico
    strip-header Host
    request-limit 5
    request-limit 0/1s
    user no-such-user
    down-after x,1s
    down-after 1001
    local-address 1.2.3
    allow 1.2.3
    accept-proxy 1.2.3
"""


def said(*args, status=0, under=(), program=PROGRAM):
    """The lines it reports; it is not ready."""
    done = subprocess.run([*under, program, *args], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True,
                          errors="replace", timeout=WAIT_S, check=False)
    assert done.returncode == status, (args, done)
    assert READY not in done.stderr, done
    return done.stderr.splitlines()


def refuses(status, *args, names=(), faults=None, **how):
    """What it reports, each line after the name of the program; one has all
    of the texts."""
    lines = said(*args, status=status, **how)
    assert lines, ("nothing said", args)
    assert all(line.startswith("sallyport: ") for line in lines), lines
    named(lines, *names)
    assert faults in (None, len(lines)), (args, lines)
    return lines


def named(lines, *texts):
    assert any(all(text in line for text in texts) for line in lines), (
        texts, lines)


def refuses_in_file(lines, *args, **how):
    write(CONF, *lines)
    return refuses(IN_FILE, "-c", CONF, *args, **how)


def values():
    """A bad value is named with its setting and with what was expected, on the
    command line, and in a file, with the line."""
    for line in VALUES.split("\n")[1:-1]:
        name, value = line.split()
        refuses(USAGE, "--" + name, value, *ADDRESSES,
                names=(name, value, "expected"), faults=1)
        refuses_in_file(
            ("device " + DEVICE, "# x", "", name + " " + value),
            "--listen", LISTEN, faults=1,
            names=("sallyport: %s:4: " % CONF, name, value, "expected"))
    for name in ("idle-timeout", "max-clients", "reply-buffer", "half-close",
                 "log", "listen", "device"):
        refuses(USAGE, "--" + name, "", *ADDRESSES, names=(name, "expected"))
        refuses(USAGE, *ADDRESSES, "--" + name, names=(name, "expected"))
        refuses_in_file([name], *ADDRESSES,
                        names=(CONF + ":1: ", name, "expected"))
    # Too many of what may be repeated.
    for name in "allow", "accept-proxy":
        refuses_in_file([name + " 10.0.0.1"] * 300, *ADDRESSES,
                        names=(CONF + ":", name, "expected"))


def command_lines():
    for args, names in (
            (("--user", "65534", "--group", "no-such-group"),
             ("group", "no-such-group", "expected")),
            (("--group", "0"), ("group", "user is off", "expected")),
            (("--name", "0" * 101), ("is too long", "expected")),
            (("--probe", "GET /" + "0" * 512), ("is too long", "expected")),
            # An unknown name suggests the nearest one.
            (("--idle-timout", "5s"), ("idle-timout", "idle-timeout")),
            (("-z",), ("z",))):
        refuses(USAGE, *args, *ADDRESSES, names=names)
    refuses_in_file(["half-closed propagate"], *ADDRESSES,
                    names=(CONF + ":1: ", "half-closed", "half-close"))
    # The wrong number of addresses; none at all points to the help.
    refuses(USAGE, names=["--help"], faults=1)
    refuses(USAGE, LISTEN)
    refuses(USAGE, *ADDRESSES, "127.0.0.1:10", names=["127.0.0.1:10"])
    for args in ("--admin", "1.2.3"), ("--admin", "nowhere:99999"):
        refuses(USAGE, "-t", *args, *ADDRESSES)


def all_faults_in_one_run():
    """From the file and the command line; then it is that of the file."""
    lines = refuses_in_file(
        ("listen " + LISTEN, "idle-timeout 5", "nonsense 1",
         "reply-buffer lots"), "--fin-timeout", "x", "--splice", "y", faults=6)
    for text in ("bad.conf:2: ", "bad.conf:3: ", "bad.conf:4: ", "fin-timeout",
                 "splice", "device"):  # none was given
        named(lines, text)


def files():
    """Those that cannot be read. A FIFO is not waited for."""
    refuses(IN_FILE, "-c", ABSENT, *ADDRESSES, names=(ABSENT, "No such file"))
    refuses(IN_FILE, "-c", HERE, *ADDRESSES)
    with open(CONF, "wb") as file:
        file.write(b"listen 127.0.0.1:0\0\n\xff\xfe")
    refuses(IN_FILE, "-c", CONF, *ADDRESSES)
    for path in "/no-such/log", HERE + "/":
        refuses(OS, "-t", "--log", path, *ADDRESSES, names=("log", path))
    os.mkfifo(HERE + "/fifo")
    for path in (ABSENT, write(HERE + "/empty"), HERE, HERE + "/fifo",
                 "/dev/zero"):
        refuses(USAGE, "--gate", "data", "--busy-reply", path, *ADDRESSES,
                names=("busy-reply", '"%s"' % path, "expected"), faults=1)


def what_cannot_be_opened():
    """It is named, and nothing half-started."""
    proxy = Proxy(DEVICE, profile="raw")
    other, missing = HERE + "/other", ABSENT + "/it"
    refuses(OS, "--listen", other, "--listen", proxy.listen, "--device", DEVICE,
            names=(proxy.listen, "in use: expected an address that nobody"))
    assert not os.path.exists(other), "a Unix socket is left behind"
    proxy.terminate()
    refuses(TEMPORARY, "192.0.2.1:0", DEVICE,
            names=("192.0.2.1:0", "annot assign", "expected an address of"))
    refuses(OS, "--events", missing, *ADDRESSES,
            names=("events " + missing, "No such file", "expected a FIFO"))
    refuses(OS, "--events", CONF, *ADDRESSES,
            names=("events " + CONF, "File exists", "expected a FIFO"))
    refuses(OS, missing, DEVICE, names=(missing, "expected a directory"))
    for name in "log", "control", "admin", "chroot":
        refuses(OS, "--" + name, missing, *ADDRESSES,
                names=(missing, "expected a directory that exists"))
    refuses(OS, "--control", CONF, *ADDRESSES,
            names=(CONF, "expected a socket or a free path"))
    refuses(OS, "--log", HERE, *ADDRESSES, names=(HERE, "expected a file"))


def a_test_of_settings():
    """-t looks at what would be opened, and changes nothing there."""
    file, log = write(HERE + "/file", "text"), ABSENT + "/log"
    lines = refuses(
        OS, "-t", file, DEVICE, "--log", log, "--events", file,
        "--local-address", "192.0.2.1", "--down-after", "1",
        "--first-byte-timeout", "1s", faults=4)
    for texts in (("LISTEN", file, "no socket"), ("log", log, "No such file"),
                  ("events", file, "no FIFO"),
                  ("local-address", "192.0.2.1", "annot assign")):
        named(lines, *texts)
    with open(file, encoding="ascii") as text:
        assert text.read() == "text\n", "-t changes a file"
    new = HERE + "/new.sock", HERE + "/new.log"
    said("-t", new[0], DEVICE, "--log", new[1])
    assert not any(map(os.path.exists, new)), "-t makes a file"
    said("-t", *ADDRESSES, "--local-address", "127.0.0.1", "--user", "root",
         "--group", "root")
    # It warns of what has no effect, and that is no error.
    refuses(0, "-t", *ADDRESSES, "--probe", "GET /", faults=1,
            names=["sallyport: warning: --probe"])
    refuses(0, "-t", LISTEN, "no-such-host.invalid:9", faults=1,
            names=("sallyport: warning: ", "no-such-host.invalid",
                   "until it does"))


def what_it_prints_is_good():
    """What --show-config prints is right, and nothing to warn of."""
    profiles = run(PROGRAM, "--profile", "LIST").splitlines()
    assert len(profiles) == 6, profiles
    for line in run(PROGRAM, "--help", "profiles").splitlines():
        write(CONF, run(PROGRAM, "--show-config", "--profile", line.split()[0]))
        assert said("-t", "-c", CONF, "--listen", LISTEN, "--device",
                    DEVICE) == [], line
    for flag in "--help", "-h":
        assert "--idle-timeout" in run(PROGRAM, flag), flag
    about = run(PROGRAM, "--help", "idle-timeout").splitlines()
    assert "(0: no limit)" in about[0] and "Default: " in about[-1] \
        and about[1] == "  --idle-timeout TIME" and len(about) < 9, about
    refuses(64, "--help", "idle-timeuot", faults=1,
            names=["did you mean --idle-timeout?"])
    refuses(64, "--help", "thermometer", faults=1, names=["thermometer"])
    for flag in "--version", "-V":
        assert re.search(r"\d\.\d", run(PROGRAM, flag)), flag


def permissions():
    """A file that may not be read, and a directory that may not be written."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        return
    program = shutil.copy(PROGRAM, HERE)
    secret, sock = write(HERE + "/secret.conf", "listen " + LISTEN), HERE + "/s"
    os.chmod(secret, 0o600)
    nobody = {"program": program,
              "under": ("setpriv", "--reuid", "65534", "--clear-groups")}
    refuses(NO_PERMISSION, "-t", "-c", secret, faults=1,
            names=("secret.conf", "Permission denied"), **nobody)
    refuses(NO_PERMISSION, "-t", sock, DEVICE,
            names=(sock, "Permission denied"), **nobody)


def main():
    values()
    command_lines()
    all_faults_in_one_run()
    files()
    what_cannot_be_opened()
    a_test_of_settings()
    what_it_prints_is_good()
    permissions()


if __name__ == "__main__":
    main()
