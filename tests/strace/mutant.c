/*
 * mutant.c: deliberate faults, put between the proxy and its system calls.
 *
 * Loaded with LD_PRELOAD; MUTANT names the fault. Nothing here knows the
 * proxy's sources, so nothing has to follow them; what is proved is that the
 * trace of a program with this fault is noticed, and by which name.
 * mutants.py says which fault breaks which promise.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { FDS = 1024, EVENTS = 256 };

static bool is(const char *fault)
{
	const char *name = getenv("MUTANT");

	return name && strcmp(name, fault) == 0;
}

/* What is known of each descriptor, and of the last wait. */
static struct {
	struct sockaddr_storage to;
	socklen_t to_len; /* 0: it has not connected */
	uint64_t data;	  /* what a wait says for it */
	bool watched, hung;
} fds[FDS];
static int closed_in_batch = -1;
static struct epoll_event last[EVENTS];
static int last_count;

static bool known(int fd)
{
	return fd >= 0 && fd < FDS;
}

static void peek(int fd)
{
	char byte;
	int saved = errno;

	syscall(
	    SYS_recvfrom, fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
	errno = saved;
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	if (known(fd) && len <= sizeof(fds[fd].to)) {
		memcpy(&fds[fd].to, to, len);
		fds[fd].to_len = len;
	}
	return (int)syscall(SYS_connect, fd, to, len);
}

int accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	int new;

	if (is("no-cloexec"))
		flags &= ~SOCK_CLOEXEC;
	new = (int)syscall(SYS_accept4, fd, from, len, flags);
	if (new >= 0 && is("greedy-accept")) {
		syscall(SYS_accept4, fd, NULL, NULL, flags);
		syscall(SYS_accept4, fd, NULL, NULL, flags);
	}
	return new;
}

int socket(int family, int type, int protocol)
{
	int fd = (int)syscall(SYS_socket, family, type, protocol);

	if (fd >= 0 && closed_in_batch >= 0 && is("stale-event"))
		peek(fd);
	return fd;
}

int close(int fd)
{
	if (known(fd) && fds[fd].watched)
		closed_in_batch = fd;
	if (known(fd) && fds[fd].to_len > 0 && is("leak"))
		return 0;
	if (known(fd))
		memset(&fds[fd], 0, sizeof(fds[fd]));
	return (int)syscall(SYS_close, fd);
}

int shutdown(int fd, int how)
{
	if (is("fin-waits"))
		peek(fd);
	return (int)syscall(SYS_shutdown, fd, how);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_LINGER && is("no-reset"))
		return 0;
	if (level == IPPROTO_TCP && name == TCP_NODELAY && is("delay"))
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

ssize_t recv(int fd, void *to, size_t size, int flags)
{
	ssize_t n = syscall(SYS_recvfrom, fd, to, size, flags, NULL, NULL);

	if (n > 0 && (size_t)n < size && is("reads-on"))
		peek(fd);
	if (n > 0 && is("allocates"))
		munmap(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0),
		    4096);
	return n;
}

/* As sent by whatever call. */
static void sent(int fd)
{
	int saved = errno;

	if (known(fd) && fds[fd].to_len > 0 && is("connect-twice"))
		syscall(SYS_connect, fd, &fds[fd].to, fds[fd].to_len);
	errno = saved;
}

ssize_t send(int fd, const void *from, size_t size, int flags)
{
	ssize_t n;

	if (is("sigpipe"))
		flags &= ~MSG_NOSIGNAL;
	if (size > 8 && is("lost-bytes"))
		n = syscall(SYS_sendto, fd, (const char *)from + 4, size - 4,
			flags, NULL, 0) +
		    4;
	else
		n = syscall(SYS_sendto, fd, from, size, flags, NULL, 0);
	if (n > 0)
		sent(fd);
	return n;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	ssize_t n;

	if (is("sigpipe"))
		flags &= ~MSG_NOSIGNAL;
	n = syscall(SYS_sendmsg, fd, message, flags);
	if (n > 0)
		sent(fd);
	return n;
}

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	int err;

	if (known(fd) && event) {
		fds[fd].data = event->data.u64;
		fds[fd].watched = true;
	}
	err = (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
	if (err == 0 && op == EPOLL_CTL_MOD && is("repeated-mask"))
		syscall(SYS_epoll_ctl, epoll, op, fd, event);
	return err;
}

/* The connection that an event is of, or -1. */
static int fd_of(const struct epoll_event *event)
{
	for (int fd = 0; fd < FDS; fd++) {
		if (fds[fd].watched && fds[fd].data == event->data.u64)
			return fd;
	}
	return -1;
}

/* In its place stands the end of a pair whose other end is gone. */
static void close_unread(int fd)
{
	int pair[2];

	if (fd < 0 || fds[fd].hung ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		return;
	fds[fd].hung = true;
	syscall(SYS_close, fd);
	syscall(SYS_dup3, pair[0], fd, O_CLOEXEC);
	syscall(SYS_close, pair[0]);
	syscall(SYS_close, pair[1]);
}

/* The batch of before, as long as it has bytes. */
static bool has_more(struct epoll_event *events)
{
	int bytes = 0;

	if (last_count != 1 || !(last[0].events & EPOLLIN) ||
	    ioctl(fd_of(&last[0]), FIONREAD, &bytes) < 0 || bytes == 0)
		return false;
	events[0] = last[0];
	return true;
}

int epoll_wait(int epoll, struct epoll_event *events, int size, int timeout)
{
	int n;

	closed_in_batch = -1;
	if (is("endless") && has_more(events))
		return 1;
	if (timeout > 0 && is("slow-timers"))
		timeout *= 10;
	n = (int)syscall(
	    SYS_epoll_pwait, epoll, events, size, timeout, NULL, 0);
	for (int i = 0; i < 3 && n > 0 && is("spin"); i++)
		n = (int)syscall(
		    SYS_epoll_pwait, epoll, events, size, 0, NULL, 0);
	for (int i = 0; i < n && is("hup-closes"); i++) {
		if (events[i].events & EPOLLHUP)
			close_unread(fd_of(&events[i]));
	}
	last_count = n > EVENTS ? 0 : n;
	if (last_count > 0)
		memcpy(last, events, (size_t)last_count * sizeof(last[0]));
	return n;
}
