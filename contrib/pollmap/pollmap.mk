# The explorer: every sequence of actions, as a table, and what follows.
POLLMAP_OBJS := $(addprefix contrib/pollmap/,pollmap.o walk.o actions.o \
	table.o table_text.o reduce.o automaton.o race.o)
$(eval $(call program,contrib/pollmap/pollmap,$(POLLMAP_OBJS),-pthread))

# The tables as a page to click through.
.PHONY: page
page:
	$(Q)sh contrib/pollmap/page.sh $(abspath $(B))/page
	$(Q)echo $(B)/page/index.html

# What this machine shows, on Debian's kernels, under qemu.
.PHONY: kernels
KERNELS ?= bullseye bookworm trixie sid
kernels:
	$(Q)sh contrib/pollmap/kernels.sh $(B)/kernels $(KERNELS) || \
	    [ $$? -eq 77 ]
