#!/usr/bin/env python3
"""Proves that a device survives, behind the proxy, what no time is asked of."""
import sys

import run

sys.argv += ["--fronts", "sallyport", "--only", "S10,S12,S15,S17,P3,D1",
             "--jobs", "2", "--untimed"]
sys.exit(run.main())
