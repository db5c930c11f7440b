# What happened to the real device, before several fronts: about ten minutes
# on an otherwise idle machine, at most twelve. SCENARIOS takes other options.
SCENARIOS ?= --report doc/scenarios.md --readme README.md
.PHONY: scenarios
scenarios: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/scenarios/run.py $(SCENARIOS)

# What the status says while they are played, against what is so: a minute.
.PHONY: scenarios-status
scenarios-status: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/scenarios/run.py \
		--fronts watched --scale 0.1 --untimed $(SCENARIOS_STATUS)

TESTS += tests/scenarios/short.py
