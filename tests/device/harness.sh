#!/bin/sh
# Proves that the emulator's harness works under pytest: its example passes,
# and a condition that never comes fails one test and ends nothing else.
cd "$(dirname "$0")/../.." || exit 1
: "${BIN:=$PWD}" "${TMPDIR:=/tmp}"
export BIN PYTHONPATH=contrib/tempdev PYTHONDONTWRITEBYTECODE=1
for python in python3 /usr/bin/python3; do
	"$python" -m pytest --version >/dev/null 2>&1 && break
	python=
done
[ -n "$python" ] || { echo "pytest is not installed"; exit 77; }
cat >"$TMPDIR/failing_test.py" <<'END'
def test_waits_in_vain(tempdev):
    tempdev("--uptime", 1).wait("requests=1", 50)


def test_goes_on(tempdev):
    with tempdev("--uptime", 1) as device:
        assert device.stat("uptime") == 1
    assert device.process.returncode == 0
END
"$python" -m pytest -q -p no:cacheprovider -p pytest_tempdev \
	contrib/tempdev/example_test.py || exit 1
"$python" -m pytest -q -p no:cacheprovider -p pytest_tempdev \
	"$TMPDIR/failing_test.py" >"$TMPDIR/out"
cat "$TMPDIR/out"
grep -q "^1 failed, 1 passed" "$TMPDIR/out" &&
	grep -q "AssertionError: wait requests=1 50" "$TMPDIR/out"
