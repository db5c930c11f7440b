#!/usr/bin/env python3
"""Proves the command line: help by groups, bad input told what is allowed,
exit codes, and the line that says where the device is.
Starts it itself: the ready line is what it looks at."""
import os
import re
import signal
import socket
import subprocess

from rig import Device, TEMPDEV, check, check_equal, tmpdir


def run(*args):
    done = subprocess.run([TEMPDEV, *args], capture_output=True, text=True,
                          timeout=20, check=False)
    return done.returncode, done.stdout, done.stderr


status, out, err = run("--help")
check_equal((status, err), (0, ""), "--help")
for group in ("The device", "Time", "Output", "State at start", "Faults",
              "Other"):
    check(re.search(rf"^{group}.*:$", out, re.M), "no group", group)
check_equal([line for line in out.split("\n") if len(line) > 80], [],
            "long lines")
for word in ("--listen", "--speed", "spi-hang=", "power-cycle="):
    check(word in out, "--help lacks", word)
check_equal(run("--version")[0], 0, "--version")

for args, expected in (
        (["--sped", "1"], "unknown switch '--sped'; allowed: --listen "),
        (["8080"], "unknown switch '8080'; allowed: --listen "),
        (["--chip", "w6100"], "allowed: w5500|w5100"),
        (["--sockets", "9"], "allowed: 1..8"),
        (["--sockets=four"], "'four' not understood; allowed: 1..8"),
        (["--lib", "v3"], "allowed: stock2017|systronix|v2|ethernet2"),
        (["--era", "E6"], "allowed: E0, E1, E2, E3, E4, E5, 05-07, 07-15,"),
        (["--era", "2018-08-05"], "allowed: E0,"),
        (["--era", "07-31"], "allowed: E0,"),
        (["--era", "2017-07-16"], "allowed: E0, E1, E2,"),
        (["--refuse", "politely"], "allowed: pause|accept-rst"),
        (["--speed", "-1"], "allowed: 0..100000"),
        (["--speed", "1e3"], "allowed: 0..100000"),
        (["--speed"], "--speed needs a value; allowed: 0..100000"),
        (["--temp", "fixed:200"], "allowed: walk|fixed:C"),
        (["--crlf=yes"], "--crlf takes no value"),
        (["--listen", "here"], "allowed: [ADDRESS:]PORT"),
        (["--touched", "0,8"], "allowed: 0,1,.."),
        (["--uptime", "1s"], "allowed: 0..2000000000"),
        (["--chip", "w5100", "--sockets", "8"], "w5100 has 4 sockets"),
        (["--listen-slot", "4"], "must be below --sockets"),
        (["--touched", "5"], "below --sockets"),
        (["--fault=ignore-clients"] * 33, "32 times at most"),
        (["--listen", "0", "--fault", "rust"], "allowed: spi-hang, spi-zero,"),
        (["--listen", "0", "--fault", "reply-size=big"], "takes 'N'")):
    status, out, err = run(*args)
    check_equal((status, out), (64, ""), " ".join(args))
    check(expected in err, " ".join(args), "said", err)

# What the system refuses is exit 71, and named.
taken = socket.create_server(("127.0.0.1", 0))
where = "127.0.0.1:%d" % taken.getsockname()[1]
status, out, err = run("--listen", where)
check_equal(status, 71, "a port that is taken")
check(err == f"tempdev: {where}: Address already in use\n", err)
dev = Device()
check_equal(dev.stat("fw"), "boot", "the device, which does not listen yet")
where = "%s:%d" % dev.address
status, out, err = run("--listen", where)
check_equal(status, 71, "a second emulator while the first one boots")
check(err == f"tempdev: {where}: Address already in use\n", err)
status, out, err = run("--listen", "0", "--console", tmpdir() + "/no/such")
check_equal(status, 71, "a console that cannot be opened")

# The ready line names the real port; TERM is a normal end.
READY = [("0", r"127\.0\.0\.1:")]
if os.path.exists("/proc/net/if_inet6"):
    READY.append(("[::1]:0", r"\[::1\]:"))
for given, shown in READY:
    dev = subprocess.Popen([TEMPDEV, "--listen", given, "--console",
                            os.devnull], stderr=subprocess.PIPE, text=True)
    line = dev.stderr.readline()
    check(re.fullmatch(rf"tempdev: ready on {shown}[1-9]\d*\n", line), line)
    dev.send_signal(signal.SIGTERM)
    check_equal(dev.wait(20), 0, "exit after TERM")
    dev.stderr.close()
