/*
 * kernel.h: the calls the proxy makes, answered by the simulated world.
 *
 * The program's objects are linked with --wrap for each call, so everything
 * of src but main.c and log_sink.c is the real code. A wait lets the world go
 * on; within a turn nothing arrives. The kernel also judges: a call that no
 * sound program makes is a violation.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include "tcp.h"

/* The linker sends calls of `name` here: what follows is its body. */
#define WRAP(type, name, ...)                                                  \
	type __real_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__);                                       \
	type __wrap_##name(__VA_ARGS__)

enum call {
	CALL_ACCEPT,
	CALL_SOCKET,
	CALL_CONNECT,
	CALL_CONNECTING, /* what becomes of a connect under way */
	CALL_BIND,
	CALL_RECV,
	CALL_SEND,
	CALL_PIPE,
	CALL_EPOLL_CTL,
	CALL_EPOLL_WAIT,
	CALL_SPLICE,
	CALL_LOG, /* a line is written */
	CALL_COUNT
};

enum {
	FAULTS_MAX = 4,
	FILES_MAX = 1024,
	FILES_FIRST = 16,
	WORDS = FILES_MAX / 64
};

/* A call fails `per_mille` times in 1000 until a moment. */
struct fault {
	enum call call;
	int err;
	uint32_t per_mille;
	int64_t until_us;
};

struct kernel {
	int fd_limit;	   /* the lowest so many descriptors may be used */
	int process;	   /* who runs; 0: the only one, or the keeper */
	bool workers;	   /* there are several; see workers.h */
	bool reaping;	   /* what is called is of one that was killed */
	int last_epoll_fd; /* that was made */
	uint64_t turn;
	bool firing;	       /* timers are striking */
	bool judges_clocks;    /* every clock waits for bytes */
	bool progress;	       /* something changed since the last wait */
	unsigned int vain;     /* turns in which nothing did */
	uint32_t turn_cost_us; /* a turn takes up to so long; 0: nothing */
	bool backwards;	       /* events are reported in the other order */
	int64_t paused_until_us;
	int signal; /* pending; 0: none */
	struct fault faults[FAULTS_MAX];
	unsigned int fds_open;
	uint64_t maybe_ready[WORDS]; /* a bit for each */
	unsigned int corked; /* sockets whose last bytes wait for more */
	bool short_of_memory;
	struct tcp_path path, to_device, from_device;
	uint32_t socket_buf;
	bool device_delays_ack;
};

extern struct kernel kernel;

void kernel_start(const uint32_t *nature);

/* A client's connection waits to be accepted. False: the queue is full, or
 * nobody listens. */
bool kernel_offer(struct tcp *t);

void kernel_fault(const struct fault *f);
void kernel_calm(void);
void kernel_signal(int signal);

/* All descriptors of a process that was killed. */
void kernel_close_all(int process);
/* Is there anything for that epoll set? */
bool kernel_is_ready(int epfd);

/* ---- between the kernel's files ---- */

enum kind {
	KIND_FREE,
	KIND_EPOLL,
	KIND_SIGNAL,
	KIND_LISTENER,
	KIND_LINE, /* to the keeper */
	KIND_SOCKET,
	KIND_TCP,
	KIND_PIPE_READ,
	KIND_PIPE_WRITE,
	KIND_SINK, /* of the log */
};

struct pipe_buffer {
	size_t bytes, start;
	int ends;
	char buf[64 * 1024];
};

struct file {
	enum kind kind;
	int process;
	bool watched;
	int epfd;      /* by this epoll set */
	bool end_told; /* recv said 0 or an error */
	bool send_failed;
	bool corked; /* the last bytes wait for more: MSG_MORE */
	bool sent;
	bool linger_reset;
	bool nodelay;
	struct tcp_options options; /* a listener's are its clients' */
	uint32_t mask;
	uint64_t data;	    /* epoll's */
	uint64_t read_turn; /* when it was last read */
	int64_t look_us;    /* and its send queue looked at */
	struct tcp *tcp;
	struct pipe_buffer *pipe;
};

extern struct file files[FILES_MAX];

static inline bool kernel_has(int fd)
{
	return fd >= FILES_FIRST && fd < FILES_MAX;
}

/* The open file of that number; a violation where there is none. */
struct file *file_at(int fd, const char *call);
/* The same, of a connection. */
struct file *tcp_at(int fd, const char *call);
/* A new one: its number, or -EMFILE. */
int file_open(enum kind kind);
/* Is a fault due? Its errno, or 0. */
int fault_due(enum call call);
/* Does a fault keep the log from being written now? */
bool kernel_log_is_full(void);
/* `n`, or -1 with errno set. */
int answer(long n);
/* Something about `fd`, or all files of a kind, may have become ready. */
void ready_mark(int fd);
void ready_mark_all(enum kind kind);
void ready_forget(int fd);
unsigned int file_poll(const struct file *f);
void kernel_open_start(void);
bool kernel_has_waiting(void);
void kernel_listener_closed(int fd);

#endif
