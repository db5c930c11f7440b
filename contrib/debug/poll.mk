# The poll probe: contrib/debug/poll, installed as poll-probe.
POLL_OBJS := $(addprefix contrib/debug/,poll.o story.o want.o mask.o verb.o \
	verb_io.o verb_see.o verb_opt.o ready.o scene.o script.o run.o \
	pollmap.o reduce.o automaton.o table.o table_text.o walk.o)
$(eval $(call program,contrib/debug/poll,$(POLL_OBJS),))

MANS += man/poll-probe.1

# Replays every transcript of doc/poll-semantics.txt on the running kernel.
.PHONY: check-doc
check-doc: $(OUT)/contrib/debug/poll
	$(Q)PATIENCE=300 TEST_TIMEOUT=600 $(RUN) tests/poll/doc.sh
