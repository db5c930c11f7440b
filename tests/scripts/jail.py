#!/usr/bin/env python3
"""Proves that a worker is confined before it serves: system calls, new
privileges, capabilities, user and root; that any step which fails refuses to
serve with a message of its own; and that it works as an ordinary user,
without /proc, and as process 1. With ERRNOS, by every error that a step may
meet."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, "tests/lib")
from peer import echoed
from sallyport import (ECHOD, PROGRAM, READY, WAIT_S, Listening, Program,
                       folder, has_ended, is_sanitized, own_network, proc, skip,
                       text, until, works)
from stand import Proxy, Scenes

if os.getuid() != 0:
    skip("only root can change users")
if is_sanitized():
    skip("a sanitizer makes calls of its own")
OWN = own_network()
ECHO = Listening(ECHOD, "--fork")
CAP_SYS_ADMIN = 21
STRACE = "strace", "-f", "-qq", "-o", "/dev/null"
# Each step, what is said if it fails, and with what: the first, or all that the
# manuals know.
STEPS = (
    ("prlimit64", "cannot set limits", "EPERM EFAULT"),
    ("prctl", "cannot give up new privileges", "EINVAL EPERM EACCES EFAULT"),
    ("chroot", "cannot change the root", "EIO EACCES EFAULT ELOOP "
     "ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM"),
    ("setgroups", "cannot become user", "EPERM EFAULT EINVAL ENOMEM"),
    ("setresgid", "cannot become user", "EAGAIN EINVAL EPERM"),
    ("setresuid", "cannot become user", "EINVAL EAGAIN EPERM"),
    ("capget", "cannot drop capabilities", "EINVAL EFAULT EPERM ESRCH"),
    ("capset", "cannot drop capabilities", "EPERM EFAULT EINVAL ESRCH"),
    ("landlock_create_ruleset", "Landlock fails",
     "EINVAL E2BIG EFAULT EMFILE ENOMEM"),
    ("landlock_add_rule", "Landlock fails", "EINVAL EBADF EFAULT EPERM ENOMEM"),
    ("landlock_restrict_self", "Landlock fails", "EPERM EBADF E2BIG EINVAL"),
    ("seccomp", "system calls cannot be limited",
     "EINVAL EACCES EFAULT ENOMEM"))
SCENES = Scenes()


def start(*flags, **options):
    return Proxy(ECHO, *flags, profile="raw", single=False, **options)


def expect(pid, **fields):
    """So says the kernel of a process."""
    for name, value in fields.items():
        had = re.search("^%s:(.*)" % name, proc(pid, "status"), re.M)[1]
        assert had.split() == value.split(), (name, had, value)


def serves(*flags, under=(), **fields):
    """It serves, with these fields of its worker."""
    proxy = start(*flags, under=under)
    expect(proxy.worker(), **fields)
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def keeper_and_worker():
    proxy = start()
    worker = proxy.worker()
    for pid in proxy.pid, worker:
        expect(pid, Seccomp="2", NoNewPrivs="1")
    held = re.search(r"CapEff:\s*(\S+)", proc(proxy.pid, "status"))[1]
    assert not int(held, 16) & 1 << CAP_SYS_ADMIN
    expect(worker, CapEff="0" * 16, CapBnd="0" * 16)
    echoed(proxy)
    proxy.terminate()


@SCENES.alone
def another_user_and_another_root():
    empty = folder()
    proxy = start("--user", "65534", "--group", "12", "--chroot", empty)
    worker = proxy.worker()
    expect(worker, Uid="65534 " * 4, Gid="12 " * 4, Groups="")
    assert os.readlink("/proc/%d/root" % worker) == empty
    echoed(proxy)
    # It still goes with its keeper, though it has changed its user.
    proxy.stop()
    until("the worker has ended", lambda: has_ended(worker))


@SCENES.alone
def as_strict_as_is_wanted():
    serves("--sandbox", "log", Seccomp="2")
    serves("--sandbox", "off", Seccomp="0")


@SCENES.alone
def stopped_while_it_waits_for_who_reads_its_last_lines():
    """It ends as ever: when it goes on the kernel restarts the call, for some
    by another one. Its log is a socket that nobody reads."""
    ours, theirs = socket.socketpair()
    proxy = Program(PROGRAM, "127.0.0.1:0", ECHO.listen, stderr=theirs)
    assert READY.encode() in ours.recv(4096)
    worker = proxy.worker()
    theirs.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            theirs.send(b"x" * 512)
    theirs.close()
    proxy.signal(signal.SIGTERM)
    until("it waits", lambda: proc(worker, "syscall").split()[0] in (
        "7", "271"))
    os.kill(worker, signal.SIGSTOP)
    until("it is stopped", lambda: "State:\tT" in proc(worker, "status"))
    os.kill(worker, signal.SIGCONT)
    proxy.finish()


@SCENES.alone
def at_most_25_calls_are_left():
    table = text("src/keeper/confine.c").split("rules[] = {")[1]
    calls = {name for name in re.findall(r"JAIL_CALL[A-Z_]*\((\w+)",
                                         table.split("};")[0])
             if not re.search("^SYS_|^recv$|fcntl64|_time64|gettime64|"
                              "epoll_pwait|ppoll", name)}
    assert len(calls) <= 25, calls


def refuses(step, said, errno, single, empty):
    """With a keeper it is the keeper's own step, if it has that."""
    done = subprocess.run(
        [*STRACE, "-e", "trace=" + step, "-e",
         "inject=%s:error=%s" % (step, errno), PROGRAM, *single, "--sandbox",
         "on", "--user", "65534", "--chroot", empty, "127.0.0.1:0",
         ECHO.listen], capture_output=True, text=True, timeout=WAIT_S,
        check=False)
    wanted = {"EPERM": 77, "EACCES": 77, "EAGAIN": 75, "EMFILE": 75,
              "ENOMEM": 75}.get(errno, 71)
    what = step, errno, single, done.returncode, done.stderr
    assert done.returncode == wanted, what
    assert re.search("sandbox: .*" + said, done.stderr), what
    assert READY not in done.stderr, what


@SCENES.alone
def every_step_that_fails():
    empty = folder()
    for step, said, errnos in STEPS if shutil.which("strace") else ():
        for errno in errnos.split()[:None if os.environ.get("ERRNOS") else 1]:
            for single in ["--single"], []:
                refuses(step, said, errno, single, empty)


@SCENES.alone
def a_kernel_without_landlock_is_one():
    if shutil.which("strace"):
        proxy = start(under=(
            "strace", "-D", *STRACE[1:], "-e", "trace=landlock_create_ruleset",
            "-e", "inject=landlock_create_ruleset:error=ENOSYS"))
        proxy.says("has no Landlock")
        echoed(proxy)
        proxy.terminate()


@SCENES.alone
def as_an_ordinary_user_if_that_one_may_see_the_program():
    another = ("setpriv", "--reuid", "65534", "--regid", "65534",
               "--clear-groups")
    if works(*another, "test", "-x", PROGRAM):
        serves(under=another, Seccomp="2")


@SCENES.alone
def without_proc_and_as_process_1():
    """The test has its own mounts."""
    if OWN:
        serves(under=("unshare", "--mount", "sh", "-c",
                      'umount -l /proc; exec "$@"', "sh"))
        proxy = start(under=("unshare", "--pid", "--fork", "--kill-child"))
        echoed(proxy)
        os.kill(proxy.pids()[1], signal.SIGTERM)
        proxy.finish()


if __name__ == "__main__":
    sys.exit(SCENES.main())
