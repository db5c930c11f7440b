# What becomes of the source elsewhere: other compilers, machines, systems.
TESTS += tests/portable/make.sh

# Needs packages that no other test needs: it installs them.
PORTABLE := $(addprefix tests/portable/, \
	x86-64-gcc.sh x86-64-clang.sh x86-64-musl.sh container.sh \
	arm64.sh armhf.sh mipsel.sh riscv64.sh)
.PHONY: check-portable
check-portable: all
	$(Q)BIN=$(abspath $(OUT)) BUILD=$(abspath $(B)) \
	    sh scripts/portable.sh $(PORTABLE)

# The README's two commands in a clean Debian root, some ten minutes.
.PHONY: check-fresh
check-fresh:
	$(Q)BUILD=$(abspath $(B)) TEST_TIMEOUT=3600 \
	    sh scripts/deb.sh tests/portable/fresh-root.sh
