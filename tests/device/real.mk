# Profiles against real software: what is missing is installed, or the test is
# skipped and says so.
TESTS += tests/device/uploads.py tests/device/profiles.py
LONGTESTS += tests/device/uploads-long.sh tests/device/streams-long.py
REAL_TESTS := $(addprefix tests/device/,real-modbus.py real-cups.sh \
	real-ser2net.sh uploads-long.sh chromium-preconnect.py chromium-esp.py)

.PHONY: check-devices
check-devices: all
	$(Q)sh scripts/devices.sh
	$(Q)TEST_TIMEOUT=600 $(RUN) $(REAL_TESTS)
