# libFuzzer targets. A fragment adds NAME to FUZZERS and the sources under
# test as FUZZ_NAME; the target is tests/fuzz/NAME.c, its corpus
# the archive tests/fuzz/corpus/NAME.a (`ar q` adds an input), and a dictionary,
# if there is one, tests/fuzz/NAME.dict. New inputs are kept in build/fuzz only.
#
#   make fuzz                 a million inputs for each
#   make fuzz FUZZ_RUNS=N     N for each
#   make fuzz FUZZERS=request    only this one
FUZZ_RUNS ?= 1000000

TESTS += tests/fuzz/short.sh

.PHONY: fuzz fuzz-force
fuzz:
	$(Q)$(MAKE) --no-print-directory $(FUZZERS:%=$(B)/fuzz/%)
	$(Q)for f in $(FUZZERS); do \
	    FUZZ_RUNS=$(FUZZ_RUNS) sh tests/fuzz/run.sh $(B)/fuzz/$$f || \
	    exit 1; \
	done

$(B)/fuzz/%: tests/fuzz/%.c fuzz-force
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D)
	$(Q)clang $(cppflags) -std=gnu17 -O1 -g \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -fsanitize-coverage-ignorelist=tests/fuzz/uninstrumented \
	    -o $@ $< $(FUZZ_$*)
