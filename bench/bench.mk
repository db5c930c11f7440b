# sallyport beside other proxies; see bench/bench.py --help for BENCH.
$(eval $(call link,$(B)/bench/bare,bench/bare.o src/base/addr.o))
PROGS += $(B)/bench/bare

BENCH ?= --out bench/RESULTS.md
bench: all
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) \
	    python3 bench/bench.py $(BENCH)
TESTS += bench/cost.py
LONGTESTS += bench/smoke.py
