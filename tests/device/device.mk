# The device emulator's own tests.
TESTS += $(addprefix tests/device/,page.py)
