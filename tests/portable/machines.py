#!/usr/bin/env python3
"""Proves that the program for each compiler and machine serves, is no larger
than it may be, and on 32 bits passes every unit test; programs of other
machines run under qemu-user. MACHINES="armhf mipsel" plays these alone."""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import BUILD, TEMPDEV, Listening, own_network, run, write
from stand import Proxy

# name: compiler, tuple of another machine, its qemu. The static program is to
# have 220 kB, of which 70 are the library's; it had 325 once it had pages and
# status. It grows in steps of 4096: 292440 before each setting had its help and
# common slips their remedies, 300632 with both.
MACHINES = {
    "x86-64-gcc": ("gcc", None, None),
    "x86-64-clang": ("clang", None, None),
    "x86-64-musl": ("musl-gcc", None, None),
    "arm64": (None, "aarch64-linux-gnu", "qemu-aarch64"),
    "riscv64": (None, "riscv64-linux-gnu", "qemu-riscv64"),
    "armhf": (None, "arm-linux-gnueabihf", "qemu-arm"),
    "mipsel": (None, "mipsel-linux-gnu", "qemu-mipsel"),
}
MOST_BYTES = {"x86-64-musl": 304728}
WITH_UNITS = ("armhf", "mipsel")
CLEAN = {name: value for name, value in os.environ.items() if name not in (
    "MAKEFLAGS", "MAKELEVEL", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS")}


class Missing(Exception):
    pass


def build(there, compiler, *targets, **variables):
    """For the machine; warnings are errors."""
    done = subprocess.run(
        ["make", "-s", "-j2", "WERROR=1", "CC=" + compiler, "B=" + there,
         "OUT=" + there, *("%s=%s" % each for each in variables.items()),
         *targets], env=CLEAN, text=True, capture_output=True, check=False)
    print("\n".join(line for line in done.stdout.splitlines()
                    if "left out" in line))
    assert done.returncode == 0, done.stdout + done.stderr


def with_musl(there):
    """Static, with Debian's musl, which comes without the kernel's headers."""
    kernel = os.path.join(there, "kernel")
    os.makedirs(kernel, exist_ok=True)
    multiarch = run("gcc", "-dumpmachine").strip()
    for name, target in (("linux", "linux"), ("asm-generic", "asm-generic"),
                         ("asm", multiarch + "/asm")):
        if not os.path.lexists(os.path.join(kernel, name)):
            os.symlink("/usr/include/" + target, os.path.join(kernel, name))
    return {"CPPFLAGS": "-idirafter " + kernel, "LDFLAGS": "-static",
            "SMALL": "1"}


def serves(program, under):
    """The ready line, one request with its page, and the line of the log."""
    device = Listening(TEMPDEV, "--era", "E1", "--speed", "20", "--listen",
                       "127.0.0.1:0")
    # qemu-user knows no seccomp: there the jail is left off.
    proxy = Proxy(device, *(["--sandbox", "off"] if under else []),
                  program=program, under=under)
    page = run("curl", "--silent", "--show-error", "--max-time", "60",
               "http://%s/" % proxy.listen)
    assert "Temperature Server" in page, page
    proxy.logged(1, "cause=done")
    proxy.terminate()
    device.stop()


def units(name, there, compiler, machine, under):
    """Every unit test, on the machine. Its Check library is unpacked beside it
    by scripts/portable.sh."""
    check = os.path.join(there, "check/usr")
    if not os.path.exists(check + "/include/check.h"):
        raise Missing("no Check library for " + name)
    build(there, compiler, "tests",
          CPPFLAGS="-idirafter %s/include" % check,
          LDFLAGS="-L%s/lib/%s" % (check, machine),
          CHECK_LIBS="-lcheck_pic -lsubunit -lm -lrt -pthread")
    tests = [test for test in glob.glob(there + "/tests/unit/*")
             if not test.endswith((".o", ".d"))]
    assert len(tests) > 20, tests
    for test in tests:
        done = subprocess.run(
            [*under, test], capture_output=True, text=True, check=False,
            env=dict(CLEAN, CK_DEFAULT_TIMEOUT="600"))
        assert done.returncode == 0, test + done.stdout + done.stderr


def play(name):
    compiler, machine, qemu = MACHINES[name]
    compiler = compiler or machine + "-gcc"
    strip = machine + "-strip" if machine else "strip"
    for program in (compiler, strip, qemu or "make"):
        if not shutil.which(program):
            raise Missing("no %s for %s" % (program, name))
    under = [qemu, "-L", "/usr/" + machine] if qemu else []
    there = os.path.abspath(os.path.join(BUILD, "portable", name))
    os.makedirs(there, exist_ok=True)
    flags = with_musl(there) if compiler == "musl-gcc" else {}
    build(there, compiler, "program", **flags)
    program = there + "/sallyport"
    if flags:
        assert "INTERP" not in run("readelf", "-l", program), "not static"
    serves(program, under)
    run(strip, "-o", there + "/stripped", program)
    size = os.path.getsize(there + "/stripped")
    write(there + "/size", "%-14s %8d" % (name, size))
    assert size <= MOST_BYTES.get(name, 10000000), size
    if name in WITH_UNITS:
        units(name, there, compiler, machine, under)


def main():
    own_network()
    missing = []
    for name in os.environ.get("MACHINES", "").split() or MACHINES:
        try:
            play(name)
        except Missing as what:
            missing.append(str(what))
    if missing:
        print("; ".join(missing))
    return 77 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
