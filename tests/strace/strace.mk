$(eval $(call unit_test,traceform_test,$(TRACEFORM)))
TESTS += tests/strace/negative.py tests/strace/tools.py
TESTS += tests/strace/golden.py

.PHONY: check-strace bless
check-strace: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/golden.py

bless: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/golden.py bless
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/startup.py bless

.PHONY: check-faults check-faults-all
TESTS += tests/strace/faults.py tests/strace/startup.py tests/strace/keeper.py
check-faults: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/faults.py

check-faults-all: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/faults.py all \
	    tests/strace/REPORT.md $(abspath $(B))/faults
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/keeper.py all

.PHONY: check-mutants
LONGTESTS += tests/strace/mutants.py tests/strace/rows.py
MUTANT := $(B)/tests/strace/mutant.so
$(MUTANT): tests/strace/mutant.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu17 -Wall -Wextra -O1 -fPIC -shared \
	    -o $@ $<
LONGTESTS += $(MUTANT)
check-mutants: all $(MUTANT)
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) \
	    python3 tests/strace/mutants.py
