/*
 * poll.c: the poll probe. It acts on a listener, a client and a server socket
 * and prints what each call returned and what poll says of the socket.
 *
 *   cc contrib/debug/poll.c -o poll
 *   ./poll -v -c snd,shw -s rcv,rst -c pol,rcv,pol
 *
 * Every -c, -s or -l is a command: a comma list of actions on one side. All
 * are parsed before any of them runs. "run" takes commands with expectations
 * from files and reports in TAP. The two delimiters go straight to descriptor
 * 1, so that they stand out in a trace. In this order:
 *
 *   names       flags, errors and TCP states as text
 *   context     the sockets that actions act on, and how they are polled
 *   actions     the verbs, one function each; their table; parsing
 *   expect      what an action should yield
 *   script      commands, and running them
 *   print       the styles of output, explanations
 *   files       scripts in files, TAP
 *   main        the command line
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#ifndef SALLYPORT_VERSION
#define SALLYPORT_VERSION "0.2.0"
#endif

/* What headers older than the kernel, or without the kernel's, lack. */
#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1U << 28)
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_USER_TIMEOUT
#define TCP_USER_TIMEOUT 18
#endif
#ifndef TCP_FASTOPEN
#define TCP_FASTOPEN 23
#endif
#ifndef TCP_NOTSENT_LOWAT
#define TCP_NOTSENT_LOWAT 25
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#ifndef SO_ATTACH_FILTER
#define SO_ATTACH_FILTER 26
#endif
#ifndef SO_DETACH_FILTER
#define SO_DETACH_FILTER 27
#endif
#ifndef SIOCOUTQNSD
#define SIOCOUTQNSD 0x894B
#endif

enum { WHY_MAX = 512, SKIP = 77 };

/* Stores a sentence in `out_why`; for "return error(...)". */
__attribute__((format(printf, 2, 3))) static int error(
    char out_why[WHY_MAX], const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	vsnprintf(out_why, WHY_MAX, text, ap);
	va_end(ap);
	return -1;
}

/* ---- names ---------------------------------------------------------- */

/* What a plain "pol" asks for; ERR, HUP and NVAL come unasked. */
#define MASK_USUAL ((unsigned)(POLLIN | POLLOUT | POLLRDHUP))
#define MASK_ALL   (MASK_USUAL | (unsigned)POLLPRI)

enum { MASK_TEXT_MAX = 96 };

/* The EPOLL names share these values on every architecture but sparc. */
static const struct {
	unsigned bit;
	const char *name;
} flags[] = {
    {POLLIN, "IN"},
    {POLLPRI, "PRI"},
    {POLLOUT, "OUT"},
    {POLLERR, "ERR"},
    {POLLHUP, "HUP"},
    {POLLNVAL, "NVAL"},
    {POLLRDHUP, "RDHUP"},
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

/* "IN OUT RDHUP", lowest bit first; unknown bits last, as one number. */
static const char *mask_print(unsigned mask, char out_text[MASK_TEXT_MAX])
{
	int n = 0;

	out_text[0] = '\0';
	for (int i = 0; i < FLAGS; i++) {
		if (!(mask & flags[i].bit))
			continue;
		n += snprintf(out_text + n, MASK_TEXT_MAX - (size_t)n, "%s%s",
		    n ? " " : "", flags[i].name);
		mask &= ~flags[i].bit;
	}
	if (mask)
		snprintf(out_text + n, MASK_TEXT_MAX - (size_t)n, "%s%#x",
		    n ? " " : "", mask);
	return out_text;
}

/* The bit called `name`, in either case; 0 when there is none. */
static unsigned mask_bit(const char *name)
{
	for (int i = 0; i < FLAGS; i++)
		if (strcasecmp(name, flags[i].name) == 0)
			return flags[i].bit;
	return 0;
}

/* clang-format off */
/* Texts stand where C libraries disagree, so that all print the same. */
#define E(name) {name, #name, NULL}
#define T(name, text) {name, #name, text}
static const struct {
	int number;
	const char *name, *text;
} errors[] = {
	E(EPERM), E(ENOENT), E(EINTR), E(EIO), E(EBADF), E(EAGAIN),
	E(ENOMEM), E(EACCES), E(EFAULT), E(EBUSY), E(EEXIST), E(EINVAL),
	E(ENFILE), E(ESPIPE), E(EPIPE), E(EPROTO), E(ENOBUFS), E(EALREADY),
	E(ECONNRESET), E(ECONNREFUSED), E(ECANCELED), E(ELOOP),
	T(ENXIO, "No such device or address"),
	T(EMFILE, "Too many open files"),
	T(ENOSYS, "Function not implemented"),
	T(ETIME, "Timer expired"),
	T(ENOTSOCK, "Socket operation on non-socket"),
	T(EDESTADDRREQ, "Destination address required"),
	T(EMSGSIZE, "Message too long"),
	T(EPROTOTYPE, "Protocol wrong type for socket"),
	T(ENOPROTOOPT, "Protocol not available"),
	T(EPROTONOSUPPORT, "Protocol not supported"),
	T(EOPNOTSUPP, "Operation not supported"),
	T(EAFNOSUPPORT, "Address family not supported by protocol"),
	T(EADDRINUSE, "Address already in use"),
	T(EADDRNOTAVAIL, "Cannot assign requested address"),
	T(ENETDOWN, "Network is down"),
	T(ENETUNREACH, "Network is unreachable"),
	T(ENETRESET, "Network dropped connection on reset"),
	T(ECONNABORTED, "Software caused connection abort"),
	T(EISCONN, "Transport endpoint is already connected"),
	T(ENOTCONN, "Transport endpoint is not connected"),
	T(ESHUTDOWN, "Cannot send after transport endpoint shutdown"),
	T(ETIMEDOUT, "Connection timed out"),
	T(EHOSTDOWN, "Host is down"),
	T(EHOSTUNREACH, "No route to host"),
	T(EINPROGRESS, "Operation now in progress"),
};
#undef E
#undef T
/* clang-format on */

enum { ERRORS = sizeof(errors) / sizeof(errors[0]) };

static const char *error_name(int number)
{
	for (int i = 0; i < ERRORS; i++)
		if (errors[i].number == number)
			return errors[i].name;
	return NULL;
}

static const char *error_text(int number)
{
	for (int i = 0; i < ERRORS; i++)
		if (errors[i].number == number && errors[i].text)
			return errors[i].text;
	return strerror(number);
}

static const char *const tcp_states[] = {
    [TCP_ESTABLISHED] = "ESTABLISHED",
    [TCP_SYN_SENT] = "SYN_SENT",
    [TCP_SYN_RECV] = "SYN_RECV",
    [TCP_FIN_WAIT1] = "FIN_WAIT1",
    [TCP_FIN_WAIT2] = "FIN_WAIT2",
    [TCP_TIME_WAIT] = "TIME_WAIT",
    [TCP_CLOSE] = "CLOSE",
    [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
    [TCP_LAST_ACK] = "LAST_ACK",
    [TCP_LISTEN] = "LISTEN",
    [TCP_CLOSING] = "CLOSING",
};

enum { TCP_STATES = sizeof(tcp_states) / sizeof(tcp_states[0]) };

/* Is `name` an error's, a TCP state's? */
static bool name_is_error(const char *name)
{
	for (int i = 0; i < ERRORS; i++)
		if (strcmp(errors[i].name, name) == 0)
			return true;
	return false;
}

static bool name_is_state(const char *name)
{
	for (int i = 0; i < TCP_STATES; i++)
		if (tcp_states[i] && strcmp(tcp_states[i], name) == 0)
			return true;
	return false;
}

/* ---- context -------------------------------------------------------- */

enum side { SIDE_L, SIDE_C, SIDE_S, SIDES };

static const char side_letters[SIDES] = {
    [SIDE_L] = 'l', [SIDE_C] = 'c', [SIDE_S] = 's'};

/* The side called 'l', 'c' or 's', or -1. */
static int side_find(int letter)
{
	for (int i = 0; i < SIDES; i++)
		if (side_letters[i] == letter)
			return i;
	return -1;
}

/* How the sockets of a family come about. */
enum shape {
	SHAPE_LISTENER, /* l listens, c connects to it, s is accepted */
	SHAPE_PAIR,	/* c and s are there from the start, connected */
	SHAPE_PEERS,	/* c and s are bound and connected to each other */
	SHAPE_PIPE,	/* c writes, s reads */
	SHAPE_FIFO	/* the same, and c is opened by "con" */
};

static const struct family {
	const char *name;
	enum shape shape;
	int domain, type, protocol;
} families[] = {
    {"tcp4", SHAPE_LISTENER, AF_INET, SOCK_STREAM, 0},
    {"tcp6", SHAPE_LISTENER, AF_INET6, SOCK_STREAM, 0},
    {"mptcp", SHAPE_LISTENER, AF_INET, SOCK_STREAM, IPPROTO_MPTCP},
    {"unix", SHAPE_LISTENER, AF_UNIX, SOCK_STREAM, 0},
    {"seqpacket", SHAPE_LISTENER, AF_UNIX, SOCK_SEQPACKET, 0},
    {"socketpair", SHAPE_PAIR, AF_UNIX, SOCK_STREAM, 0},
    {"dgram", SHAPE_PAIR, AF_UNIX, SOCK_DGRAM, 0},
    {"udp", SHAPE_PEERS, AF_INET, SOCK_DGRAM, 0},
    {"pipe", SHAPE_PIPE, 0, 0, 0},
    {"fifo", SHAPE_FIFO, 0, 0, 0},
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* How readiness is asked for. Each epoll mode has a set made for the question;
 * "arm" and "wev" use another one, which lasts. */
static const struct {
	const char *name;
	unsigned events;  /* the mode */
	unsigned refused; /* flags that this mode refuses */
} pollers[] = {
    {"poll", 0, 0},
    {"ppoll", 0, 0},
    {"select", 0, 0},
    {"epoll", 0, 0},
    {"epoll-et", EPOLLET, 0},
    {"epoll-oneshot", EPOLLONESHOT, 0},
    {"epoll-exclusive", EPOLLEXCLUSIVE, POLLRDHUP | POLLPRI},
};

enum {
	POLLER_POLL,
	POLLER_PPOLL,
	POLLER_SELECT,
	POLLER_EPOLL,
	POLLERS = sizeof(pollers) / sizeof(pollers[0])
};

static int family_find(const char *name)
{
	for (int i = 0; i < FAMILIES; i++)
		if (strcmp(name, families[i].name) == 0)
			return i;
	return -1;
}

static int poller_find(const char *name)
{
	for (int i = 0; i < POLLERS; i++)
		if (strcmp(name, pollers[i].name) == 0)
			return i;
	return -1;
}

enum { OWN_FD_MIN = 101, BACKLOG = 1000, CLIENTS_MAX = 64 };

/*
 * What actions act on. It is opened with the listener listening and the client
 * created but not connected. A closed side keeps its number for printing; it
 * is never used again before the side is opened anew.
 */
struct context {
	const struct family *family;
	int poller;
	int limit_ms;	  /* for whatever could wait for ever */
	bool low_numbers; /* do not move the probe's own descriptors */
	int fd[SIDES];	  /* -1: not there yet */
	bool open[SIDES];
	int dup[SIDES]; /* a second descriptor of the same socket, or -1 */
	int conduit[2]; /* the pipe that splicing goes through, or -1 */
	int set;	/* the epoll set that lasts, or -1 */
	int asking;	/* the one that "pol" uses, or -1 */
	bool connected; /* a connect was tried, or none is needed */
	int clients[CLIENTS_MAX]; /* more of them, by "cli" */
	int client_count;
	struct sockaddr_storage addr; /* where the listener is */
	socklen_t addr_len;
};

static void close_known(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Moves a descriptor of the probe's own out of the way of the sockets. */
static int move_up(const struct context *cx, int fd)
{
	int up = fd < 0 || cx->low_numbers
		     ? -1
		     : fcntl(fd, F_DUPFD_CLOEXEC, OWN_FD_MIN);

	if (up >= 0)
		close(fd);
	return up >= 0 ? up : fd;
}

static void set_side(struct context *cx, enum side side, int fd)
{
	cx->fd[side] = fd;
	cx->open[side] = fd >= 0;
}

/* Fills in the address to bind: any free port, or any free abstract name. */
static void any_address(struct context *cx)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&cx->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&cx->addr;

	memset(&cx->addr, 0, sizeof(cx->addr));
	cx->addr.ss_family = (sa_family_t)cx->family->domain;
	cx->addr_len = sizeof(sa_family_t);
	if (cx->family->domain == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		cx->addr_len = sizeof(*in);
	} else if (cx->family->domain == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		cx->addr_len = sizeof(*in6);
	}
}

static int new_socket(const struct context *cx)
{
	return socket(
	    cx->family->domain, cx->family->type, cx->family->protocol);
}

/* Binds `side` and notes its address. */
static int bind_side(struct context *cx, enum side side)
{
	const int one = 1;
	int fd = new_socket(cx);

	if (fd < 0)
		return -1;
	set_side(cx, side, fd);
	any_address(cx);
	if (side == SIDE_L && cx->family->domain != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&cx->addr, cx->addr_len) < 0)
		return -1;
	cx->addr_len = sizeof(cx->addr);
	return getsockname(fd, (struct sockaddr *)&cx->addr, &cx->addr_len);
}

static int open_listener(struct context *cx)
{
	if (bind_side(cx, SIDE_L) < 0 || listen(cx->fd[SIDE_L], BACKLOG) < 0)
		return -1;
	set_side(cx, SIDE_C, new_socket(cx));
	return cx->fd[SIDE_C];
}

static int open_peers(struct context *cx)
{
	if (bind_side(cx, SIDE_S) < 0 || bind_side(cx, SIDE_C) < 0 ||
	    connect(cx->fd[SIDE_S], (struct sockaddr *)&cx->addr,
		cx->addr_len) < 0 ||
	    getsockname(cx->fd[SIDE_S], (struct sockaddr *)&cx->addr,
		&cx->addr_len) < 0)
		return -1;
	return connect(
	    cx->fd[SIDE_C], (struct sockaddr *)&cx->addr, cx->addr_len);
}

static int open_pair(struct context *cx)
{
	int reader = cx->family->shape == SHAPE_PIPE ? 0 : 1;
	int pair[2];
	int ret = reader == 0 ? pipe2(pair, O_NONBLOCK)
			      : socketpair(cx->family->domain, cx->family->type,
				    0, pair);

	if (ret < 0)
		return ret;
	set_side(cx, SIDE_S, pair[reader]);
	set_side(cx, SIDE_C, pair[!reader]);
	return 0;
}

/* The reader only; its file is gone at once, /proc still leads to it. */
static int open_fifo(struct context *cx)
{
	char path[] = "/tmp/poll-probe.XXXXXX/fifo";
	char *slash = strrchr(path, '/');
	int ret;

	*slash = '\0';
	if (access("/proc/self/fd", X_OK) < 0) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if (!mkdtemp(path))
		return -1;
	*slash = '/';
	ret = mkfifo(path, 0600);
	if (ret == 0)
		set_side(cx, SIDE_S, open(path, O_RDONLY | O_NONBLOCK));
	unlink(path);
	*slash = '\0';
	rmdir(path);
	return ret < 0 ? ret : cx->fd[SIDE_S];
}

static void context_close(struct context *cx)
{
	for (int i = 0; i < SIDES; i++) {
		if (cx->open[i])
			close(cx->fd[i]);
		set_side(cx, (enum side)i, -1);
		close_known(&cx->dup[i]);
	}
	for (int i = 0; i < cx->client_count; i++)
		close_known(&cx->clients[i]);
	close_known(&cx->conduit[0]);
	close_known(&cx->conduit[1]);
	close_known(&cx->set);
	close_known(&cx->asking);
}

/* The order of creation is fixed (listener, client, server), so that a fresh
 * process shows 3, 4 and 5. 0, or -errno with nothing left open. */
static int context_open(struct context *cx, int family)
{
	static int (*const opens[])(struct context *) = {
	    [SHAPE_LISTENER] = open_listener,
	    [SHAPE_PAIR] = open_pair,
	    [SHAPE_PEERS] = open_peers,
	    [SHAPE_PIPE] = open_pair,
	    [SHAPE_FIFO] = open_fifo,
	};
	enum shape shape = families[family].shape;
	int err;

	for (int i = 0; i < SIDES; i++)
		cx->fd[i] = cx->dup[i] = -1;
	cx->conduit[0] = cx->conduit[1] = cx->set = cx->asking = -1;
	cx->family = &families[family];
	cx->connected = shape != SHAPE_LISTENER && shape != SHAPE_FIFO;
	if (opens[shape](cx) >= 0)
		return 0;
	err = errno;
	context_close(cx);
	return -err;
}

/* Pipes know neither send nor recv. */
static bool is_socket(const struct context *cx)
{
	return cx->family->domain != 0;
}

static int ask_poll(const struct context *cx, int fd, unsigned interest,
    int timeout_ms, unsigned *out_mask)
{
	struct pollfd p = {.fd = fd, .events = (short)interest};
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	int ret = cx->poller == POLLER_PPOLL ? ppoll(&p, 1, &ts, NULL)
					     : poll(&p, 1, timeout_ms);

	*out_mask = (unsigned short)p.revents;
	return ret;
}

/* select has no flags of its own: readable, writable and exceptional are
 * reported as IN, OUT and PRI. */
static int ask_select(
    int fd, unsigned interest, int timeout_ms, unsigned *out_mask)
{
	struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000L};
	fd_set in, out, pri;
	int ret;

	if (fd >= FD_SETSIZE) {
		errno = EBADF;
		return -1;
	}
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&pri);
	if (interest & POLLIN)
		FD_SET(fd, &in);
	if (interest & POLLOUT)
		FD_SET(fd, &out);
	FD_SET(fd, &pri);
	ret = select(fd + 1, &in, &out, &pri, &tv);
	if (ret > 0)
		*out_mask = (FD_ISSET(fd, &in) ? POLLIN : 0U) |
			    (FD_ISSET(fd, &out) ? POLLOUT : 0U) |
			    (FD_ISSET(fd, &pri) ? POLLPRI : 0U);
	return ret;
}

static int ask_epoll(struct context *cx, int fd, unsigned interest,
    int timeout_ms, unsigned *out_mask)
{
	struct epoll_event ev = {
	    .events = pollers[cx->poller].events |
		      (interest & ~pollers[cx->poller].refused)};
	int ret, err;

	if (cx->asking < 0)
		cx->asking = move_up(cx, epoll_create1(EPOLL_CLOEXEC));
	ret = epoll_ctl(cx->asking, EPOLL_CTL_ADD, fd, &ev);
	if (ret < 0)
		return ret;
	ret = epoll_wait(cx->asking, &ev, 1, timeout_ms);
	err = errno;
	epoll_ctl(cx->asking, EPOLL_CTL_DEL, fd, NULL);
	errno = err;
	if (ret > 0)
		*out_mask = ev.events;
	return ret;
}

/* Asks whether `fd` is ready for `interest`. Returns what the call returned
 * and stores the flags, 0 if none. */
static int ask(struct context *cx, int fd, unsigned interest, int timeout_ms,
    unsigned *out_mask)
{
	*out_mask = 0;
	if (cx->poller >= POLLER_EPOLL)
		return ask_epoll(cx, fd, interest, timeout_ms, out_mask);
	if (cx->poller == POLLER_SELECT)
		return ask_select(fd, interest, timeout_ms, out_mask);
	return ask_poll(cx, fd, interest, timeout_ms, out_mask);
}

/* ---- actions -------------------------------------------------------- */

struct call;

/* Returns what the system call returned, errno set on -1; fills in of
 * `call->out` only what is more than that. */
typedef int verb_fn(struct call *call);

enum verb_args {
	ARGS_NONE,
	ARGS_NUMBER, /* perhaps a number */
	ARGS_WORD,   /* perhaps a word out of `words` */
	ARGS_MASK,   /* perhaps readiness flags */
	ARGS_WAIT,   /* perhaps a number, perhaps flags */
	ARGS_ARM,    /* an epoll mode out of `words`, perhaps flags */
	ARGS_OPTION  /* the name of an option, perhaps a value */
};

enum {
	VERB_WAITS = 1, /* ends with ETIME when the limit has passed */
	VERB_LOOSE = 2, /* what it returns depends on the machine */
	VERB_SEES = 4,	/* reports flags */
	VERB_FREE = 8,	/* needs no descriptor of the side */
	VERB_DUP = 16,	/* with its word it acts on the duplicate */
	VERB_DROPS = 32 /* loses packets, which may need privilege */
};

struct verb {
	const char *name;
	verb_fn *run;
	enum verb_args args;
	const char *words; /* for ARGS_WORD and ARGS_ARM, between blanks */
	int number;	   /* the default */
	int preset;	   /* tells verbs apart that share a function */
	unsigned traits;
	const char *help;
};

enum { ARGS_MAX = 40, NO_NUMBER = -2, NO_WORD = -1 };

/* A verb with its arguments: "snd", "snd(100)", "arm(et,in)". */
struct action {
	const struct verb *verb;
	char args[ARGS_MAX]; /* as written, without the brackets */
	int number;	     /* NO_NUMBER: none given, and no default */
	int word;	     /* index in the verb's words, or NO_WORD */
	int option;	     /* index in options[] */
	unsigned mask;	     /* what to ask for */
};

struct outcome {
	int ret;
	int err;	  /* errno, if the call failed */
	const char *name; /* ECONNRESET, ESTABLISHED and the like, or NULL */
	const char *text; /* the same for people, or NULL */
	bool has_mask;
	bool sigpipe; /* the call raised it */
	unsigned mask;
};

/* An action under way; `fd` is the side's descriptor, -1 if it is closed. */
struct call {
	struct context *cx;
	enum side side;
	int fd;
	const struct action *act;
	struct outcome *out;
};

/* Connects `fd` to its own address. */
static int connect_self(struct context *cx, int fd)
{
	struct sockaddr_storage to = cx->addr;
	socklen_t len = cx->addr_len;

	if (to.ss_family == AF_INET)
		((struct sockaddr_in *)&to)->sin_port = 0;
	else
		((struct sockaddr_in6 *)&to)->sin6_port = 0;
	if (bind(fd, (struct sockaddr *)&to, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&to, &len) < 0)
		return -1;
	return connect(fd, (struct sockaddr *)&to, len);
}

static int set_nonblock(int fd, bool on)
{
	int fl = fcntl(fd, F_GETFL);

	if (fl < 0)
		return fl;
	return fcntl(fd, F_SETFL, on ? fl | O_NONBLOCK : fl & ~O_NONBLOCK);
}

/* Opens the end that writes; there is no path any more but this one. */
static int open_writer(struct context *cx)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", cx->fd[SIDE_S]);
	fd = open(path, O_WRONLY | O_NONBLOCK);
	if (fd >= 0)
		set_side(cx, SIDE_C, fd);
	return fd < 0 ? fd : 0;
}

/* The client's, whoever asks; a client that was closed is made anew. */
static int do_con(struct call *call)
{
	enum { NB, AGAIN, SELF };
	struct context *cx = call->cx;

	cx->connected = true;
	if (cx->family->shape == SHAPE_FIFO && !cx->open[SIDE_C])
		return open_writer(cx);
	if (cx->family->shape == SHAPE_LISTENER && !cx->open[SIDE_C])
		set_side(cx, SIDE_C, new_socket(cx));
	if (!cx->open[SIDE_C]) {
		errno = EBADF;
		return -1;
	}
	if (call->act->word == NB)
		set_nonblock(cx->fd[SIDE_C], true);
	if (call->act->word == SELF)
		return connect_self(cx, cx->fd[SIDE_C]);
	return connect(
	    cx->fd[SIDE_C], (struct sockaddr *)&cx->addr, cx->addr_len);
}

static int do_dis(struct call *call)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	return connect(call->fd, &none, sizeof(none));
}

/* The listener's, whoever asks. */
static int do_acc(struct call *call)
{
	struct context *cx = call->cx;
	int fd = cx->open[SIDE_L] ? cx->fd[SIDE_L] : -1;
	int ret;

	if (call->act->word == 0)
		set_nonblock(fd, true);
	ret = accept(fd, NULL, NULL);
	if (ret >= 0 && !cx->open[SIDE_S])
		set_side(cx, SIDE_S, ret);
	return ret;
}

static int do_lis(struct call *call)
{
	return listen(call->fd, call->act->number);
}

/* More clients, none of which waits; returns how many are connected. */
static int do_cli(struct call *call)
{
	struct context *cx = call->cx;
	struct pollfd p = {.events = POLLOUT};
	int connected = 0;

	for (int i = 0; i < call->act->number; i++) {
		if (cx->client_count == CLIENTS_MAX)
			break;
		p.fd = move_up(cx, new_socket(cx));
		if (p.fd < 0)
			return -1;
		cx->clients[cx->client_count++] = p.fd;
		set_nonblock(p.fd, true);
		connect(p.fd, (struct sockaddr *)&cx->addr, cx->addr_len);
		connected += poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
	}
	return connected;
}

enum { FILL_MAX = 1 << 28, BLOCK = 1 << 16, NUMBER_MAX = 1 << 20 };

/* Sends "foofoofoo...". */
static int send_some(struct call *call, size_t len)
{
	static char payload[NUMBER_MAX];

	if (!payload[0])
		for (size_t i = 0; i < sizeof(payload); i++)
			payload[i] = "foo"[i % 3];
	if (!is_socket(call->cx))
		return (int)write(call->fd, payload, len);
	return (int)send(call->fd, payload, len,
	    MSG_NOSIGNAL | MSG_DONTWAIT | call->act->verb->preset);
}

static int do_snd(struct call *call)
{
	return send_some(call, (size_t)call->act->number);
}

static int do_zcp(struct call *call)
{
	const int one = 1;

	if (setsockopt(call->fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return -1;
	return do_snd(call);
}

static int do_fil(struct call *call)
{
	size_t block =
	    call->cx->family->type == SOCK_STREAM || !is_socket(call->cx)
		? BLOCK
		: 1024;
	int total = 0;
	int ret;

	do {
		ret = send_some(call, block);
		if (ret > 0)
			total += ret;
	} while (ret > 0 && total < FILL_MAX);
	return total ? total : ret;
}

static int receive(struct call *call, size_t len, int how)
{
	static char buf[NUMBER_MAX];

	if (!is_socket(call->cx))
		return (int)read(call->fd, buf, len);
	return (int)recv(call->fd, buf, len, how);
}

static int do_rcv(struct call *call)
{
	return receive(call, (size_t)call->act->number,
	    MSG_DONTWAIT | call->act->verb->preset);
}

/* Returns the sum even if an error ended it, which then is in `out->err`. */
static int do_drn(struct call *call)
{
	struct pollfd p = {.fd = call->fd, .events = POLLIN};
	int total = 0;
	int ret;

	do {
		ret = receive(call, BLOCK, 0);
		if (ret > 0)
			total += ret;
		else if (ret < 0 && errno == EAGAIN)
			ret = poll(&p, 1, -1);
	} while (ret > 0);
	if (ret < 0)
		call->out->err = errno;
	return ret < 0 && !total ? ret : total;
}

static int do_erq(struct call *call)
{
	char control[256];
	struct msghdr msg = {
	    .msg_control = control, .msg_controllen = sizeof(control)};

	return (int)recvmsg(call->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
}

/* From `from` to `to`; -1 is that end of the conduit. */
static int splice_some(struct call *call, int from, int to)
{
	struct context *cx = call->cx;
	int ends[2];

	if (cx->conduit[0] < 0) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return -1;
		cx->conduit[0] = move_up(cx, ends[0]);
		cx->conduit[1] = move_up(cx, ends[1]);
	}
	return (int)splice(from < 0 ? cx->conduit[0] : from, NULL,
	    to < 0 ? cx->conduit[1] : to, NULL, (size_t)call->act->number,
	    SPLICE_F_NONBLOCK);
}

static int do_spl(struct call *call)
{
	return splice_some(call, call->fd, -1);
}

static int do_spo(struct call *call)
{
	return splice_some(call, -1, call->fd);
}

static int do_shut(struct call *call)
{
	return shutdown(call->fd, call->act->verb->preset);
}

static int do_clo(struct call *call)
{
	int fd = call->cx->dup[call->side];

	if (call->act->word == 0) {
		call->cx->dup[call->side] = -1;
		return close(fd);
	}
	call->cx->open[call->side] = false;
	return close(call->fd);
}

static int do_rst(struct call *call)
{
	const struct linger abort_it = {.l_onoff = 1};

	if (setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &abort_it,
		sizeof(abort_it)) < 0)
		return -1;
	return do_clo(call);
}

static int do_dup(struct call *call)
{
	int *dup_fd = &call->cx->dup[call->side];

	if (*dup_fd < 0)
		*dup_fd = dup(call->fd);
	return *dup_fd;
}

static int look(struct call *call, int timeout_ms)
{
	call->out->has_mask = true;
	return ask(
	    call->cx, call->fd, call->act->mask, timeout_ms, &call->out->mask);
}

static int do_pol(struct call *call)
{
	return look(call, 0);
}

/* The number of milliseconds, within the limit. */
static int limited_ms(const struct call *call)
{
	int ms = call->act->number;

	return ms < 0 || ms > call->cx->limit_ms ? call->cx->limit_ms : ms;
}

static int do_wai(struct call *call)
{
	return look(call, limited_ms(call));
}

static int do_pau(struct call *call)
{
	int ms = limited_ms(call);
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};

	return nanosleep(&ts, NULL);
}

/* epoll_ctl on the set that lasts, which is made on first use. */
static int set_ctl(struct call *call, int fd, int op, unsigned events)
{
	struct epoll_event ev = {.events = events, .data.u32 = call->side};

	if (call->cx->set < 0)
		call->cx->set = move_up(call->cx, epoll_create1(EPOLL_CLOEXEC));
	return epoll_ctl(call->cx->set, op, fd, &ev);
}

static int do_arm(struct call *call)
{
	static const unsigned modes[] = {
	    0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE};

	return set_ctl(call, call->fd, call->act->verb->preset,
	    call->act->mask | modes[call->act->word]);
}

static int do_del(struct call *call)
{
	return set_ctl(call,
	    call->act->word == 0 ? call->cx->dup[call->side] : call->fd,
	    EPOLL_CTL_DEL, 0);
}

/* Returns how many events came and shows the flags of this side. */
static int do_wev(struct call *call)
{
	struct epoll_event ev[2 * SIDES];
	int max = call->act->number;
	int ret =
	    epoll_wait(call->cx->set, ev, max < 2 * SIDES ? max : 2 * SIDES, 0);

	call->out->has_mask = true;
	for (int i = 0; i < ret; i++)
		if (ev[i].data.u32 == (unsigned)call->side)
			call->out->mask |= ev[i].events;
	return ret;
}

static int do_queue(struct call *call)
{
	int bytes = 0;
	int ret =
	    ioctl(call->fd, (unsigned long)call->act->verb->preset, &bytes);

	return ret < 0 ? ret : bytes;
}

static int do_inf(struct call *call)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(call->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return -1;
	if (info.tcpi_state < TCP_STATES)
		call->out->name = call->out->text = tcp_states[info.tcpi_state];
	return info.tcpi_state;
}

static int do_err(struct call *call)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -1;
	if (err) {
		call->out->name = error_name(err);
		call->out->text = error_text(err);
	}
	return err;
}

/* The options that "opt" knows. */
static const struct {
	const char *name;
	int level;
	int option;
} options[] = {
    {"nonblock", 0, 0},
    {"linger", SOL_SOCKET, SO_LINGER}, /* seconds; -1 turns it off */
    {"nodelay", IPPROTO_TCP, TCP_NODELAY},
    {"cork", IPPROTO_TCP, TCP_CORK},
    {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
    {"keepidle", IPPROTO_TCP, TCP_KEEPIDLE},
    {"keepintvl", IPPROTO_TCP, TCP_KEEPINTVL},
    {"keepcnt", IPPROTO_TCP, TCP_KEEPCNT},
    {"usertimeout", IPPROTO_TCP, TCP_USER_TIMEOUT},
    {"notsent", IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    {"defer", IPPROTO_TCP, TCP_DEFER_ACCEPT},
    {"fastopen", IPPROTO_TCP, TCP_FASTOPEN},
    {"fastopenconnect", IPPROTO_TCP, TCP_FASTOPEN_CONNECT},
    {"oobinline", SOL_SOCKET, SO_OOBINLINE},
    {"rcvlowat", SOL_SOCKET, SO_RCVLOWAT},
    {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
    {"sndbuf", SOL_SOCKET, SO_SNDBUF},
};

enum {
	OPT_NONBLOCK,
	OPT_LINGER,
	OPT_NODELAY,
	OPT_CORK,
	OPT_KEEPALIVE,
	OPT_NOTSENT = 9,
	OPT_OOBINLINE = 13,
	OPTIONS = sizeof(options) / sizeof(options[0])
};

static int do_linger(struct call *call)
{
	int value = call->act->number;
	struct linger l = {.l_onoff = value >= 0, .l_linger = value};
	socklen_t len = sizeof(l);

	if (value != NO_NUMBER)
		return setsockopt(call->fd, SOL_SOCKET, SO_LINGER, &l, len);
	if (getsockopt(call->fd, SOL_SOCKET, SO_LINGER, &l, &len) < 0)
		return -1;
	call->out->name = call->out->text = l.l_onoff ? "on" : "off";
	return l.l_linger;
}

/* Reads the option if there is no number, else sets it. */
static int do_opt(struct call *call)
{
	int option = call->act->option;
	int value = call->act->number;
	socklen_t len = sizeof(value);

	if (option == OPT_LINGER)
		return do_linger(call);
	if (option == OPT_NONBLOCK)
		return value != NO_NUMBER
			   ? set_nonblock(call->fd, value)
			   : !!(fcntl(call->fd, F_GETFL) & O_NONBLOCK);
	if (value != NO_NUMBER)
		return setsockopt(call->fd, options[option].level,
		    options[option].option, &value, len);
	if (getsockopt(call->fd, options[option].level, options[option].option,
		&value, &len) < 0)
		return -1;
	return value;
}

static int do_buf(struct call *call)
{
	int n = call->act->number;

	if (setsockopt(call->fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n)) < 0)
		return -1;
	return setsockopt(call->fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

/* A socket filter that accepts nothing loses every packet for its socket. */
static int drop_packets(int fd)
{
	struct {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} nothing = {6 /* BPF_RET | BPF_K */, 0, 0, 0};
	struct {
		unsigned short len;
		void *filter;
	} program = {1, &nothing};

	return setsockopt(
	    fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int do_drop(struct call *call)
{
	return drop_packets(call->fd);
}

static int do_pass(struct call *call)
{
	const int unused = 0;

	return setsockopt(
	    call->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
}

static int do_ctm(struct call *call)
{
	int ms = call->act->number;
	struct pollfd p = {.fd = call->fd};
	int ret;

	if (drop_packets(call->fd) < 0 ||
	    setsockopt(
		call->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)) < 0 ||
	    send(call->fd, "foo", 3, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -1;
	ret = poll(&p, 1, call->cx->limit_ms);
	call->out->has_mask = true;
	call->out->mask = (unsigned short)p.revents;
	return ret;
}

/* name, function, arguments, words, default, preset, traits, help */
static const struct verb verbs[] = {
    {"con", do_con, ARGS_WORD, "nb again self", 0, 0, VERB_WAITS | VERB_FREE,
	"connect (implicit before the first -c or -s); nb: do not wait; "
	"self: to itself"},
    {"dis", do_dis, ARGS_NONE, NULL, 0, 0, 0,
	"connect to AF_UNSPEC: forget the peer"},
    {"acc", do_acc, ARGS_WORD, "nb", 0, 0, VERB_WAITS | VERB_LOOSE | VERB_FREE,
	"accept (implicit before the first -s); nb: do not wait"},
    {"lis", do_lis, ARGS_NUMBER, NULL, BACKLOG, 0, 0,
	"listen again, with backlog N"},
    {"cli", do_cli, ARGS_NUMBER, NULL, 1, 0, VERB_FREE,
	"N more clients, at most 64, connect without waiting; how many "
	"succeeded"},
    {"snd", do_snd, ARGS_NUMBER, NULL, 3, 0, 0, "send \"foo\", or N bytes"},
    {"mor", do_snd, ARGS_NUMBER, NULL, 3, MSG_MORE, 0,
	"the same with MSG_MORE"},
    {"zcp", do_zcp, ARGS_NUMBER, NULL, 3, MSG_ZEROCOPY, 0,
	"the same with MSG_ZEROCOPY"},
    {"oob", do_snd, ARGS_NONE, NULL, 1, MSG_OOB, 0, "send one urgent byte"},
    {"fil", do_fil, ARGS_NONE, NULL, 0, 0, VERB_LOOSE,
	"send until no more is taken; the sum"},
    {"rcv", do_rcv, ARGS_NUMBER, NULL, 10, 0, 0,
	"receive at most 10 bytes, or N"},
    {"pek", do_rcv, ARGS_NUMBER, NULL, 10, MSG_PEEK, 0,
	"the same, but leave them there"},
    {"drn", do_drn, ARGS_NONE, NULL, 0, 0, VERB_WAITS,
	"receive until the end of the stream; the sum"},
    {"rcvoob", do_rcv, ARGS_NONE, NULL, 1, MSG_OOB, 0,
	"receive the urgent byte"},
    {"erq", do_erq, ARGS_NONE, NULL, 0, 0, 0,
	"read one entry of the error queue"},
    {"spl", do_spl, ARGS_NUMBER, NULL, 65536, 0, VERB_WAITS,
	"splice at most N bytes from the socket into a pipe"},
    {"spo", do_spo, ARGS_NUMBER, NULL, 65536, 0, VERB_WAITS,
	"splice at most N bytes from that pipe to the socket"},
    {"shr", do_shut, ARGS_NONE, NULL, 0, SHUT_RD, 0, "shutdown SHUT_RD"},
    {"shw", do_shut, ARGS_NONE, NULL, 0, SHUT_WR, 0, "shutdown SHUT_WR"},
    {"shb", do_shut, ARGS_NONE, NULL, 0, SHUT_RDWR, 0, "shutdown SHUT_RDWR"},
    {"lin", do_opt, ARGS_NONE, NULL, 0, OPT_LINGER, 0,
	"linger 0: close will send a reset"},
    {"clo", do_clo, ARGS_WORD, "dup", 0, 0, VERB_WAITS | VERB_DUP,
	"close; dup: the duplicate"},
    {"rst", do_rst, ARGS_NONE, NULL, 0, 0, 0, "lin and clo in one"},
    {"dup", do_dup, ARGS_NONE, NULL, 0, 0, VERB_LOOSE,
	"duplicate the descriptor"},
    {"pol", do_pol, ARGS_MASK, NULL, 0, 0, VERB_SEES,
	"what is ready of in, out, rdhup, or of the flags given; 0; all"},
    {"wai", do_wai, ARGS_WAIT, NULL, NO_NUMBER, 0, VERB_SEES,
	"the same, but wait for one of them, at most N ms"},
    {"pau", do_pau, ARGS_NUMBER, NULL, 10, 0, VERB_FREE,
	"pause for N ms, at most the limit"},
    {"arm", do_arm, ARGS_ARM, "lt et one exc", 0, EPOLL_CTL_ADD, 0,
	"add to the epoll set: level, edge, one-shot, exclusive; flags"},
    {"mod", do_arm, ARGS_ARM, "lt et one exc", 0, EPOLL_CTL_MOD, 0,
	"change what the epoll set waits for"},
    {"del", do_del, ARGS_WORD, "dup", 0, 0, VERB_DUP,
	"remove from the epoll set; dup: by the duplicate's number"},
    {"wev", do_wev, ARGS_NUMBER, NULL, 6, 0, VERB_SEES | VERB_FREE,
	"collect at most N events of the epoll set, show one's own"},
    {"inq", do_queue, ARGS_NONE, NULL, 0, FIONREAD, 0, "bytes to read"},
    {"outq", do_queue, ARGS_NONE, NULL, 0, TIOCOUTQ, VERB_LOOSE,
	"bytes the peer has not acknowledged"},
    {"unsent", do_queue, ARGS_NONE, NULL, 0, SIOCOUTQNSD, VERB_LOOSE,
	"bytes not sent yet"},
    {"inf", do_inf, ARGS_NONE, NULL, 0, 0, 0, "the TCP state"},
    {"err", do_err, ARGS_NONE, NULL, 0, 0, 0,
	"SO_ERROR: take the pending error"},
    {"opt", do_opt, ARGS_OPTION, NULL, NO_NUMBER, 0, 0,
	"read an option, or with a number set it: opt(linger,0)"},
    {"nod", do_opt, ARGS_NUMBER, NULL, 1, OPT_NODELAY, 0, "TCP_NODELAY"},
    {"crk", do_opt, ARGS_NUMBER, NULL, 1, OPT_CORK, 0, "TCP_CORK on"},
    {"unc", do_opt, ARGS_NUMBER, NULL, 0, OPT_CORK, 0, "TCP_CORK off"},
    {"kal", do_opt, ARGS_NUMBER, NULL, 1, OPT_KEEPALIVE, 0, "SO_KEEPALIVE"},
    {"inl", do_opt, ARGS_NUMBER, NULL, 1, OPT_OOBINLINE, 0, "SO_OOBINLINE"},
    {"low", do_opt, ARGS_NUMBER, NULL, 16384, OPT_NOTSENT, 0,
	"TCP_NOTSENT_LOWAT of N"},
    {"nbl", do_opt, ARGS_NUMBER, NULL, 1, OPT_NONBLOCK, 0, "O_NONBLOCK"},
    {"buf", do_buf, ARGS_NUMBER, NULL, 4096, 0, 0,
	"SO_SNDBUF and SO_RCVBUF of N"},
    {"drop", do_drop, ARGS_NONE, NULL, 0, 0, VERB_DROPS,
	"from now on lose every packet that arrives here"},
    {"pass", do_pass, ARGS_NONE, NULL, 0, 0, 0, "undo drop"},
    {"ctm", do_ctm, ARGS_NUMBER, NULL, 200, 0, VERB_SEES | VERB_DROPS,
	"drop, send, and wait for TCP_USER_TIMEOUT of N ms to strike"},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void verbs_help(FILE *f)
{
	static const char *const args[] = {
	    [ARGS_NONE] = "",
	    [ARGS_NUMBER] = "(N)",
	    [ARGS_WORD] = "(WORD)",
	    [ARGS_MASK] = "(FLAGS)",
	    [ARGS_WAIT] = "(N,FLAGS)",
	    [ARGS_ARM] = "(MODE,FLAGS)",
	    [ARGS_OPTION] = "(NAME,N)",
	};

	for (int i = 0; i < VERBS; i++)
		fprintf(f, "  %s%-*s %s\n", verbs[i].name,
		    17 - (int)strlen(verbs[i].name), args[verbs[i].args],
		    verbs[i].help);
}

/* How many bytes of `list` its first action takes: up to a comma that stands
 * outside brackets, or all. */
static size_t action_span(const char *list)
{
	size_t n = 0;
	bool inside = false;

	for (; list[n] && (inside || list[n] != ','); n++)
		inside = list[n] != ')' && (inside || list[n] == '(');
	return n;
}

/* The place of `word` in `words`, or NO_WORD. */
static int word_find(const char *words, const char *word)
{
	size_t len = strlen(word);
	int i = 0;

	for (const char *w = words; *w; i++) {
		size_t n = strcspn(w, " ");

		if (n == len && memcmp(w, word, n) == 0)
			return i;
		w += n;
		w += strspn(w, " ");
	}
	return NO_WORD;
}

/* All of `text` as a number. 0, or -1 and a sentence. */
static int parse_number(
    const char *text, int least, int most, int *out, char out_why[WHY_MAX])
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < least || n > most)
		return error(out_why, "'%s' is not a number from %d to %d",
		    text, least, most);
	*out = (int)n;
	return 0;
}

static int parse_flag(
    const char *text, struct action *out, char out_why[WHY_MAX])
{
	unsigned bit = strcmp(text, "all") == 0 ? MASK_ALL : mask_bit(text);

	if (!bit && strcmp(text, "0") != 0)
		return error(out_why,
		    "unknown flag '%s'; flags: in pri out "
		    "err hup rdhup, 0 for none, all",
		    text);
	out->mask |= bit;
	return 0;
}

static int parse_word(
    const char *text, struct action *out, char out_why[WHY_MAX])
{
	out->word = word_find(out->verb->words, text);
	return out->word >= 0 ? 0
			      : error(out_why, "%s knows no '%s', but: %s",
				    out->verb->name, text, out->verb->words);
}

static int parse_option_name(
    const char *text, struct action *out, char out_why[WHY_MAX])
{
	size_t n;

	for (int i = 0; i < OPTIONS; i++)
		if (strcmp(options[i].name, text) == 0) {
			out->option = i;
			return 0;
		}
	error(out_why, "unknown option '%s'; options:", text);
	for (int i = 0; i < OPTIONS; i++) {
		n = strlen(out_why);
		snprintf(out_why + n, WHY_MAX - n, " %s", options[i].name);
	}
	return -1;
}

/* The `nth` argument, counted from 0. */
static int parse_arg(
    const char *text, int nth, struct action *out, char out_why[WHY_MAX])
{
	enum verb_args args = out->verb->args;

	if (args == ARGS_MASK ||
	    (nth > 0 && (args == ARGS_WAIT || args == ARGS_ARM)))
		return parse_flag(text, out, out_why);
	if (nth == 0 && (args == ARGS_WORD || args == ARGS_ARM))
		return parse_word(text, out, out_why);
	if (nth == 0 && args == ARGS_OPTION)
		return parse_option_name(text, out, out_why);
	if (nth == 1 && args == ARGS_OPTION)
		return parse_number(
		    text, -1, NUMBER_MAX, &out->number, out_why);
	if (nth == 0 && args != ARGS_NONE)
		return parse_number(text, 0, NUMBER_MAX, &out->number, out_why);
	return error(
	    out_why, "%s takes no argument '%s'", out->verb->name, text);
}

/* Cuts the brackets off `text` (in place) and parses what they hold. Returns
 * the number of arguments, or -1 and a sentence. */
static int parse_args(char *text, struct action *out, char out_why[WHY_MAX])
{
	size_t len = strlen(text);
	char *save = NULL;
	int nth = 0;

	if (len < 2 || text[len - 1] != ')' || len >= ARGS_MAX)
		return error(out_why,
		    "'%s%s': a closing bracket is missing, "
		    "or too much is between them",
		    out->verb->name, text);
	text[len - 1] = '\0';
	memcpy(out->args, text + 1, len - 1);
	for (char *arg = strtok_r(text + 1, ", ", &save); arg;
	     arg = strtok_r(NULL, ", ", &save))
		if (parse_arg(arg, nth++, out, out_why) < 0)
			return -1;
	return nth;
}

static int find_verb(
    const char *name, size_t len, struct action *out, char out_why[WHY_MAX])
{
	size_t n;

	for (int i = 0; i < VERBS; i++)
		if (strlen(verbs[i].name) == len &&
		    memcmp(verbs[i].name, name, len) == 0) {
			out->verb = &verbs[i];
			return 0;
		}
	error(out_why, "unknown verb '%.*s'; verbs, comma between:", (int)len,
	    name);
	for (int i = 0; i < VERBS; i++) {
		n = strlen(out_why);
		snprintf(out_why + n, WHY_MAX - n, " %s", verbs[i].name);
	}
	return -1;
}

/* Parses all of `text`, which is cut up. 0, or -1 and a sentence saying what
 * is wrong and what was expected. */
static int action_parse(char *text, struct action *out, char out_why[WHY_MAX])
{
	size_t n = strcspn(text, "(");
	int given = 0;

	memset(out, 0, sizeof(*out));
	if (find_verb(text, n, out, out_why) < 0)
		return -1;
	out->number = out->verb->number;
	out->option = out->verb->preset;
	out->word = NO_WORD;
	if (text[n])
		given = parse_args(text + n, out, out_why);
	if (given < 0)
		return -1;
	if (given == 0 &&
	    (out->verb->args == ARGS_ARM || out->verb->args == ARGS_OPTION))
		return error(out_why, "%s needs an argument: %s",
		    out->verb->name, out->verb->help);
	/* Flags not named at all are the usual ones; "0" names none. */
	if (given == 0 || (given == 1 && out->verb->args != ARGS_MASK))
		out->mask = MASK_USUAL;
	return 0;
}

static volatile sig_atomic_t sigpipes;

static void on_sigpipe(int sig)
{
	(void)sig;
	sigpipes = 1;
}

static void on_sigalrm(int sig)
{
	(void)sig;
}

/* Once, before the first action. */
static void handle_signals(void)
{
	/* No SA_RESTART: the alarm is there to end a call. */
	struct sigaction sa = {.sa_handler = on_sigalrm};

	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = on_sigpipe;
	sigaction(SIGPIPE, &sa, NULL);
}

enum { AGAIN_US = 5000 };

/* Once it has gone off it goes off again every few milliseconds, so that a
 * call entered just after the first signal is interrupted as well. */
static void set_limit(int ms)
{
	struct itimerval it = {
	    .it_value = {ms / 1000, ms % 1000 * 1000L},
	    .it_interval = {0, ms ? AGAIN_US : 0},
	};

	setitimer(ITIMER_REAL, &it, NULL);
}

/* Does the action need a descriptor that is closed, or not there yet? */
static bool lacks_fd(
    const struct context *cx, enum side side, const struct action *act)
{
	if (act->verb->traits & VERB_FREE)
		return false;
	if (act->verb->traits & VERB_DUP && act->word == 0)
		return false;
	return !cx->open[side];
}

/* Never waits for much longer than the limit. */
static void action_run(struct context *cx, enum side side,
    const struct action *act, struct outcome *out)
{
	struct call call = {
	    cx, side, cx->open[side] ? cx->fd[side] : -1, act, out};
	bool waits = act->verb->traits & VERB_WAITS;

	*out = (struct outcome){.ret = -1, .err = EBADF};
	if (!lacks_fd(cx, side, act)) {
		sigpipes = 0;
		if (waits)
			set_limit(cx->limit_ms);
		out->err = errno = 0;
		out->ret = act->verb->run(&call);
		if (out->ret == -1)
			out->err = errno;
		if (waits)
			set_limit(0);
		out->sigpipe = sigpipes;
	}
	if (!out->err)
		return;
	if (out->err == EINTR && waits)
		out->err = ETIME;
	out->name = error_name(out->err);
	out->text = error_text(out->err);
}

/* ---- expect --------------------------------------------------------- */

enum expect_kind {
	EXPECT_ANY,    /* *          anything */
	EXPECT_RANGE,  /* 3, 0..9    what the call returns */
	EXPECT_NAME,   /* EPIPE      it fails so, or names that state */
	EXPECT_MASK,   /* {IN OUT}   exactly these flags */
	EXPECT_SUBSET, /* {IN +}     these flags and perhaps more */
	EXPECT_SAME,   /* same       the flags last seen on this side */
	EXPECT_WITHOUT /* !HUP       any flags but this one */
};

enum { EXPECT_TEXT_MAX = 64 };

struct expect {
	enum expect_kind kind;
	int low, high;
	unsigned mask;
	char text[EXPECT_TEXT_MAX]; /* as written */
};

static int expect_error(const char *text, char out_why[WHY_MAX])
{
	return error(out_why,
	    "cannot expect '%s'; expectations: a number, "
	    "LOW..HIGH, an errno or state, {FLAGS}, {FLAGS +}, same, !FLAG, *",
	    text);
}

/* "{IN OUT}" or "{IN +}". */
static int parse_mask(
    const char *written, struct expect *out, char out_why[WHY_MAX])
{
	char text[EXPECT_TEXT_MAX];
	char *save = NULL;
	size_t len = strlen(written);

	memcpy(text, written, len + 1);
	if (text[len - 1] != '}')
		return expect_error(written, out_why);
	text[len - 1] = '\0';
	out->kind = EXPECT_MASK;
	for (char *word = strtok_r(text + 1, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		len = strlen(word);
		if (word[len - 1] == '+') {
			out->kind = EXPECT_SUBSET;
			word[len - 1] = '\0';
		}
		if (*word && !mask_bit(word))
			return expect_error(written, out_why);
		out->mask |= mask_bit(word);
	}
	return 0;
}

static int parse_range(
    const char *text, struct expect *out, char out_why[WHY_MAX])
{
	char *end;

	out->kind = EXPECT_RANGE;
	out->low = out->high = (int)strtol(text, &end, 10);
	if (end != text && strncmp(end, "..", 2) == 0) {
		const char *high = end + 2;

		out->high = (int)strtol(high, &end, 10);
		if (end == high)
			return expect_error(text, out_why);
	}
	if (end == text || *end)
		return expect_error(text, out_why);
	if (out->low < -1 || out->low > out->high)
		return error(out_why, "'%s' can never hold", text);
	return 0;
}

static int parse_name(const char *text, const struct action *act,
    struct expect *out, char out_why[WHY_MAX])
{
	out->kind = EXPECT_NAME;
	if (name_is_error(text) ||
	    (act->verb->run == do_inf && name_is_state(text)) ||
	    (act->verb->run == do_opt && act->option == OPT_LINGER &&
		(strcmp(text, "on") == 0 || strcmp(text, "off") == 0)))
		return 0;
	return error(out_why, "'%s' can never hold for %s: no such error%s%s",
	    text, act->verb->name,
	    act->verb->run == do_inf ? " or TCP state" : "",
	    act->verb->traits & VERB_SEES ? "; flags stand in {}" : "");
}

/* Parses all of `text`, expected of `act`. 0, or -1 and a sentence. */
static int expect_parse(const char *text, const struct action *act,
    struct expect *out, char out_why[WHY_MAX])
{
	bool about_flags =
	    *text == '!' || *text == '{' || strcmp(text, "same") == 0;

	memset(out, 0, sizeof(*out));
	if (!*text || strlen(text) >= EXPECT_TEXT_MAX)
		return expect_error(text, out_why);
	snprintf(out->text, sizeof(out->text), "%s", text);
	if (about_flags && !(act->verb->traits & VERB_SEES))
		return error(out_why,
		    "'%s' can never hold: %s reports no "
		    "flags",
		    text, act->verb->name);
	if (strcmp(text, "*") == 0)
		return 0;
	if (strcmp(text, "same") == 0) {
		out->kind = EXPECT_SAME;
		return 0;
	}
	if (*text == '!') {
		out->kind = EXPECT_WITHOUT;
		out->mask = mask_bit(text + 1);
		return out->mask ? 0 : expect_error(text, out_why);
	}
	if (*text == '{')
		return parse_mask(text, out, out_why);
	if (!isalpha((unsigned char)*text))
		return parse_range(text, out, out_why);
	return parse_name(text, act, out, out_why);
}

/* `seen` are the flags last seen on the same side. */
static bool expect_met(
    const struct expect *ex, const struct outcome *got, unsigned seen)
{
	bool mask = got->has_mask && got->ret >= 0;

	switch (ex->kind) {
	case EXPECT_ANY:
		return true;
	case EXPECT_RANGE:
		return got->ret >= ex->low && got->ret <= ex->high;
	case EXPECT_NAME:
		return got->name && strcmp(got->name, ex->text) == 0;
	case EXPECT_MASK:
		return mask && got->mask == ex->mask;
	case EXPECT_SUBSET:
		return mask && (got->mask & ex->mask) == ex->mask;
	case EXPECT_SAME:
		return mask && got->mask == seen;
	case EXPECT_WITHOUT:
		return mask && !(got->mask & ex->mask);
	}
	return false;
}

/* Prints what would have met `got` exactly; "*" where it depends on the
 * machine. */
static const char *expect_print(const struct action *act,
    const struct outcome *got, char out_text[EXPECT_TEXT_MAX])
{
	char mask[MASK_TEXT_MAX];

	if (got->name)
		snprintf(out_text, EXPECT_TEXT_MAX, "%s", got->name);
	else if (got->has_mask)
		snprintf(out_text, EXPECT_TEXT_MAX, "{%.*s}",
		    EXPECT_TEXT_MAX - 3, mask_print(got->mask, mask));
	else if (act->verb->traits & VERB_LOOSE)
		snprintf(out_text, EXPECT_TEXT_MAX, "*");
	else
		snprintf(out_text, EXPECT_TEXT_MAX, "%d", got->ret);
	return out_text;
}

/* ---- script --------------------------------------------------------- */

struct step {
	struct action act;
	struct expect expect;
	int within_ms; /* look again for so long until it is met */
};

/* Actions on one side: one -c, -s or -l, or one line of a file. */
struct command {
	enum side side;
	int line; /* of the file */
	size_t step_count;
	struct step *steps;
};

enum { SYSCTLS_MAX = 8, SCRIPT_TEXT_MAX = 128 };

struct script {
	const char *path;
	char name[SCRIPT_TEXT_MAX];
	char todo[SCRIPT_TEXT_MAX];
	bool family[FAMILIES];
	bool poller[POLLERS];
	bool need_root, need_netns;
	char kernel_op[4]; /* "": any kernel */
	int kernel[2];
	int votes;
	int limit_ms;
	int sysctl_count;
	char sysctl[SYSCTLS_MAX][SCRIPT_TEXT_MAX]; /* "KEY VALUE" */
	bool bare;				   /* nothing implicit */
	size_t command_count;
	struct command *commands;
};

/* What happened at one step. */
struct event {
	size_t cmd, step; /* from 1; an implicit step is 0 */
	enum side side;
	int fd;
	int line;
	const struct action *act;
	const struct expect *expect;
	bool met;
	struct outcome out;
};

enum { LOOK_AGAIN_MS = 2, WITHIN_MAX_MS = 60000, ACTION_MAX = 160 };

/* One action with its expectation; `text` is cut up. */
static int parse_step(char *text, struct step *out, char out_why[WHY_MAX])
{
	char *close = strchr(text, ')');
	char *within = strrchr(text, '@');
	char *expect = strchr(close ? close : text, '=');

	if (within) {
		*within = '\0';
		if (parse_number(within + 1, 0, WITHIN_MAX_MS, &out->within_ms,
			out_why) < 0)
			return error(out_why,
			    "'@%s': not a number of ms up "
			    "to %d",
			    within + 1, WITHIN_MAX_MS);
	}
	if (expect)
		*expect++ = '\0';
	if (action_parse(text, &out->act, out_why) < 0)
		return -1;
	return expect ? expect_parse(expect, &out->act, &out->expect, out_why)
		      : 0;
}

/* Adds the first `len` bytes of `text`, without the blanks around them. */
static int add_step(
    struct command *cmd, const char *text, size_t len, char out_why[WHY_MAX])
{
	char action[ACTION_MAX];

	for (; len && isspace((unsigned char)*text); len--)
		text++;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len >= sizeof(action))
		return error(
		    out_why, "'%.*s': too long an action", (int)len, text);
	memcpy(action, text, len);
	action[len] = '\0';
	return parse_step(action, &cmd->steps[cmd->step_count++], out_why);
}

/* Adds a command: `list` holds actions with commas between, each perhaps with
 * "=EXPECTATION" and "@MS" behind it. 0, or -1 and a sentence. */
static int add_command(struct script *s, enum side side, const char *list,
    int line, char out_why[WHY_MAX])
{
	struct command *more =
	    realloc(s->commands, (s->command_count + 1) * sizeof(*more));
	struct command *cmd;
	size_t n;

	if (!more)
		return error(out_why, "no memory");
	s->commands = more;
	cmd = &more[s->command_count];
	*cmd = (struct command){.side = side, .line = line};
	cmd->steps = calloc(strlen(list) / 2 + 1, sizeof(*cmd->steps));
	if (!cmd->steps)
		return error(out_why, "no memory");
	s->command_count++;
	for (const char *at = list; *at; at += n + (at[n] == ',')) {
		n = action_span(at);
		if (add_step(cmd, at, n, out_why) < 0)
			return -1;
	}
	return cmd->step_count ? 0 : error(out_why, "an empty list of actions");
}

static void script_fini(struct script *s)
{
	for (size_t i = 0; i < s->command_count; i++)
		free(s->commands[i].steps);
	free(s->commands);
	memset(s, 0, sizeof(*s));
}

/* Does any action have the trait? */
static bool script_has(const struct script *s, unsigned trait)
{
	for (size_t i = 0; i < s->command_count; i++)
		for (size_t k = 0; k < s->commands[i].step_count; k++)
			if (s->commands[i].steps[k].act.verb->traits & trait)
				return true;
	return false;
}

/* A script being run. */
struct run {
	struct context *cx;
	void (*on_event)(void *arg, const struct event *ev);
	void *arg;
	unsigned seen[SIDES]; /* the flags last seen */
	int unmet;
};

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run_step(struct run *run, struct event *ev, int within_ms)
{
	const struct timespec pause = {0, LOOK_AGAIN_MS * 1000000L};
	long until = now_ms() + within_ms;

	ev->fd = run->cx->fd[ev->side];
	for (;;) {
		action_run(run->cx, ev->side, ev->act, &ev->out);
		ev->met = expect_met(ev->expect, &ev->out, run->seen[ev->side]);
		if (ev->met || now_ms() >= until)
			break;
		nanosleep(&pause, NULL);
	}
	/* A connect may have opened the client. */
	if (ev->side == SIDE_C && ev->act->verb->run == do_con)
		ev->fd = run->cx->fd[SIDE_C];
	if (ev->out.has_mask)
		run->seen[ev->side] = ev->out.mask;
	run->unmet += !ev->met;
	run->on_event(run->arg, ev);
}

static void run_implicit(
    struct run *run, struct event ev, enum side side, const char *verb)
{
	const struct expect any = {.kind = EXPECT_ANY};
	char why[WHY_MAX], text[8];
	struct action act;

	snprintf(text, sizeof(text), "%s", verb);
	action_parse(text, &act, why);
	ev.side = side;
	ev.act = &act;
	ev.expect = &any;
	run_step(run, &ev, 0);
}

/* Connects before the first -c or -s, accepts before the first -s. */
static void prepare(struct run *run, struct event ev)
{
	const struct context *cx = run->cx;

	if (ev.side == SIDE_L)
		return;
	if (!cx->connected)
		run_implicit(run, ev, SIDE_C, "con");
	if (ev.side == SIDE_S && cx->fd[SIDE_S] < 0)
		run_implicit(run, ev, SIDE_L, "acc");
}

/* Does the action need a socket that never was there? */
static bool is_absent_side(
    const struct context *cx, enum side side, const struct action *act)
{
	if (act->verb->run == do_acc)
		return cx->fd[SIDE_L] < 0;
	return cx->fd[side] < 0 && lacks_fd(cx, side, act);
}

/* Runs `s` and reports each event. Returns the number of expectations not met,
 * or -1 when an action needs a socket that never was there; what follows is
 * then not run. */
static int script_run(const struct script *s, struct context *cx,
    void (*on_event)(void *arg, const struct event *ev), void *arg)
{
	struct run run = {.cx = cx, .on_event = on_event, .arg = arg};

	for (size_t i = 0; i < s->command_count; i++) {
		const struct command *cmd = &s->commands[i];
		struct event ev = {
		    .cmd = i + 1, .side = cmd->side, .line = cmd->line};

		if (!s->bare)
			prepare(&run, ev);
		for (size_t k = 0; k < cmd->step_count; k++) {
			ev.step = k + 1;
			ev.act = &cmd->steps[k].act;
			ev.expect = &cmd->steps[k].expect;
			if (is_absent_side(cx, ev.side, ev.act))
				return -1;
			run_step(&run, &ev, cmd->steps[k].within_ms);
		}
	}
	return run.unmet;
}

static int loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret;

	if (fd < 0)
		return -1;
	ifr.ifr_flags = IFF_UP;
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return ret;
}

/* Moves this process to a network of its own, without privilege in a user
 * namespace of its own. NULL, or why that cannot be. */
static const char *own_network(void)
{
	static char why[WHY_MAX];

	if ((unshare(CLONE_NEWNET) == 0 ||
		unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) &&
	    loopback_up() == 0)
		return NULL;
	error(why, "no network namespace: %s", error_text(errno));
	return why;
}

/* Since June 2026 a filter on a TCP socket needs CAP_NET_ADMIN; it is had in
 * one's own namespace. NULL, or why packets cannot be lost here. */
static const char *enable_drop(void)
{
	const char *why = NULL;

	for (int tries = 0; tries < 2 && !why; tries++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		bool drops = fd >= 0 && drop_packets(fd) == 0;

		close_known(&fd);
		if (drops)
			return NULL;
		why = tries ? "packets cannot be lost here" : own_network();
	}
	return why;
}

/* ---- print ---------------------------------------------------------- */

enum style {
	STYLE_PLAIN,
	STYLE_HAPROXY, /* byte for byte as HAProxy's dev/poll */
	STYLE_2017,    /* as the first such tool */
	STYLE_EXPLAIN, /* with the rule behind each flag */
	STYLE_EMIT     /* a script that expects what was seen */
};

struct probe {
	struct context cx;
	int family;
	enum style style;
	bool verbose;
	size_t emitted; /* the command of the last line emitted */
	struct script script;
};

/* What the kernel looked at, as far as a program can see it. */
struct facts {
	const struct family *family;
	enum side side;
	unsigned mask;
	int state; /* of TCP, 0: unknown */
	int inq;   /* bytes to read */
};

static bool is_listener(const struct facts *f)
{
	return f->side == SIDE_L && f->state != TCP_CLOSE;
}

/* The rule of tcp_poll() that raised `bit`. */
static const char *tcp_rule(const struct facts *f, unsigned bit)
{
	switch (bit) {
	case POLLIN:
		if (is_listener(f))
			return "the accept queue is not empty";
		if (f->mask & POLLRDHUP)
			return f->inq ? "sk_shutdown & RCV_SHUTDOWN, and bytes "
					"in the receive queue"
				      : "sk_shutdown & RCV_SHUTDOWN: a read "
					"ends with 0";
		return "the receive queue holds SO_RCVLOWAT bytes or more";
	case POLLOUT:
		if (f->mask & POLLHUP)
			return "sk_shutdown & SEND_SHUTDOWN, or room in the "
			       "send queue";
		return "sk_stream_is_writeable(): a third of the send queue "
		       "is free; or sk_shutdown & SEND_SHUTDOWN";
	case POLLRDHUP:
		return "sk_shutdown & RCV_SHUTDOWN: a FIN or reset came, or "
		       "this end did SHUT_RD";
	case POLLHUP:
		return f->state == TCP_CLOSE
			   ? "state is TCP_CLOSE"
			   : "sk_shutdown == SHUTDOWN_MASK: both directions";
	case POLLERR:
		return f->mask & POLLHUP
			   ? "sk_err is set: SO_ERROR tells and clears it"
			   : "sk_err is set, or the error queue is not empty";
	case POLLPRI:
		return "urg_data & TCP_URG_VALID: an urgent byte has arrived";
	}
	return "not a rule of tcp_poll()";
}

/* The same for other sockets, unix_poll() and datagram_poll(), and pipes. */
static const char *other_rule(const struct facts *f, unsigned bit)
{
	bool pipe = !f->family->domain;

	switch (bit) {
	case POLLIN:
		return f->side == SIDE_L     ? "a client waits"
		       : pipe		     ? "the pipe is not empty"
		       : f->mask & POLLRDHUP ? "sk_shutdown & RCV_SHUTDOWN, or "
					       "the receive queue is "
					       "not empty"
					     : "the receive queue is not empty";
	case POLLOUT:
		return pipe
			   ? "the pipe has a free slot"
			   : "room in the send queue; shutdown does not matter";
	case POLLRDHUP:
		return "sk_shutdown & RCV_SHUTDOWN";
	case POLLHUP:
		return pipe ? "no writer is left"
			    : "sk_shutdown == SHUTDOWN_MASK, or closed";
	case POLLERR:
		return pipe ? "no reader is left"
			    : "sk_err is set, or the error queue is not empty";
	}
	return "no rule known";
}

static void print_rules(const struct probe *p, const struct event *ev)
{
	struct facts f = {p->cx.family, ev->side, ev->out.mask, 0, 0};
	bool tcp = f.family->domain != AF_UNIX && f.family->domain &&
		   f.family->type == SOCK_STREAM;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (tcp && getsockopt(ev->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		f.state = info.tcpi_state;
	ioctl(ev->fd, FIONREAD, &f.inq);
	for (int i = 0; i < FLAGS; i++)
		if (ev->out.mask & flags[i].bit)
			printf("    %-6s %s\n", flags[i].name,
			    tcp ? tcp_rule(&f, flags[i].bit)
				: other_rule(&f, flags[i].bit));
	if (!ev->out.mask && f.state == TCP_SYN_SENT)
		printf("    none   state is TCP_SYN_SENT: only ERR and HUP\n");
	else if (!ev->out.mask)
		printf("    none   nothing to read, no room to send, or not "
		       "asked for\n");
}

static void print_mask(const struct probe *p, const struct outcome *out)
{
	bool haproxy = p->style == STYLE_HAPROXY;
	char text[MASK_TEXT_MAX];

	printf(" ev=%#x%s", out->mask, haproxy ? " " : "");
	if (out->mask)
		printf(
		    "%s(%s)", haproxy ? "" : " ", mask_print(out->mask, text));
}

/* Prints the line of one event. */
static void on_event(void *arg, const struct event *ev)
{
	const struct probe *p = arg;
	const struct action *act = ev->act;
	int ret = ev->out.ret;

	/* The first tool kept the implicit connect to itself. */
	if (p->style == STYLE_2017 && ev->step == 0 && ev->side == SIDE_C)
		return;
	/* HAProxy's knows no end of stream that brought nothing. */
	if (p->style == STYLE_HAPROXY && act->verb->run == do_drn && ret == 0)
		ret = -1;
	printf("cmd #%zu stp #%zu: ", ev->cmd, ev->step);
	if (p->style == STYLE_2017)
		printf("do_%s(%d", act->verb->name, ev->fd);
	else
		printf("%s(%c=%d", act->verb->name, side_letters[ev->side],
		    ev->fd);
	printf("%s%s): ret=%d", act->args[0] ? "," : "", act->args, ret);
	if (ev->out.text)
		printf(" (%s)", ev->out.text);
	if (ev->out.sigpipe && p->style != STYLE_HAPROXY)
		printf(" SIGPIPE");
	if (ev->out.has_mask)
		print_mask(p, &ev->out);
	printf("%s%s\n", ev->met ? "" : " instead of ",
	    ev->met ? "" : ev->expect->text);
	if (p->style == STYLE_EXPLAIN && ev->out.has_mask)
		print_rules(p, ev);
}

/* The same as a line of a script. */
static void on_event_emit(void *arg, const struct event *ev)
{
	char text[EXPECT_TEXT_MAX];
	struct probe *p = arg;

	if (ev->step == 0)
		return;
	if (p->emitted == ev->cmd)
		printf(", ");
	else
		printf(
		    "%s%c: ", p->emitted ? "\n" : "", side_letters[ev->side]);
	p->emitted = ev->cmd;
	printf("%s%s%s%s=%s", ev->act->verb->name, ev->act->args[0] ? "(" : "",
	    ev->act->args, ev->act->args[0] ? ")" : "",
	    expect_print(ev->act, &ev->out, text));
}

static void on_event_silent(void *arg, const struct event *ev)
{
	(void)arg;
	(void)ev;
}

static void mark(const char *text)
{
	fflush(stdout);
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		exit(EX_IOERR);
}

/* ---- files ---------------------------------------------------------- */

/*
 * A script in a file (*.pp):
 *
 *   # a comment            anywhere
 *   name TEXT              what the test point is called
 *   family ID ...          run in each of these (tcp4)
 *   poller ID ...          and under each of these (poll)
 *   need kernel >= 6.1     also > < <= =; else skipped
 *   need root | netns      netns: run in a network namespace of its own
 *   sysctl KEY VALUE       set there; "need netns" goes with it
 *   votes N                run N times; most of them must agree
 *   implicit off           no implicit connect and accept
 *   limit MS               the longest wait of one action (2000)
 *   todo TEXT              known to fail, and why
 *   c: ACTION=WANT, ...    actions on the client; s: server, l: listener
 */
enum {
	LINE_MAX_BYTES = 2048,
	VOTES_MAX = 99,
	LIMIT_DEFAULT_MS = 2000,
	LIMIT_MAX_MS = 60000
};

/* Sets `set[i]` for each word of `text` that `find` knows. */
static int read_ids(
    char *text, bool *set, int (*find)(const char *), char why[WHY_MAX])
{
	char *save = NULL;

	for (char *w = strtok_r(text, " \t", &save); w;
	     w = strtok_r(NULL, " \t", &save)) {
		int i = find(w);

		if (i < 0)
			return error(why, "'%s' is not known", w);
		set[i] = true;
	}
	return 0;
}

static int read_need(struct script *s, const char *text, char why[WHY_MAX])
{
	if (strcmp(text, "root") == 0)
		s->need_root = true;
	else if (strcmp(text, "netns") == 0)
		s->need_netns = true;
	else if (sscanf(text, "kernel %3[<>=] %d.%d", s->kernel_op,
		     &s->kernel[0], &s->kernel[1]) != 3)
		return error(why,
		    "cannot need '%s'; expected root, netns, or "
		    "kernel OP MAJOR.MINOR",
		    text);
	return 0;
}

static int read_sysctl(struct script *s, const char *text, char why[WHY_MAX])
{
	if (s->sysctl_count == SYSCTLS_MAX || !strchr(text, ' ') ||
	    strlen(text) >= SCRIPT_TEXT_MAX)
		return error(
		    why, "expected KEY VALUE, at most %d times", SYSCTLS_MAX);
	snprintf(s->sysctl[s->sysctl_count++], SCRIPT_TEXT_MAX, "%s", text);
	return 0;
}

static int read_header(
    struct script *s, const char *word, char *rest, char why[WHY_MAX])
{
	if (strcmp(word, "family") == 0)
		return read_ids(rest, s->family, family_find, why);
	if (strcmp(word, "poller") == 0)
		return read_ids(rest, s->poller, poller_find, why);
	if (strcmp(word, "need") == 0)
		return read_need(s, rest, why);
	if (strcmp(word, "sysctl") == 0)
		return read_sysctl(s, rest, why);
	if (strcmp(word, "votes") == 0)
		return parse_number(rest, 1, VOTES_MAX, &s->votes, why);
	if (strcmp(word, "limit") == 0)
		return parse_number(rest, 1, LIMIT_MAX_MS, &s->limit_ms, why);
	if (strcmp(word, "name") == 0 || strcmp(word, "todo") == 0) {
		snprintf(*word == 'n' ? s->name : s->todo, SCRIPT_TEXT_MAX,
		    "%s", rest);
		return 0;
	}
	if (strcmp(word, "implicit") == 0 && strcmp(rest, "off") == 0) {
		s->bare = true;
		return 0;
	}
	return error(why,
	    "'%s %s' is no header; expected name, family, "
	    "poller, need, sysctl, votes, implicit off, limit, todo, or "
	    "c: s: l: with actions",
	    word, rest);
}

/* One line without its comment and the blanks around it; it is cut up. */
static int read_line(
    struct script *s, char *line, int number, char why[WHY_MAX])
{
	int side = side_find(line[0]);
	char *rest = line + strcspn(line, " \t");

	if (side >= 0 && line[1] == ':')
		return add_command(s, (enum side)side, line + 2, number, why);
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " \t");
	return read_header(s, line, rest, why);
}

/* Cuts off the comment and the blanks around. */
static char *strip(char *line)
{
	size_t len;

	line[strcspn(line, "#\n")] = '\0';
	line += strspn(line, " \t");
	len = strlen(line);
	while (len && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	return line;
}

static int read_lines(FILE *f, struct script *s)
{
	char line[LINE_MAX_BYTES];

	for (int n = 1; fgets(line, sizeof(line), f); n++) {
		char why[WHY_MAX];
		char *text = strip(line);

		if (*text && read_line(s, text, n, why) < 0) {
			fprintf(stderr, "%s:%d: %s\n", s->path, n, why);
			return EX_DATAERR;
		}
	}
	if (ferror(f) || !s->command_count) {
		fprintf(stderr, "%s: %s\n", s->path,
		    ferror(f) ? error_text(errno) : "no actions in it");
		return ferror(f) ? EX_NOINPUT : EX_DATAERR;
	}
	if (s->sysctl_count && !s->need_netns) {
		fprintf(stderr, "%s: sysctl without 'need netns'\n", s->path);
		return EX_DATAERR;
	}
	return 0;
}

/* If nothing in `set` is chosen, the first is. */
static void choose_one(bool *set, int count)
{
	for (int i = 0; i < count; i++)
		if (set[i])
			return;
	set[0] = true;
}

/* Reads `path`, "-" for standard input. 0, or an exit status after saying on
 * stderr what is wrong, where. */
static int script_read(const char *path, struct script *out)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	int status;

	memset(out, 0, sizeof(*out));
	out->path = path;
	out->votes = 1;
	out->limit_ms = LIMIT_DEFAULT_MS;
	snprintf(out->name, sizeof(out->name), "%s", path);
	if (!f) {
		fprintf(stderr, "%s: %s\n", path, error_text(errno));
		return EX_NOINPUT;
	}
	status = read_lines(f, out);
	if (f != stdin)
		fclose(f);
	choose_one(out->family, FAMILIES);
	choose_one(out->poller, POLLERS);
	return status;
}

/* A test point: one family and poller of a script. */
struct point {
	const struct script *script;
	int family;
	int poller;
};

/* NULL, or why this kernel or user will not do. */
static const char *lacking(const struct script *s)
{
	static char why[WHY_MAX];
	struct utsname u;
	int have[2] = {0, 0};
	int diff;

	if (s->need_root && geteuid() != 0)
		return "needs root";
	if (!*s->kernel_op)
		return NULL;
	uname(&u);
	sscanf(u.release, "%d.%d", &have[0], &have[1]);
	diff = have[0] != s->kernel[0] ? have[0] - s->kernel[0]
				       : have[1] - s->kernel[1];
	if ((diff < 0 && strchr(s->kernel_op, '<')) ||
	    (diff > 0 && strchr(s->kernel_op, '>')) ||
	    (diff == 0 && strchr(s->kernel_op, '=')))
		return NULL;
	error(why, "needs kernel %s %d.%d", s->kernel_op, s->kernel[0],
	    s->kernel[1]);
	return why;
}

/* "net.ipv4.tcp_x 1": a dot is a slash. */
static int set_sysctl(const char *setting)
{
	char path[2 * SCRIPT_TEXT_MAX] = "/proc/sys/";
	size_t start = strlen(path);
	size_t len = strcspn(setting, " ");
	FILE *f;

	snprintf(path + start, sizeof(path) - start, "%.*s", (int)len, setting);
	for (char *p = path + start; *p; p++)
		if (*p == '.')
			*p = '/';
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "%s\n", setting + len + 1);
	return fclose(f);
}

/* Makes the network the script needs. NULL, or why it cannot. */
static const char *prepare_network(const struct script *s)
{
	static char why[WHY_MAX];
	const char *lack = s->need_netns	       ? own_network()
			   : script_has(s, VERB_DROPS) ? enable_drop()
						       : NULL;

	for (int i = 0; !lack && i < s->sysctl_count; i++)
		if (set_sysctl(s->sysctl[i]) < 0) {
			error(why, "cannot set %s: %s", s->sysctl[i],
			    error_text(errno));
			lack = why;
		}
	return lack;
}

/* Errors that say a family is not to be had on this machine. */
static bool is_absent(int err)
{
	return err == EAFNOSUPPORT || err == EADDRNOTAVAIL ||
	       err == EPROTONOSUPPORT || err == ENOPROTOOPT;
}

static void on_unmet(void *arg, const struct event *ev)
{
	const struct point *t = arg;
	char got[EXPECT_TEXT_MAX];

	if (!ev->met)
		printf("# %s:%d: %c: %s, action %zu: wanted %s, got %s\n",
		    t->script->path, ev->line, side_letters[ev->side],
		    ev->act->verb->name, ev->step, ev->expect->text,
		    expect_print(ev->act, &ev->out, got));
}

/* In the child. Returns 0, 1 for a mismatch, or SKIP. */
static int run_point(struct point *t)
{
	struct context cx = {
	    .poller = t->poller, .limit_ms = t->script->limit_ms};
	const char *lack = prepare_network(t->script);
	int ret;

	if (lack) {
		printf("# %s\n", lack);
		return SKIP;
	}
	handle_signals();
	ret = context_open(&cx, t->family);
	if (ret < 0) {
		printf("# no %s sockets here: %s\n", families[t->family].name,
		    error_text(-ret));
		return is_absent(-ret) ? SKIP : 1;
	}
	ret = script_run(t->script, &cx, on_unmet, t);
	if (ret < 0)
		printf("# %s: a side has no socket\n", t->script->path);
	context_close(&cx);
	return ret != 0;
}

/* Each run is a child: descriptors, signals and perhaps the network are its
 * own. What it has to say about a mismatch it prints itself. */
static int run_in_child(struct point *t)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int verdict = run_point(t);

		fflush(stdout);
		_exit(verdict);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		printf("# cannot fork: %s\n", error_text(errno));
		return 1;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("# killed by signal %d\n", WTERMSIG(status));
	return 1;
}

/* Runs as often as there are votes; most of them decide. */
static int vote(struct point *t)
{
	int votes = t->script->votes;
	int passed = 0;

	for (int i = 0; i < votes; i++) {
		int verdict = run_in_child(t);

		if (verdict == SKIP)
			return SKIP;
		passed += verdict == 0;
	}
	if (passed != 0 && passed != votes)
		printf("# racy: %d of %d runs passed\n", passed, votes);
	return 2 * passed <= votes;
}

static int report_point(struct point *t, int number)
{
	const struct script *s = t->script;
	const char *lack = lacking(s);
	int verdict = lack ? SKIP : vote(t);

	printf("%sok %d - %s (%s, %s)", verdict == 1 ? "not " : "", number,
	    s->name, families[t->family].name, pollers[t->poller].name);
	if (verdict == SKIP)
		printf(" # SKIP %s", lack ? lack : "not here");
	else if (*s->todo)
		printf(" # TODO %s", s->todo);
	printf("\n");
	return verdict == 1 && *s->todo ? 0 : verdict;
}

static int count_points(const struct script *s)
{
	int f = 0, p = 0;

	for (int i = 0; i < FAMILIES; i++)
		f += s->family[i];
	for (int i = 0; i < POLLERS; i++)
		p += s->poller[i];
	return f * p;
}

/* Runs all points of all scripts; returns the exit status. */
static int run_all(const struct script *scripts, int n)
{
	int total = 0, number = 0, failed = 0, skipped = 0;

	for (int i = 0; i < n; i++)
		total += count_points(&scripts[i]);
	printf("TAP version 13\n1..%d\n", total);
	for (int i = 0; i < n * FAMILIES * POLLERS; i++) {
		struct point t = {&scripts[i / (FAMILIES * POLLERS)],
		    i / POLLERS % FAMILIES, i % POLLERS};
		int verdict;

		if (!t.script->family[t.family] || !t.script->poller[t.poller])
			continue;
		verdict = report_point(&t, ++number);
		failed += verdict == 1;
		skipped += verdict == SKIP;
	}
	return failed ? 1 : skipped == total ? SKIP : 0;
}

static int run_main(int argc, char **argv)
{
	struct script *scripts = calloc((size_t)argc, sizeof(*scripts));
	int n = argc - 1;
	int status = 0;

	if (!scripts)
		return EX_OSERR;
	if (n < 1 || (argv[1][0] == '-' && argv[1][1])) {
		fprintf(stderr, "usage: poll-probe run SCRIPT ... (-: standard "
				"input)\n");
		status = EX_USAGE;
		n = 0;
	}
	for (int i = 0; i < n; i++) {
		int ret = script_read(argv[i + 1], &scripts[i]);

		status = status ? status : ret;
	}
	if (!status)
		status = run_all(scripts, n);
	for (int i = 0; i < n; i++)
		script_fini(&scripts[i]);
	free(scripts);
	return status;
}

/* ---- main ----------------------------------------------------------- */

static void usage(FILE *f)
{
	fprintf(f,
	    "usage: poll-probe [explain] [-veh] [-n] [-t SECONDS]\n"
	    "           [--style=haproxy|2017] [--emit-script]\n"
	    "           [--family=NAME] [--poller=NAME] {-c|-s|-l} LIST ...\n"
	    "       poll-probe run SCRIPT ...\n"
	    "       poll-probe --version\n"
	    "  -c, -s, -l LIST   act on the client, the server, the listener\n"
	    "  -v                print what every action returned\n"
	    "  explain           also name the rule behind each flag\n"
	    "  -n                connect and accept only when told to\n"
	    "  -t SECONDS        the longest wait of one action (2)\n"
	    "  -e                the same as --poller=epoll\n"
	    "  --style=haproxy   lines as HAProxy's dev/poll prints them\n"
	    "  --style=2017      lines as the first such tool printed them\n"
	    "  --emit-script     a script that expects what was seen\n"
	    "  -h, --version     this help; versions, of kernel and libc too\n"
	    "  --poller=NAME    ");
	for (int i = 0; i < POLLERS; i++)
		fprintf(f, " %s", pollers[i].name);
	fprintf(f, "\n  --family=NAME    ");
	for (int i = 0; i < FAMILIES; i++)
		fprintf(f, " %s", families[i].name);
	fprintf(f,
	    "\nactions, comma between, perhaps with =WANT behind: 3, 0..9, "
	    "ECONNRESET,\n{IN OUT}, {IN +}, same, !HUP or *; @MS behind that "
	    "looks again so long:\n");
	verbs_help(f);
}

static void print_version(void)
{
	struct utsname u;

	uname(&u);
	printf("poll-probe %s, Linux %s %s, ", SALLYPORT_VERSION, u.release,
	    u.machine);
#ifdef __GLIBC__
	printf("glibc %s\n", gnu_get_libc_version());
#else
	printf("musl or another libc\n");
#endif
}

/* Prints `text` and ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) static void refuse(
    const char *text, ...)
{
	va_list ap;

	va_start(ap, text);
	fprintf(stderr, "poll-probe: ");
	vfprintf(stderr, text, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(EX_USAGE);
}

static int parse_limit(const char *text)
{
	enum { LIMIT_MAX_S = 3600 };
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.001 && s <= LIMIT_MAX_S))
		refuse("-t %s: not a number of seconds from 0.001 to %d", text,
		    LIMIT_MAX_S);
	return (int)(s * 1000);
}

static int parse_choice(const char *option, const char *text, int found)
{
	if (found < 0)
		refuse("--%s=%s: not known; poll-probe -h lists them", option,
		    text);
	return found;
}

static enum style parse_style(const char *text)
{
	if (strcmp(text, "haproxy") == 0)
		return STYLE_HAPROXY;
	if (strcmp(text, "2017") != 0)
		refuse("--style=%s: not known; haproxy or 2017", text);
	return STYLE_2017;
}

enum { LONG_FAMILY = 256, LONG_POLLER, LONG_STYLE, LONG_EMIT, LONG_VERSION };

static const struct option long_options[] = {
    {"family", required_argument, NULL, LONG_FAMILY},
    {"poller", required_argument, NULL, LONG_POLLER},
    {"style", required_argument, NULL, LONG_STYLE},
    {"emit-script", no_argument, NULL, LONG_EMIT},
    {"version", no_argument, NULL, LONG_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void parse_side(int c, const char *list, struct probe *p)
{
	char why[WHY_MAX];

	if (add_command(&p->script, (enum side)side_find(c), list, 0, why) < 0)
		refuse("-%c %s: %s", c, list, why);
}

static void parse_option(int c, const char *text, struct probe *p)
{
	switch (c) {
	case 'c':
	case 's':
	case 'l':
		parse_side(c, text, p);
		break;
	case 'v':
		p->verbose = true;
		break;
	case 'e':
		p->cx.poller = POLLER_EPOLL;
		break;
	case 'n':
		p->script.bare = true;
		break;
	case 't':
		p->cx.limit_ms = parse_limit(text);
		break;
	case LONG_FAMILY:
		p->family = parse_choice("family", text, family_find(text));
		break;
	case LONG_POLLER:
		p->cx.poller = parse_choice("poller", text, poller_find(text));
		break;
	case LONG_STYLE:
		p->style = parse_style(text);
		break;
	case LONG_EMIT:
		p->style = STYLE_EMIT;
		break;
	case LONG_VERSION:
		print_version();
		exit(EX_OK);
	case 'h':
		usage(stdout);
		exit(EX_OK);
	default:
		exit(EX_USAGE);
	}
}

static void parse_command_line(int argc, char **argv, struct probe *p)
{
	static char program[] = "poll-probe"; /* in getopt's own messages */
	int c;

	argv[0] = program;
	while ((c = getopt_long(
		    argc, argv, "venht:c:s:l:", long_options, NULL)) >= 0)
		parse_option(c, optarg, p);
	if (optind < argc)
		refuse("'%s' is no option; actions follow -c, -s or -l",
		    argv[optind]);
	if (!p->script.command_count)
		refuse("nothing to do: no -c, -s or -l; -h shows how");
	/* HAProxy's tool has its epoll set among the sockets' numbers. */
	p->cx.low_numbers = p->style == STYLE_HAPROXY;
}

/* Runs the commands between the two delimiters. */
static int run_marked(struct probe *p)
{
	int unmet;

	mark("#### BEGIN ####\n");
	unmet = script_run(
	    &p->script, &p->cx, p->verbose ? on_event : on_event_silent, p);
	if (unmet < 0 && p->style == STYLE_HAPROXY)
		return unmet;
	mark("#### END ####\n");
	return unmet;
}

static int run_emitting(struct probe *p)
{
	int unmet;

	printf("name unnamed\nfamily %s\npoller %s\n%s",
	    families[p->family].name, pollers[p->cx.poller].name,
	    p->script.bare ? "implicit off\n" : "");
	unmet = script_run(&p->script, &p->cx, on_event_emit, p);
	printf("\n");
	return unmet;
}

/* Returns the exit status. */
static int run_commands(struct probe *p)
{
	const char *lack =
	    script_has(&p->script, VERB_DROPS) ? enable_drop() : NULL;
	int ret = lack ? 0 : context_open(&p->cx, p->family);

	if (lack) {
		fprintf(stderr, "poll-probe: skipped: %s\n", lack);
		return SKIP;
	}
	if (ret < 0) {
		fprintf(stderr, "poll-probe: cannot open a %s socket: %s\n",
		    families[p->family].name, error_text(-ret));
		return is_absent(-ret) ? SKIP : EX_OSERR;
	}
	ret = p->style == STYLE_EMIT ? run_emitting(p) : run_marked(p);
	context_close(&p->cx);
	if (ret >= 0)
		return ret > 0;
	fprintf(stderr, "poll-probe: stopped: there is no such socket in this "
			"family, or not yet\n");
	return p->style == STYLE_HAPROXY ? 1 : EX_UNAVAILABLE;
}

int main(int argc, char **argv)
{
	static struct probe p = {.cx = {.limit_ms = LIMIT_DEFAULT_MS}};
	int status;

	handle_signals();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "run") == 0) {
		status = run_main(argc - 1, argv + 1);
	} else {
		if (argc > 1 && strcmp(argv[1], "explain") == 0) {
			p.style = STYLE_EXPLAIN;
			p.verbose = true;
			argv++;
			argc--;
		}
		parse_command_line(argc, argv, &p);
		status = run_commands(&p);
		script_fini(&p.script);
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "poll-probe: cannot write to standard output\n");
	return EX_IOERR;
}
