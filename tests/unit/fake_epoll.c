/*
 * fake_epoll.c: the model's waiting: one epoll set in level mode, and a clock
 * that stands still until the test moves it.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "fake_impl.h"

/* So many waits in a row may report events and change nothing. */
enum { VAIN_WAITS_MAX = 1 };

int64_t fake_now_ms;
bool fake_device_first;
void (*fake_on_sleep)(void);

static int vain_waits;

void fake_progress(void)
{
	vain_waits = 0;
}

int __wrap_epoll_create1(int flags)
{
	(void)flags;
	return FAKE_EPOLL_FD;
}

static void say_events(
    const char *what, const struct fake_socket *s, uint32_t events)
{
	fake_say("  %s: %s%s%s%s%s%s\n", what,
	    s->side == FAKE_CLIENT ? "client" : "device",
	    events & EPOLLIN ? " IN" : "", events & EPOLLOUT ? " OUT" : "",
	    events & EPOLLRDHUP ? " RDHUP" : "",
	    events & EPOLLHUP ? " HUP" : "", events & EPOLLERR ? " ERR" : "");
}

int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *e)
{
	struct fake_socket *s = fake_socket_at(fd);

	(void)epfd;
	fake_require((op == EPOLL_CTL_ADD) == !s->watched,
	    "ADD of a watched socket, or MOD or DEL of an unwatched one");
	fake_require(op != EPOLL_CTL_MOD || e->events != s->mask ||
			 e->data.u64 != s->data,
	    "a MOD that changes nothing");
	s->watched = op != EPOLL_CTL_DEL;
	s->mask = s->watched ? e->events : 0;
	s->data = e->data.u64;
	fake_progress();
	say_events(op == EPOLL_CTL_ADD	 ? "add"
		   : op == EPOLL_CTL_MOD ? "change"
					 : "remove",
	    s, s->mask);
	return 0;
}

static int ready_events(struct epoll_event *e)
{
	int count = 0;

	for (int k = 0; k < FAKE_SOCKETS; k++) {
		int i = fake_device_first ? FAKE_SOCKETS - 1 - k : k;
		const struct fake_socket *s = &fake_sockets[i];
		uint32_t events;

		if (!s->open || !s->watched)
			continue;
		events = fake_poll(s) & (s->mask | EPOLLERR | EPOLLHUP);
		if (events == 0)
			continue;
		e[count].events = events;
		e[count++].data.u64 = s->data;
		say_events("wait", s, events);
	}
	return count;
}

int __wrap_epoll_wait(int epfd, struct epoll_event *e, int max, int timeout_ms)
{
	int count = ready_events(e);

	(void)epfd;
	for (int i = 0; i < FAKE_SOCKETS; i++)
		fake_require(!fake_sockets[i].open || !fake_sockets[i].corked,
		    "bytes sent with MSG_MORE, and nothing followed");
	fake_require(max >= FAKE_SOCKETS, "a batch too small for the model");
	if (count > 0)
		fake_require(vain_waits++ <= VAIN_WAITS_MAX, "it spins");
	else if (timeout_ms != 0)
		fake_on_sleep();
	return count;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	t->tv_sec = fake_now_ms / 1000;
	t->tv_nsec = fake_now_ms % 1000 * 1000000;
	return 0;
}

FAKE_ALSO(clock_gettime, __clock_gettime64);
