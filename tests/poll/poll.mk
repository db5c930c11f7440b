TESTS += $(addprefix tests/poll/,cli.sh scripts.sh map.sh doc.sh)
TESTS += $(B)/tests/poll/votes
$(eval $(call link,$(B)/tests/poll/votes,tests/poll/votes.o \
	$(filter-out %/poll.o,$(POLL_OBJS)),))
