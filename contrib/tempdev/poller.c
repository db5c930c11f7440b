/* poller.c: a batch of epoll events at a time. */
#include "poller.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"

enum { NS_PER_S = 1000000000 };

int poller_init(struct poller *p)
{
	*p = (struct poller){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	return p->epoll_fd < 0 ? -errno : 0;
}

void poller_fini(struct poller *p)
{
	close(p->epoll_fd);
}

/* At great speed a millisecond is far too coarse, hence poll on epoll; and
 * neither older kernels nor valgrind know epoll_pwait2. */
static void nap(const struct poller *p, int64_t ns)
{
	struct pollfd batch = {.fd = p->epoll_fd, .events = POLLIN};
	struct timespec ts = {
	    .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	ppoll(&batch, 1, &ts, NULL);
}

int poller_look(struct poller *p, int64_t timeout_ns)
{
	int n;

	if (timeout_ns > 0)
		nap(p, timeout_ns);
	n = epoll_wait(
	    p->epoll_fd, p->batch, POLLER_BATCH, timeout_ns < 0 ? -1 : 0);
	p->count = n < 0 ? 0 : n;
	for (p->next = 0; p->next < p->count;) {
		struct epoll_event *e = &p->batch[p->next++];
		struct watch *w = e->data.ptr;

		if (w != NULL)
			w->on_ready(w, e->events);
	}
	n = p->count;
	p->count = 0;
	return n;
}

void watch_init(struct watch *w, void (*on_ready)(struct watch *, uint32_t))
{
	*w = (struct watch){.fd = -1, .on_ready = on_ready};
}

void watch_set(struct poller *p, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	int op = w->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (w->watched && w->events == events)
		return;
	BUG_ON(epoll_ctl(p->epoll_fd, op, w->fd, &e) < 0);
	w->watched = true;
	w->events = events;
}

void watch_stop(struct poller *p, struct watch *w)
{
	if (!w->watched)
		return;
	epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->watched = false;
	for (int i = p->next; i < p->count; i++)
		if (p->batch[i].data.ptr == w)
			p->batch[i].data.ptr = NULL;
}

int watch_take(struct poller *p, struct watch *w)
{
	int fd = w->fd;

	watch_stop(p, w);
	w->fd = -1;
	return fd;
}

void watch_close(struct poller *p, struct watch *w)
{
	int fd = watch_take(p, w);

	if (fd >= 0)
		close(fd);
}
