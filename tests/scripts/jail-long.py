#!/usr/bin/env python3
"""Proves what jail.py does, with every error that a step of the jail may
meet."""
import os

os.environ["ERRNOS"] = "all"
os.execv("tests/scripts/jail.py", ["tests/scripts/jail.py"])
