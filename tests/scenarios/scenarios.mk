# What happened to the real device, before several fronts.
.PHONY: scenarios
scenarios: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/scenarios/run.py \
	    --report doc/scenarios.md

TESTS += tests/scenarios/short.sh
