# The trace tools: traceform, traceprops, tracemap and their driver, trace.
TRACEFORM := $(addprefix contrib/trace/,line.o word.o role.o task.o stream.o \
	canon.o canon_say.o canon_fd.o canon_poll.o canon_socket.o \
	canon_data.o)
$(eval $(call program,contrib/trace/traceform,contrib/trace/traceform.o \
	$(TRACEFORM),))

MANS += $(addprefix man/,trace.1 traceform.1 traceprops.1 tracemap.1)

# The picture of the README: the exchange of 2017 beside today's.
.PHONY: ladder
ladder:
	$(Q)python3 contrib/trace/tracemap.py --svg --brief --profile relay \
	    tests/strace/notes/2017-remote.trace \
	    tests/strace/golden/request-then-eof.lockstep >doc/ladder.svg
