# The poll probe: contrib/debug/poll, installed as poll-probe. It is one file:
# "cc contrib/debug/poll.c" builds it as well.
$(eval $(call program,contrib/debug/poll,contrib/debug/poll.o,))

MANS += man/poll-probe.1

# Replays every transcript of doc/poll-semantics.txt on the running kernel.
.PHONY: check-doc
check-doc: $(OUT)/contrib/debug/poll $(OUT)/contrib/pollmap/pollmap
	$(Q)PATIENCE=300 TEST_TIMEOUT=600 $(RUN) tests/poll/doc.sh
