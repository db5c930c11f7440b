/*
 * device_link.c: attempts, ends, and what lies between the device's finish
 * and ours.
 */
#include "proxy/device_link.h"

#include <errno.h>
#include <unistd.h>

#include "base/bug.h"
#include "sys/sock.h"

enum { ENDING_MS = 200 };

static void on_own_io(
    struct ev_loop *loop, struct ev_io *io, unsigned int events);
static void on_deadline(struct ev_loop *loop, struct ev_timer *t);

static struct device_link *link_at(struct list *at)
{
	return container_of(at, struct device_link, link);
}

void device_links_init(
    struct device_links *all, struct device_link *pool, size_t size)
{
	all->pool = pool;
	all->size = size;
	all->fresh = 0;
	all->check_self_connect = true;
	list_init(&all->spare);
	list_init(&all->open);
	list_init(&all->ending);
	ev_timer_init(&all->deadline, on_deadline);
}

void device_links_fini(struct device_links *all)
{
	while (!list_empty(&all->open))
		device_link_abort(link_at(all->open.next), false);
	while (!list_empty(&all->ending))
		device_link_abort(link_at(all->ending.next), false);
}

static struct device_link *take_spare(struct device_links *all)
{
	struct device_link *l;

	if (!list_empty(&all->spare)) {
		l = link_at(all->spare.next);
		list_remove(&l->link);
		return l;
	}
	return all->fresh < all->size ? &all->pool[all->fresh++] : NULL;
}

static bool is_spent(const struct device_links *all)
{
	return list_empty(&all->spare) && all->fresh == all->size;
}

struct device_link *device_link_open(struct device_links *all,
    void (*on_io)(struct ev_loop *, struct ev_io *, unsigned int), void *owner)
{
	struct device_link *l;

	/* Better a device that is reset a little early than a client sent away.
	 */
	if (is_spent(all) && !list_empty(&all->ending))
		device_link_abort(link_at(all->ending.next), false);
	l = take_spare(all);
	if (!l)
		return NULL;
	*l = (struct device_link){
	    .io = {.fd = -1, .on_io = on_io},
	    .all = all,
	    .owner = owner,
	};
	list_append(&all->open, &l->link);
	return l;
}

int device_link_connect(struct device_link *l)
{
	const struct device_link_conf *conf = l->all->conf;
	const struct addr *a = &conf->device[l->address];
	int fd = -1, err;

	l->phase = LINK_CONNECTING;
	if (conf->device_count == 0)
		return -EHOSTUNREACH; /* its name is not known yet */
	err = sock_open(a->u.sa.sa_family, &conf->local, &fd);
	if (err < 0)
		return err;
	if (l->all->sends_urgent)
		sock_set_oobinline(fd);
	if (conf->quickack)
		sock_set_quickack(fd);
	sock_set_user_timeout(fd, conf->user_timeout_ms);
	err = sock_connect(fd, a);
	if (err < 0 && err != -EINPROGRESS) {
		close(fd);
		return err;
	}
	l->io.fd = fd;
	return 0;
}

void device_link_drop_attempt(struct device_link *l)
{
	ev_io_close(l->all->loop, &l->io);
	l->phase = LINK_CONNECTING;
}

bool device_link_has_next(const struct device_link *l)
{
	return l->address + 1u < l->all->conf->device_count;
}

bool device_link_next_address(struct device_link *l)
{
	if (++l->address < l->all->conf->device_count)
		return true;
	l->address = 0;
	return false;
}

bool device_link_connected(struct device_link *l)
{
	struct device_links *all = l->all;

	if (all->check_self_connect && sock_self_connected(l->io.fd))
		return false;
	all->check_self_connect = false;
	l->phase = LINK_OPEN;
	l->io.hung_up = false; /* some kernels say so of what connects */
	return true;
}

enum cause device_link_cause(int err)
{
	switch (-err) {
	case ECONNREFUSED:
	case ENOENT: /* a Unix socket that is not there */
		return CAUSE_CONNECT_REFUSED;
	case ETIMEDOUT:
		return CAUSE_CONNECT_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return CAUSE_CONNECT_RESET;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return CAUSE_NO_PORT;
	case EMFILE:
	case ENFILE:
		return CAUSE_NO_DESCRIPTOR;
	case ENOBUFS:
	case ENOMEM:
		return CAUSE_NO_MEMORY;
	default:
		return CAUSE_UNREACHABLE;
	}
}

/* EAGAIN is a Unix listener whose backlog is full. */
bool device_link_is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS ||
	       err == -ENOMEM || err == -EADDRNOTAVAIL || err == -EAGAIN;
}

bool device_link_ended_silent(const struct device_link *l)
{
	char byte;
	ssize_t said = sock_peek(l->io.fd, &byte, 1);

	return said <= 0 && said != -EAGAIN;
}

static void close_link(
    struct device_link *l, bool reset, enum device_link_end end)
{
	struct device_links *all = l->all;

	BUG_ON(l->phase == LINK_CLOSED);
	l->phase = LINK_CLOSED;
	if (reset && l->io.fd >= 0)
		sock_set_reset(l->io.fd);
	ev_io_close(all->loop, &l->io);
	list_remove(&l->link);
	all->on_closed(all->arg, l, end);
	list_append(&all->spare, &l->link);
}

/* An attempt given up in SYN-SENT sends nothing: the device may answer it
 * later. Between two attempts there is nothing to give up. */
void device_link_abort(struct device_link *l, bool fin_seen)
{
	bool reset = l->all->abort == DEVICE_ABORT_RST;
	bool connecting = l->io.fd >= 0 && (l->phase == LINK_CONNECTING ||
					       l->phase == LINK_ABANDONED);
	bool unfinished = !reset && !fin_seen && l->io.fd >= 0;
	bool cut = l->slot.is_stream && l->phase == LINK_OPEN && !fin_seen &&
		   !l->io.hung_up;

	close_link(l, reset,
	    connecting || unfinished ? LINK_END_MAY_LIVE
	    : cut		     ? LINK_END_CUT
				     : LINK_END_DONE);
}

void device_link_reset(struct device_link *l)
{
	close_link(l, true, LINK_END_DONE);
}

/* The ending are in the order of their deadlines. */
static void go_by_itself(
    struct device_link *l, enum device_link_phase phase, int64_t deadline_ms)
{
	struct device_links *all = l->all;
	struct list *before = all->ending.prev;

	l->phase = (uint8_t)phase;
	l->deadline_ms = deadline_ms;
	l->io.on_io = on_own_io;
	list_remove(&l->link);
	while (before != &all->ending &&
	       link_at(before)->deadline_ms > deadline_ms)
		before = before->prev;
	list_append(before->next, &l->link);
	if (all->ending.next == &l->link)
		ev_timer_set(all->loop, &all->deadline, deadline_ms);
}

/* It has sent its FIN. Our own may be out, counts as one byte until it is
 * acknowledged, and waits behind what the device has not taken. */
static void on_device_fin(struct device_link *l)
{
	if (!l->long_request || sock_unacked(l->io.fd) <= 1)
		close_link(l, false, LINK_END_DONE);
	else if (l->is_http)
		device_link_abort(l, false);
	else
		close_link(l, false, LINK_END_MAY_LIVE);
}

void device_link_end(struct device_link *l, bool fin_seen, bool at_once)
{
	struct device_links *all = l->all;

	if (fin_seen) {
		on_device_fin(l);
		return;
	}
	if (at_once || l->io.hung_up || sock_shut_write(l->io.fd) < 0) {
		device_link_abort(l, false);
		return;
	}
	go_by_itself(l, LINK_ENDING, ev_now(all->loop) + ENDING_MS);
	ev_io_want(all->loop, &l->io, EV_IN | EV_RDHUP);
}

void device_link_abandon(struct device_link *l, int64_t deadline_ms)
{
	go_by_itself(l, LINK_ABANDONED, deadline_ms);
	ev_io_want(l->all->loop, &l->io, EV_OUT);
}

/* Whatever the device still says is dropped; only its end matters. */
static void read_on(struct device_link *l)
{
	struct device_links *all = l->all;
	ssize_t n = sock_recv(l->io.fd, all->scratch, all->scratch_bytes);

	if (n == 0)
		on_device_fin(l);
	else if (n < 0 && n != -EAGAIN)
		close_link(l, false, LINK_END_DONE);
}

/* The connect that nobody wanted any more has come to something. */
static void on_answered(struct device_link *l)
{
	if (sock_error(l->io.fd) < 0) {
		close_link(l, false, LINK_END_DONE);
		return;
	}
	l->phase = LINK_OPEN;
	device_link_abort(l, false);
}

/* Of a link that lives by itself. */
static void on_own_io(
    struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	struct device_link *l = device_link_of(io);

	(void)loop;
	(void)events;
	if (l->phase == LINK_ENDING)
		read_on(l);
	else
		on_answered(l);
}

static void on_deadline(struct ev_loop *loop, struct ev_timer *t)
{
	struct device_links *all =
	    container_of(t, struct device_links, deadline);
	struct device_link *l;

	while (!list_empty(&all->ending)) {
		l = link_at(all->ending.next);
		if (l->deadline_ms > ev_now(loop)) {
			ev_timer_set(loop, t, l->deadline_ms);
			return;
		}
		device_link_abort(l, false);
	}
}
