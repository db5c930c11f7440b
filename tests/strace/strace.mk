TRACEFMT := $(addprefix tests/strace/,line.o role.o stream.o canon.o \
	canon_poll.o canon_socket.o canon_data.o)
$(eval $(call program,tests/strace/tracefmt,tests/strace/tracefmt.o $(TRACEFMT),))
$(eval $(call unit_test,tracefmt,$(TRACEFMT)))
TESTS += tests/strace/negative.sh
TESTS += tests/strace/check.sh

.PHONY: check-strace bless
check-strace: all
	$(Q)BIN=$(abspath $(OUT)) sh tests/strace/check.sh

bless: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/golden.py bless

.PHONY: check-faults check-faults-all
TESTS += tests/strace/faults.sh tests/strace/startup.sh
check-faults: all
	$(Q)BIN=$(abspath $(OUT)) sh tests/strace/faults.sh

check-faults-all: all
	$(Q)BIN=$(abspath $(OUT)) python3 tests/strace/faults.py all \
	    tests/strace/REPORT.md

.PHONY: check-mutants
LONGTESTS += tests/strace/mutants.sh tests/strace/capped.sh
check-mutants: all
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) \
	    sh tests/strace/mutants.sh
