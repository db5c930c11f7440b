# Packages and units.
TESTS += $(addprefix tests/packaging/,units.sh completion.sh \
	openwrt.sh)

# Needs clean Debian roots: it makes them under build/, once.
.PHONY: check-deb
check-deb: all
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) \
	    sh scripts/deb.sh tests/packaging/deb.sh \
	    tests/packaging/operations.sh
