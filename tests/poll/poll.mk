TESTS += $(addprefix tests/poll/,cli.sh scripts.sh haproxy.sh \
	standalone.sh map.sh page.sh doc.sh)
TESTS += $(B)/tests/poll/votes
$(eval $(call link,$(B)/tests/poll/votes,tests/poll/votes.o \
	$(filter-out %/pollmap.o,$(POLLMAP_OBJS)),))
