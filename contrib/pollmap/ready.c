/*
 * ready.c: see ready.h.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "ready.h"

static const char *const poller_names[POLLERS + 1] = {
	[POLLER_POLL] = "poll",
	[POLLER_PPOLL] = "ppoll",
	[POLLER_SELECT] = "select",
	[POLLER_EPOLL] = "epoll",
};

const char *poller_name(enum poller poller)
{
	return poller_names[poller];
}

int poller_find(const char *name)
{
	for (int i = 0; i < POLLERS; i++)
		if (strcmp(name, poller_names[i]) == 0)
			return i;
	return -1;
}

static int ask_poll(int fd, unsigned want, int timeout_ms, unsigned *out_mask)
{
	struct pollfd p = {.fd = fd, .events = (short)want};
	int ret = poll(&p, 1, timeout_ms);

	*out_mask = (unsigned short)p.revents;
	return ret;
}

static int ask_ppoll(int fd, unsigned want, int timeout_ms, unsigned *out_mask)
{
	struct pollfd p = {.fd = fd, .events = (short)want};
	struct timespec ts = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
	int ret = ppoll(&p, 1, &ts, NULL);

	*out_mask = (unsigned short)p.revents;
	return ret;
}

static int ask_select(int fd, unsigned want, int timeout_ms,
    unsigned *out_mask)
{
	struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000L};
	fd_set in, out, pri;
	int ret;

	if (fd < 0 || fd >= FD_SETSIZE) {
		errno = EBADF;
		return -1;
	}
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&pri);
	if (want & POLLIN)
		FD_SET(fd, &in);
	if (want & POLLOUT)
		FD_SET(fd, &out);
	FD_SET(fd, &pri);
	ret = select(fd + 1, &in, &out, &pri, &tv);
	if (ret <= 0)
		return ret;
	*out_mask = (FD_ISSET(fd, &in) ? POLLIN : 0U) |
	    (FD_ISSET(fd, &out) ? POLLOUT : 0U) |
	    (FD_ISSET(fd, &pri) ? POLLPRI : 0U);
	return ret;
}

static int ask_epoll(int fd, unsigned want, int timeout_ms, unsigned *out_mask)
{
	struct epoll_event ev = {.events = want};
	int err;
	int ret;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0)
		return -1;
	ret = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	if (ret == 0)
		ret = epoll_wait(ep, &ev, 1, timeout_ms);
	err = errno;
	close(ep);
	errno = err;
	if (ret > 0)
		*out_mask = ev.events;
	return ret;
}

int ready_ask(enum poller poller, int fd, unsigned want, int timeout_ms,
    unsigned *out_mask)
{
	static int (*const ask[POLLERS])(int, unsigned, int, unsigned *) = {
		[POLLER_POLL] = ask_poll,
		[POLLER_PPOLL] = ask_ppoll,
		[POLLER_SELECT] = ask_select,
		[POLLER_EPOLL] = ask_epoll,
	};

	*out_mask = 0;
	return ask[poller](fd, want, timeout_ms, out_mask);
}

int ready_ctl(struct scene *sc, enum side side, int fd, int op, unsigned events)
{
	struct epoll_event ev = {.events = events, .data.u32 = side};

	if (sc->epoll < 0)
		sc->epoll = epoll_create1(EPOLL_CLOEXEC);
	return epoll_ctl(sc->epoll, op, fd, &ev);
}

int ready_wait(struct scene *sc, enum side side, int max_events,
    unsigned *out_mask)
{
	struct epoll_event ev[2 * SIDES];
	int ret;

	*out_mask = 0;
	if (max_events > 2 * SIDES)
		max_events = 2 * SIDES;
	ret = epoll_wait(sc->epoll, ev, max_events, 0);
	for (int i = 0; i < ret; i++)
		if (ev[i].data.u32 == (unsigned)side)
			*out_mask |= ev[i].events;
	return ret;
}
