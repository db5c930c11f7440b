# Profiles against real software: what is missing is installed, or the test is
# skipped and says so.
TESTS += tests/device/uploads.py tests/device/profiles.py
LONGTESTS += tests/device/uploads.py tests/device/streams-long.py
REAL_TESTS := $(addprefix tests/device/,real-modbus.py real-cups.py \
	real-ser2net.py uploads.py chromium.py)

.PHONY: check-devices
check-devices: all
	$(Q)sh scripts/devices.sh
	$(Q)LONG_TESTS=1 TEST_TIMEOUT=600 $(RUN) $(REAL_TESTS)
