FUZZERS += traceform
FUZZ_traceform := $(addprefix contrib/trace/,line.c word.c role.c task.c \
	stream.c canon.c canon_say.c canon_fd.c canon_poll.c canon_socket.c \
	canon_data.c)
