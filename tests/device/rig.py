"""The device tests' harness: contrib/tempdev/tempdev.py, for short."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../contrib/tempdev"))

from tempdev import *  # noqa: E402,F401,F403
