FUZZERS += tracefmt
FUZZ_tracefmt := $(addprefix tests/strace/,line.c role.c stream.c canon.c \
	canon_poll.c canon_socket.c canon_data.c)
