# GNU make. Every program is listed with its objects, by name, in a fragment
# (*.mk) that stands beside it; this file holds what they share.
#
#   make            programs beside their source, objects under build/
#   make V=1        show every command
#   make OUT=DIR    programs under DIR instead (the sanitizer builds use this)

VERSION	:= 0.1.0
CC	?= cc
B	:= build
OUT	:= .
PREFIX	?= /usr/local
DESTDIR	?=

OPT	?= -O2 -g
WARN	:= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	   -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	   -Wformat=2 -Wundef
HARDEN	:= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE \
	   -fstack-clash-protection -fcf-protection
HARDLD	:= -pie -Wl,-z,relro,-z,now,-z,noexecstack
SAN	:=

CPPFLAGS += -D_GNU_SOURCE -Isrc -DSALLYPORT_VERSION='"$(VERSION)"'
CFLAGS	+= -std=gnu17 $(OPT) $(WARN) $(if $(SAN),$(SAN),$(HARDEN))
LDFLAGS	+= $(if $(SAN),$(SAN),$(HARDLD))

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
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $(3)
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
$(call link,$(B)/tests/unit/$(1),tests/unit/$(1).o $(2),$$(CHECK_LIBS))
endef

.DEFAULT_GOAL := all
.PHONY: all check check-long check-asan lint bench install clean
.DELETE_ON_ERROR:
.SECONDARY:

FRAGMENTS := $(wildcard src/*.mk contrib/*/*.mk tests/*/*.mk bench/*.mk)
include $(FRAGMENTS)

all: $(PROGS)

$(B)/%.o: %.c Makefile $(FRAGMENTS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Tests find the programs through BIN, never through a fixed path.
RUN = BIN="$(abspath $(OUT))" BUILD="$(abspath $(B))" sh tests/run.sh

check: all $(filter $(B)/%,$(TESTS))
	$(Q)$(RUN) $(TESTS)

check-long: all $(filter $(B)/%,$(LONGTESTS))
	$(Q)TEST_TIMEOUT=1200 $(RUN) $(LONGTESTS)

check-asan:
	$(Q)$(MAKE) B=build/asan OUT=build/asan OPT='-O1 -g' \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	    check

lint: all
	$(Q)$(RUN) $(LINTS)

install: all
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
	    $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	$(Q)install $(OUT)/sallyport $(DESTDIR)$(PREFIX)/sbin/sallyport
	$(Q)$(foreach m,$(MANS),install -m 644 $(m) \
	    $(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(m)))/ &&) :
	$(Q)$(INSTALL_MORE)

clean:
	rm -rf build $(PROGS)

-include $(DEPS)
