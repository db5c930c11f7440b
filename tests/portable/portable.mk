# What becomes of the source elsewhere: other compilers, machines, systems.
TESTS += tests/portable/make.py

# Needs packages that no other test needs: it installs them.
.PHONY: check-portable
check-portable: all
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) TEST_TIMEOUT=3600 \
	    sh scripts/portable.sh tests/portable/machines.py \
	    tests/portable/container.py

# The README's two commands in a clean Debian root, some ten minutes.
.PHONY: check-fresh
check-fresh:
	$(Q)BUILD=$(abspath $(B)) TEST_TIMEOUT=3600 \
	    sh scripts/deb.sh tests/portable/fresh-root.py
