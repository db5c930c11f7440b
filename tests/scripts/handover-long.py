#!/usr/bin/env python3
"""Proves the same as reload.py and upgrade.py over 100,000 connections each:
100 reloads and 20 upgrades, one of them to a program that hangs; and that a
thousand reloads take no memory."""
import os
import subprocess

for test, more in (("reload.py", {"CHANGES": "100", "FLAT": "1000"}),
                   ("upgrade.py", {"CHANGES": "20", "HANG": "1"})):
    subprocess.run(["tests/scripts/" + test], check=True, env={
        **os.environ, "CONNECTIONS": "100000", "LOAD_PATIENCE_S": "900",
        **more})
