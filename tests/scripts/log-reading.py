#!/usr/bin/env python3
"""Proves that each command that doc/log-format.txt shows for reading a log
makes something of it."""
import glob
import os
import re
import shutil
import sys

sys.path.insert(0, "tests/lib")
from peer import echoed
from sallyport import (ECHOD, Listening, folder, needs, own_network, run, skip)
from stand import Proxy

MADE_OF_IT = re.compile(
    r'^ *3 .*done$|^3 --$|^\d* 127\.0\.0\.1|"half": \d|^done,3$|^--,3$|'
    'installed --|"data": "done"', re.M)


def main():
    needs("jq")
    own_network()
    here = folder()
    echod = Listening(ECHOD, "--fork")
    for form in "logfmt", "json", "tcplog":
        proxy = Proxy(echod.listen, "--gate", "data", "--slots", "1",
                      "--log-format", form, "--log",
                      here + "/sallyport." + form, profile="raw")
        for _ in range(3):
            echoed(proxy)
        proxy.terminate()
    with open("doc/log-format.txt", encoding="utf-8") as file:
        chapter = re.search(r"^Reading it.*?^States", file.read(), re.M | re.S)
    commands = re.findall("^    +(.*)", chapter[0], re.M)
    assert len(commands) == 11, "not the commands of the page"
    for path in glob.glob("packaging/logs/*"):
        shutil.copy(path, here)
    missing = []
    for command in commands:
        if not shutil.which(command.split()[0]):
            missing.append(command.split()[0])
            continue
        said = run("sh", "-c", command, cwd=here,
                   env={**os.environ, "HOME": here})
        if os.path.exists(here + "/report.html"):
            with open(here + "/report.html", encoding="utf-8") as report:
                said += report.read()
        assert MADE_OF_IT.search(said), (command, said)
    if missing:
        skip("not installed: " + " ".join(missing))


if __name__ == "__main__":
    main()
