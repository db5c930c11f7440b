# The explorer: every sequence of actions, as a table, and what follows.
POLLMAP_OBJS := $(addprefix contrib/pollmap/,pollmap.o mask.o verb.o \
	verb_io.o verb_see.o verb_opt.o ready.o scene.o \
	reduce.o automaton.o table.o table_text.o walk.o)
$(eval $(call program,contrib/pollmap/pollmap,$(POLLMAP_OBJS),))
