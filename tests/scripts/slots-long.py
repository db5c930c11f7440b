#!/usr/bin/env python3
"""Proves what slots.py does, with 100,000 connections."""
import os

os.environ["CONNECTIONS"] = "100000"
os.execv("tests/scripts/slots.py", ["slots.py", "crowds"])
