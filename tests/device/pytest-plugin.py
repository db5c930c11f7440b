#!/usr/bin/env python3
"""Proves that the emulator's harness works under pytest: its example passes,
and a condition that never comes fails one test and ends nothing else."""
import os
import subprocess

from rig import check, folder, run, skip, write

os.environ["PYTHONPATH"] = "contrib/tempdev"
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
PYTHON = next((p for p in ("python3", "/usr/bin/python3") if not subprocess.run(
    [p, "-m", "pytest", "--version"], capture_output=True,
    check=False).returncode), None) or skip("pytest is not installed")


def pytest(path, **options):
    return run(PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p",
               "pytest_tempdev", path, **options)


pytest("contrib/tempdev/example_test.py")
out = pytest(write(os.path.join(folder(), "failing_test.py"), """\
def test_waits_in_vain(tempdev):
    tempdev("--uptime", 1).wait("requests=1", 50)


def test_goes_on(tempdev):
    with tempdev("--uptime", 1) as device:
        assert device.stat("uptime") == 1
    assert device.process.returncode == 0"""), status=1)
check("\n1 failed, 1 passed" in out, out)
check("AssertionError: wait requests=1 50" in out, out)
