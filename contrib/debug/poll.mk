# The poll probe: contrib/debug/poll, installed as poll-probe.
POLL_CORE := $(addprefix contrib/debug/,verb.o verb_io.o verb_see.o \
	verb_opt.o ready.o scene.o mask.o)
$(eval $(call program,contrib/debug/poll,contrib/debug/poll.o $(POLL_CORE),))
