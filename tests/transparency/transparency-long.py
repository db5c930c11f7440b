#!/usr/bin/env python3
"""Proves that two endpoints cannot tell that the proxy stands between them:
every sequence of six actions, settled and in turns, with little and with many
bytes."""
import os

TEST = os.path.join(os.path.dirname(__file__), "transparency.py")
# A send is of 9,000 bytes.
os.environ.update(TRANSPARENCY_DEPTH="6", TRANSPARENCY_LETTER="3000")
os.execv(TEST, [TEST])
