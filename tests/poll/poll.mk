TESTS += $(addprefix tests/poll/,cli.py scripts.py haproxy.py \
	standalone.py map.py page.py doc.sh)
TESTS += $(B)/tests/poll/votes
$(eval $(call link,$(B)/tests/poll/votes,tests/poll/votes.o \
	$(filter-out %/pollmap.o,$(POLLMAP_OBJS)),))
