#!/usr/bin/env python3
"""Proves that poll.c alone builds with every compiler there is, and gives the
right answers or a clear skip in poor surroundings."""
import glob
import os
import re
import shutil
import subprocess

from probe import TMP, check, end, expect, path, say

# Where everybody may read them, which the tree may not be.
SCRIPTS = [shutil.copy(script, TMP)
           for script in sorted(glob.glob("tests/poll/pp/*.pp"))]
NOBODY = ("setpriv --reuid 65534 --regid 65534 --clear-groups "
          "--no-new-privs").split()


def all_hold(*command, skips=""):
    """The scripts that the command runs all hold or are skipped, one at least
    that `skips` matches."""
    said = expect(0, "ok ", *command)
    check(not re.search("^not ok", said, re.M), *command, said)
    check(re.search(skips, said), *command, "no skip:", skips)


def allowed(*command):
    return subprocess.run([*command, "true"], capture_output=True).returncode \
        == 0


os.chmod(TMP, 0o755)
# Only the file itself, far from the tree.
shutil.copy("contrib/debug/poll.c", TMP)
probes = {}
for compiler in (["gcc"], ["clang"], ["musl-gcc", "-static"]):
    if not shutil.which(compiler[0]):
        continue
    probe = probes[compiler[0]] = path(compiler[0])
    said = say(*compiler, "-Wall", "-Wextra", "poll.c", "-o", probe, cwd=TMP)
    check(said == (0, ""), *compiler, said)
    all_hold(probe, "run", *SCRIPTS)
    expect(0, "Linux " + os.uname().release, probe, "--version")

# Standard output that nobody reads.
expect(0, "74", "bash", "-c", '"$0" -v -c "pol,pau(300),pol" 2>/dev/null | '
       "true; echo ${PIPESTATUS[0]}", probe)
check(say("sh", "-c", 'exec "$0" -v -c pol >&-', probe)[0], "without output")

# As nobody, with and without the right to make a namespace.
if os.getuid() == 0:
    all_hold(*NOBODY, probe, "run", *SCRIPTS)
    if allowed("unshare", "-U"):
        said = say("unshare", "-U", "--map-root-user", "sh", "-c",
                   "echo 0 >/proc/sys/user/max_net_namespaces && "
                   "exec setpriv --bounding-set=-all --inh-caps=-all "
                   '--no-new-privs "$0" -v -n -l drop -c "con(nb),pol"', probe)
        # Kernels before June 2026 need no privilege for it.
        check(re.search(r"skipped: no network namespace|pol\(c=4\): ret=0 ev=0",
                        said[1]), "without a namespace:", said)
    if allowed("unshare", "-n"):
        all_hold("unshare", "-n", "sh", "-c", "ip link set lo up\n"
                 "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6\n"
                 'exec "$@"', "sh", probe, "run", *SCRIPTS,
                 skips="tcp6.*SKIP")

# A container: namespaces of its own, no IPv6, and nothing but the probe, no
# /proc either.
UNPRIVILEGED = NOBODY[:-1]
if "musl-gcc" in probes and shutil.which("busybox") and \
        allowed(*UNPRIVILEGED, "unshare", "-Urnm"):
    root = path("root")
    os.makedirs(root + "/tmp")
    for file in [shutil.which("busybox"), probes["musl-gcc"], *SCRIPTS]:
        shutil.copy(file, root)
    subprocess.run(["chmod", "-R", "a+rX", root], check=True)
    all_hold(*UNPRIVILEGED, "unshare", "-Urnmpf", "sh", "-c", """
        mount -t tmpfs root /mnt && cp -r "$0"/* /mnt
        echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
        exec chroot /mnt /busybox sh -c "/busybox ip link set lo up
            exec /musl-gcc run *.pp" """, root, skips="fifo.*SKIP")

if shutil.which("strace"):
    trace = path("trace")
    expect(0, "ok", "strace", "-f", "-qq", "-o", trace, probe, "run",
           "tests/poll/pp/fresh.pp", "tests/poll/pp/reset-after-fin.pp")
    # Its own set is above 100, and the second question asks nothing of it.
    say("strace", "-qq", "-o", trace, probe, "-e", "-c", "pol,clo,pol")
    with open(trace) as file:
        waits = re.findall(r"epoll_p?wait\((\d+),", file.read())
    check(len(waits) == 1, "a closed side was polled", waits)
    check(waits and 100 <= int(waits[0]) < 200, "the set is not above 100")
end()
