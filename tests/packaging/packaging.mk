# Packages and units.
TESTS += $(addprefix tests/packaging/,units.py completion.py \
	openwrt.py)

# Needs clean Debian roots: it makes them under build/, once.
.PHONY: check-deb
check-deb: all
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) \
	    sh scripts/deb.sh tests/packaging/deb.py \
	    tests/packaging/operations.py
