/*
 * fake_impl.h: what the files of the fake kernel share.
 */
#ifndef TESTS_UNIT_FAKE_IMPL_H
#define TESTS_UNIT_FAKE_IMPL_H

#include "fake_sys.h"

/* The linker's names for the calls that the model answers. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* Numbers of the fake's descriptors; others are the real kernel's. */
enum {
	FAKE_FD = 64,
	FAKE_SOCKETS = 8,
	FAKE_PIPE_FD = FAKE_FD + FAKE_SOCKETS,
	FAKE_PIPES = 16,
	FAKE_EPOLL_FD = FAKE_PIPE_FD + 2 * FAKE_PIPES,
	FAKE_FD_END,
};

enum fake_tcp { FAKE_CONNECTING, FAKE_UP, FAKE_DEAD };

struct fake_socket {
	bool open;
	enum fake_side side;
	enum fake_tcp state;
	int err;       /* sk_err: told once */
	bool fin_in;   /* received: recv ends with 0 */
	bool fin_out;  /* sent */
	bool last_ack; /* fin_in came first */
	size_t queued; /* received, not read */
	size_t space;  /* bytes it takes before it would block */
	size_t unacked;
	bool end_told; /* recv said 0 or an error */
	bool send_failed;
	bool linger_reset;
	bool nodelay;
	bool corked; /* the last bytes wait for more: MSG_MORE */
	int sends;
	/* The epoll set's entry. */
	bool watched;
	uint32_t mask;
	uint64_t data;
};

extern struct fake_socket fake_sockets[FAKE_SOCKETS];

struct fake_socket *fake_socket_at(int fd);
/* A new socket towards `side`; its number. */
int fake_open(enum fake_side side, enum fake_tcp state);

/* The proxy's open socket towards `side`, or NULL. */
struct fake_socket *fake_towards(enum fake_side side);

/* What recv and send come down to, and what becomes of bytes sent, which begin
 * at `at` of their stream. */
long fake_take_input(struct fake_socket *s, size_t most);
long fake_take_output(struct fake_socket *s, size_t most);
void fake_delivered(struct fake_socket *s, size_t at, size_t bytes);

void fake_close_pipe(int fd);

/* Its poll mask. */
uint32_t fake_poll(const struct fake_socket *s);

/* Something changed that the proxy brought about: it does not spin. */
void fake_progress(void);

void fake_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts `errno` and returns -1, or returns `n`. */
long fake_return(long n);

/* Where time_t has 64 bits in a program of 32, the C library's headers give
 * some calls another name; the model answers to both. */
#define FAKE_ALSO(name, other)                                                 \
	extern __typeof__(__wrap_##name) __wrap_##other                        \
	    __attribute__((alias("__wrap_" #name)))

#endif
