/*
 * bare: the least a correct TCP relay can do, as a floor for measurements.
 *
 *   bare LISTEN DEVICE
 *
 * It passes bytes and ends both ways and nothing more: no timers, limits,
 * log or splice; a device that refuses, or a lack of anything, ends the
 * connection. Descriptors are watched edge-triggered, so that a short
 * connection costs two epoll_ctl and no change afterwards; a short read stands
 * for "nothing more", and with RDHUP for the end.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"

enum { BATCH = 256, BACKLOG = 4096, SCRATCH_BYTES = 64 * 1024, EX_USAGE = 64 };

struct end {
	int fd;
	bool watched;	  /* is in the epoll set */
	bool eof;	  /* nothing more comes from here */
	bool may_have;	  /* an edge came and was not yet read to its end */
	bool last;	  /* that edge told of the end, */
	bool broken;	  /* or of an error, which comes behind the bytes */
	size_t kept;	  /* bytes for this end that it did not take yet */
	char *bytes;	  /* SCRATCH_BYTES, allocated when first needed */
	struct end *peer; /* the two ends of a connection are one allocation */
};

static int epoll_fd;
static char scratch[SCRATCH_BYTES];
static struct end *dead[BATCH];
static size_t dead_count;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* The memory is kept until the batch is done: events may still name it. */
static void end_both(struct end *e)
{
	if (e->fd < 0)
		return;
	close(e->fd);
	close(e->peer->fd);
	e->fd = e->peer->fd = -1;
	dead[dead_count++] = e < e->peer ? e : e->peer;
}

static void free_dead(void)
{
	while (dead_count > 0) {
		struct end *e = dead[--dead_count];

		free(e[0].bytes);
		free(e[1].bytes);
		free(e);
	}
}

static bool watch(struct end *e, int op)
{
	struct epoll_event event = {.data.ptr = e};

	event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
	if (e->bytes != NULL)
		event.events |= EPOLLOUT;
	e->watched = true;
	return epoll_ctl(epoll_fd, op, e->fd, &event) == 0;
}

/* Room to send is watched from the first time on that there was none. */
static bool keep(struct end *to, const char *bytes, size_t len)
{
	if (to->bytes == NULL) {
		to->bytes = malloc(SCRATCH_BYTES);
		if (to->bytes == NULL)
			return false;
		if (to->watched && !watch(to, EPOLL_CTL_MOD))
			return false;
	}
	memcpy(to->bytes, bytes, len);
	to->kept = len;
	return true;
}

/* Sends what is there and keeps the rest; false if `to` is lost. */
static bool pass(struct end *to, const char *bytes, size_t len)
{
	ssize_t n = send(to->fd, bytes, len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		return false;
	if (n < 0)
		n = 0;
	bytes += n;
	len -= (size_t)n;
	if (to->kept == 0)
		return len == 0 || keep(to, bytes, len);
	memmove(to->bytes, bytes, len);
	to->kept = len;
	return true;
}

/* Reads what `from` has as long as its peer takes it. */
static bool pull(struct end *from)
{
	while (from->may_have && !from->eof && from->peer->kept == 0) {
		ssize_t n = recv(from->fd, scratch, sizeof(scratch), 0);

		if (n < 0 && errno != EAGAIN)
			return false;
		from->may_have =
		    n == sizeof(scratch) || (n > 0 && from->broken);
		from->eof = n == 0 || (n > 0 && from->last && !from->may_have);
		if (n > 0 && !pass(from->peer, scratch, (size_t)n))
			return false;
		if (from->eof && from->peer->kept == 0 && !from->peer->eof)
			shutdown(from->peer->fd, SHUT_WR);
	}
	return true;
}

static bool push(struct end *to)
{
	if (!pass(to, to->bytes, to->kept))
		return false;
	if (to->kept == 0 && to->peer->eof && !to->eof)
		shutdown(to->fd, SHUT_WR);
	return pull(to->peer);
}

static void on_event(struct end *e, uint32_t events)
{
	bool alive = true;

	if (e->fd < 0)
		return;
	if (e->kept > 0 && (events & EPOLLOUT))
		alive = push(e);
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
		e->may_have = true;
		e->last = events & EPOLLRDHUP;
		e->broken = events & EPOLLERR;
		alive = alive && pull(e);
	}
	if (!alive ||
	    (e->eof && e->peer->eof && e->kept == 0 && e->peer->kept == 0))
		end_both(e);
}

static int connect_device(const struct addr *device)
{
	int fd = socket(device->u.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || (connect(fd, &device->u.sa, device->len) < 0 &&
			  errno != EINPROGRESS)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The request is often there already, and on loopback so is the device. */
static void serve(int client, const struct addr *device)
{
	struct end *ends = calloc(2, sizeof(*ends));
	int fd = ends != NULL ? connect_device(device) : -1;

	if (fd < 0) {
		close(client);
		free(ends);
		return;
	}
	ends[0] = (struct end){.fd = client, .peer = &ends[1]};
	ends[1] = (struct end){.fd = fd, .peer = &ends[0]};
	ends[0].may_have = true;
	if (!pull(&ends[0]) || !watch(&ends[0], EPOLL_CTL_ADD) ||
	    !watch(&ends[1], EPOLL_CTL_ADD))
		end_both(&ends[0]);
}

static int open_listener(const struct addr *a)
{
	int on = 1, fd;

	fd = socket(
	    a->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, &a->u.sa, a->len) < 0 || listen(fd, BACKLOG) < 0)
		die("listen");
	return fd;
}

static void allow_many_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static _Noreturn void run(int listener, const struct addr *device)
{
	struct epoll_event accepts = {.events = EPOLLIN};
	struct epoll_event events[BATCH];

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &accepts) < 0)
		die("epoll");
	for (;;) {
		int n = epoll_wait(epoll_fd, events, BATCH, -1);

		for (int i = 0; i < n; i++) {
			int client;

			if (events[i].data.ptr != NULL) {
				on_event(events[i].data.ptr, events[i].events);
				continue;
			}
			client = accept4(
			    listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			if (client >= 0)
				serve(client, device);
		}
		free_dead();
	}
}

int main(int argc, char **argv)
{
	const char *why = "expected LISTEN and DEVICE";
	struct addr listen, device;

	if (argc != 3 || addr_parse(argv[1], NULL, &listen, &why) < 0 ||
	    addr_parse(argv[2], "127.0.0.1", &device, &why) < 0) {
		fprintf(stderr, "bare: %s\n", why);
		return EX_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	allow_many_descriptors();
	run(open_listener(&listen), &device);
}
