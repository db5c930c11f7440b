#!/usr/bin/env python3
"""Proves what hostile.py does, each kind of crowd by itself and for longer."""
import os

os.execv("tests/scripts/hostile.py", ["hostile.py", "15"])
