#!/usr/bin/env python3
"""Proves that the tutorial of contrib/tempdev/README.md works: each command is
run in one shell, and prints the lines that stand below it.
Starts it itself: it types what the reader would."""
import fnmatch
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from rig import BIN, check, tmpdir

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "../../contrib/tempdev/README.md")
PATIENCE_S = 60

for tool in ("curl", "ncat"):
    if shutil.which(tool) is None:
        print(tool, "is not installed")
        sys.exit(77)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def steps():
    """Each command and the lines it is to print, in this test's own places."""
    with open(README, encoding="utf-8") as f:
        text = f.read()
    for port in ("8008", "8001"):
        text = text.replace(port, str(free_port()))
    text = text.replace("/tmp/", tmpdir() + "/")
    text = text.replace("./sallyport", BIN + "/sallyport")
    text = text.replace("$ contrib/", "$ " + BIN + "/contrib/")
    text = re.sub(r"(tempdev --lib.*) &\n(tempdev: ready on \S*:(\d+))",
                  r"\1 --listen 127.0.0.1:\3 &\n\2", text)
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        command, expected = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, expected
                command, expected = line[2:], []
            else:
                expected.append(line)
        yield command, expected


shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         start_new_session=True)
printed = queue.Queue()
threading.Thread(target=lambda: [printed.put(line.rstrip("\n"))
                                 for line in shell.stdout],
                 daemon=True).start()


def run(command, expected):
    shell.stdin.write(command + "\n")
    shell.stdin.flush()
    end = time.monotonic() + PATIENCE_S
    for line in expected:
        try:
            got = printed.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            got = "(nothing)"
        check(fnmatch.fnmatchcase(got, line), f"$ {command}\n expected "
              f"{line}\n got      {got}")
    if not expected and command.endswith("&"):
        # The proxy says in its log when it is ready.
        log = command.split("2>")[1].split()[0]
        while not os.path.exists(log) or "ready on" not in open(log).read():
            check(time.monotonic() < end, "never ready:", command)
            time.sleep(0.02)


try:
    count = 0
    for command, expected in steps():
        run(command, expected)
        count += 1
    check(count >= 10, "few commands:", count)
finally:
    os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
