#!/usr/bin/env python3
"""Proves that the README's two commands are true on a fresh Debian 12: in a
clean root, from a clone, with nothing installed before. Long: it installs
hundreds of packages and runs all tests. Run by make check-fresh."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from sallyport import BUILD, run, skip

ROOTS = os.path.abspath(os.path.join(BUILD, "roots"))
FRESH = ROOTS + "/fresh"  # what is written goes beside the clean root
ROOT = FRESH + "/root"

if not os.path.isdir(ROOTS + "/plain"):
    skip("no clean Debian root: make check-fresh")
if "OWN_MOUNTS" not in os.environ:
    os.environ["OWN_MOUNTS"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork",
                          "--kill-child", sys.executable, *sys.argv])

shutil.rmtree(FRESH, ignore_errors=True)
for name in "new", "work", "root":
    os.makedirs(os.path.join(FRESH, name))
for words in (
        ["-t", "overlay", "overlay", "-o", "lowerdir=%s/plain,upperdir=%s/new,"
         "workdir=%s/work" % (ROOTS, FRESH, FRESH), ROOT],
        ["-t", "proc", "proc", ROOT + "/proc"],
        ["--rbind", "/sys", ROOT + "/sys"], ["--rbind", "/dev", ROOT + "/dev"],
        ["-t", "tmpfs", "tmpfs", ROOT + "/tmp"]):
    run("mount", *words)
shutil.copy("/etc/resolv.conf", ROOT + "/etc/resolv.conf")
run("git", "clone", "--quiet", ".", ROOT + "/sallyport")

status = 0
for script in "quickstart.sh", "test.sh":
    print("== sh scripts/" + script, flush=True)
    status |= subprocess.run(
        ["chroot", ROOT, "sh", "-c", "cd /sallyport && sh scripts/" + script],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
             "CI": "true"}, check=False).returncode
sys.exit(1 if status else 0)
