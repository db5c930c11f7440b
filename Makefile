# GNU make. Every program is listed with its objects, by name, in a fragment
# (*.mk) that stands beside it; this file holds what they share. `make help`
# lists the targets and what can be set:
#
#  make                 the program alone: ./sallyport
#  make tools           the device's emulator, the poll probe and the others
#  make tests           unit tests, and the peers that scripts need
#  make all             program, tools and peers
#  make check           all tests
#  make check-asan      the same under the address and undefined-behaviour
#                       sanitizers
#  make coverage        what the tests reach of src
#  make check-long      exhaustive and long runs
#  make check-portable  other compilers and machines, under qemu-user
#  make check-deb       the Debian package, built, used and removed in clean
#                       roots, and the commands of doc/operations.md
#  make check-fresh     the README's two commands in a clean Debian root
#  make lint            layers, compilers' and shells' opinions, manuals
#  make fuzz            hostile bytes, a million inputs a parser
#  make check-strace    system calls against their goldens; bless, check-faults,
#                       check-faults-all and check-mutants: doc/testing.txt
#  make sim             seeds for the simulated world; sim-coverage and soak:
#                       doc/testing.txt, chapter 10
#  make check-doc       doc/poll-semantics.txt against this kernel
#  make bench           side by side with other proxies
#  make scenarios       17 failure scenarios against four front ends
#  make install         program, manuals, doc, examples, units, completion
#  make install-strip   the same without symbols
#  make install-tools   tempdev, poll-probe and the trace tools, with manuals
#  make uninstall       all of these; settings stay
#  make clean
#
#  CC, CFLAGS, CPPFLAGS, LDFLAGS   yours come after ours
#  WERROR=1     warnings are errors        V=1      show every command
#  SMALL=1      small rather than fast
#  B=DIR        objects under DIR          OUT=DIR  programs under DIR
#  DESTDIR, PREFIX (/usr/local), SYSCONFDIR (/etc),
#  UNITDIR (PREFIX/lib/systemd/system),
#  ZSHDIR (PREFIX/share/zsh/site-functions), STRIP (strip)

VERSION	:= 0.2.0
ifeq ($(origin CC),default)
CC	:= cc
endif
STRIP	?= strip
B	:= build
OUT	:= .
DESTDIR	?=
PREFIX	?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR	?= $(PREFIX)/lib/systemd/system
ZSHDIR	?= $(PREFIX)/share/zsh/site-functions

SMALL	?=
ifneq ($(SMALL),)
OPT	?= -Os -g -fno-asynchronous-unwind-tables -ffunction-sections \
	   -fdata-sections
endif
OPT	?= -O3 -g
WARN	:= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	   -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef
WERROR	?=
SAN	:=

quoted = '$(subst ','\'',$(1))'

# Of the compiler, asked once: HARDEN and HARDLD.
ifeq ($(SAN),)
$(shell CC=$(call quoted,$(CC)) CFLAGS=$(call quoted,$(CFLAGS)) \
	CPPFLAGS=$(call quoted,$(CPPFLAGS)) LDFLAGS=$(call quoted,$(LDFLAGS)) \
	sh scripts/harden.sh '$(B)/harden.mk')
include $(B)/harden.mk
endif

# Ours in small letters; the caller's own come after them and so win, whether
# they are in the environment or on make's command line.
cppflags = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -iquote src \
	   -DSALLYPORT_VERSION='"$(VERSION)"' $(CPPFLAGS)
cflags	= -std=gnu17 $(OPT) $(WARN) $(if $(WERROR),-Werror) $(SAN) \
	   $(HARDEN) $(lto) $(CFLAGS)
ldflags	= $(SAN) $(HARDLD) $(lto) $(if $(SMALL),$(smallld)) $(LDFLAGS)
COMMA	:= ,
smallld	= -Wl,--gc-sections -Wl,-z,noseparate-code
# Only the program is linked with LTO; others link the same objects as usual,
# which the linker has to be told (the simulation wraps calls, which it cannot
# where they are inlined).
lto	:= -fno-lto
$(B)/src/%.o: lto = $(and $(LTO),$(LTO) -ffat-lto-objects)
$(OUT)/sallyport: lto = $(LTO)

Q	:= $(if $(V),,@)
say	= $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

# What the fragments fill in.
PROGS	:=
TESTS	:=
LONGTESTS :=
LINTS	:=
MANS	:=
DEPS	:=

# $(call program,PATH,OBJECTS,LIBRARIES): PATH and OBJECTS from the project's
# root; an object src/a.o is made from src/a.c.
define link
$(1): $(addprefix $(B)/,$(2))
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(cflags) $$(ldflags) -o $$@ $$^ $(3)
DEPS += $(patsubst %.o,$(B)/%.d,$(2))
endef
define program
PROGS += $(OUT)/$(1)
$(call link,$(OUT)/$(1),$(2),$(3))
endef

# $(call unit_test,NAME,OBJECTS): tests/unit/NAME.c under the Check library.
CHECK_LIBS = $(shell pkg-config --libs check 2>/dev/null || echo -lcheck)
define unit_test
TESTS += $(B)/tests/unit/$(1)
$(call link,$(B)/tests/unit/$(1),tests/unit/$(1).o tests/unit/unit.o $(2),$$(CHECK_LIBS))
endef

.DEFAULT_GOAL := program
.PHONY: program tools tests all help check check-long check-asan coverage \
	lint bench install install-strip install-tools uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:

FRAGMENTS := $(wildcard src/*.mk contrib/*/*.mk tests/*/*.mk bench/*.mk)
include $(FRAGMENTS)

TOOLS := $(filter $(OUT)/contrib/%,$(PROGS))
program: $(OUT)/sallyport
tools: $(TOOLS)
tests: $(filter-out $(OUT)/sallyport $(TOOLS),$(PROGS)) \
	$(filter $(B)/%,$(TESTS) $(LONGTESTS))
all: $(PROGS)

help:
	@sed -n 's/^#  //p' Makefile

# Objects are made anew when the compiler or a flag has changed.
MADE_WITH := $(call quoted,$(CC) $(cppflags) $(cflags) $(ldflags))
$(B)/made-with: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '%s\n' $(MADE_WITH) | cmp -s - $@ || \
	    printf '%s\n' $(MADE_WITH) >$@
.PHONY: FORCE

$(B)/%.o: %.c Makefile $(FRAGMENTS) $(B)/made-with
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cppflags) $(cflags) -MMD -MP -c -o $@ $<

# Tests find the programs through BIN, never through a fixed path.
RUN = BIN="$(abspath $(OUT))" BUILD="$(abspath $(B))" sh tests/run.sh

check: all $(filter $(B)/%,$(TESTS))
	$(Q)$(RUN) $(TESTS)

check-long: all $(filter $(B)/%,$(LONGTESTS))
	$(Q)LONG_TESTS=1 TEST_TIMEOUT=1200 $(RUN) $(LONGTESTS)

check-asan:
	$(Q)$(MAKE) B=build/asan OUT=build/asan OPT='-O1 -g' \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	    check

coverage:
	$(Q)env -u MAKEFLAGS -u MAKELEVEL python3 tests/coverage.py

# Warnings are errors here: unless they were in this build, there is another.
lint: $(if $(WERROR),,lint-build) all
	$(Q)$(RUN) $(LINTS)

.PHONY: lint-build
lint-build:
	$(Q)$(MAKE) B=build/lint OUT=build/lint WERROR=1 all

INSTALL = OUT='$(OUT)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' \
	SYSCONFDIR='$(SYSCONFDIR)' UNITDIR='$(UNITDIR)' ZSHDIR='$(ZSHDIR)' \
	STRIP='$(INSTALL_STRIP)' sh scripts/install.sh
install-strip: INSTALL_STRIP = $(STRIP)

install install-strip: program
	$(Q)$(INSTALL) install program

install-tools: $(addprefix $(OUT)/contrib/,tempdev/tempdev debug/poll)
	$(Q)$(INSTALL) install tools

uninstall:
	$(Q)$(INSTALL) uninstall program
	$(Q)$(INSTALL) uninstall tools

clean:
	rm -rf build $(PROGS)

-include $(DEPS)
