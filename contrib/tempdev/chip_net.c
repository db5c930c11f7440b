/*
 * chip_net.c: the chip's one listening socket, and its orphans.
 *
 * The chip refuses when no slot listens, and so must the kernel: shutdown()
 * on a listening socket makes it answer RST at once, and listen() on the same
 * descriptor opens it again. That keeps the port only if it was bound by
 * number, hence the second bind in net_bind. Meanwhile nothing listens, and
 * another program could take the port; the socket that was bound first holds
 * it (see hold_port).
 *
 * An orphan is a connection the chip has forgotten without telling the peer:
 * unread and unclosed, until the peer's next byte or FIN, which is answered
 * with RST as the chip would.
 *
 * A silent chip (no power, or no cable) answers nothing, not even a SYN. A
 * socket filter that drops every segment does that to any socket, and needs
 * no privilege; it must be on the listening socket before that listens.
 */
#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/bug.h"
#include "chip_impl.h"
#include "sys/sock.h"

enum {
	BACKLOG_NONE = 0,
	BACKLOG_ACCEPT = 4096, /* with an overflow rule of our own */
	SEGMENT_BYTES = 1460,
	DRAIN_BYTES = 1 << 20,
};

static void set_int(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int bind_one(const struct addr *where, int *out_fd)
{
	int fd = socket(where->u.sa.sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, &where->u.sa, where->len) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	*out_fd = fd;
	return 0;
}

/* Accepted connections inherit the chip's segment and buffer sizes. */
static void set_options(int fd)
{
	sock_set_nodelay(fd);
	set_int(fd, IPPROTO_TCP, TCP_MAXSEG, SEGMENT_BYTES);
	set_int(fd, SOL_SOCKET, SO_RCVBUF, CHIP_BUF_BYTES);
}

/*
 * `holder` keeps others off the port for good: it never listens, and without
 * SO_REUSEADDR of its own nobody can bind beside it. SO_REUSEPORT lets the two
 * share, from the first listen() on. It also spares each later listen() the
 * search for a conflict among the port's connections in TIME_WAIT, which
 * after some thousand requests would cost more than the whole reply.
 */
static int hold_port(int holder, int fd)
{
	set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	set_int(holder, SOL_SOCKET, SO_REUSEPORT, 1);
	set_int(holder, SOL_SOCKET, SO_REUSEADDR, 0);
	if (listen(fd, BACKLOG_NONE) < 0)
		return -errno;
	shutdown(fd, SHUT_RD);
	return 0;
}

/* ---- silence ---- */

void net_set_silent(int fd, bool silent)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &drop};

	if (silent)
		(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		    sizeof(program));
	else
		set_int(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

static bool should_be_silent(const struct chip *c)
{
	return c->faults.cut || (c->faults.quiet_off && !c->has_opened);
}

static void update_silence(struct chip *c)
{
	c->is_silent = should_be_silent(c);
	net_set_silent(c->listener.fd, c->is_silent);
	for (int i = 0; i < CHIP_ORPHANS_MAX; i++)
		if (c->orphan[i].io.fd >= 0)
			net_set_silent(c->orphan[i].io.fd, c->is_silent);
	for (unsigned int i = 0; i < c->slots; i++)
		if (c->slot[i].io.fd >= 0)
			slot_update_silence(&c->slot[i]);
}

/* ---- orphans ---- */

void net_reset(int fd)
{
	sock_set_reset(fd);
	close(fd);
}

/* Reads and forgets what came; whether the peer's end was among it. */
static bool drain(int fd)
{
	char bytes[4096];
	size_t left = DRAIN_BYTES;
	ssize_t n = 1;

	while (left > 0 && (n = sock_recv(fd, bytes, sizeof(bytes))) > 0)
		left -= (size_t)n < left ? (size_t)n : left;
	return n == 0;
}

static void orphan_end(struct chip_orphan *o)
{
	net_reset(watch_take(o->chip->poller, &o->io));
	o->chip->counts.orphans--;
}

static void on_orphan_ready(struct watch *w, uint32_t events)
{
	(void)events;
	orphan_end(container_of(w, struct chip_orphan, io));
}

void net_abandon(struct chip *c, int fd)
{
	struct chip_orphan *o = &c->orphan[c->next_orphan];
	bool ended;

	c->next_orphan = (c->next_orphan + 1) % CHIP_ORPHANS_MAX;
	if (o->io.fd >= 0)
		orphan_end(o);
	/* What came so far was acknowledged; only what comes next counts. */
	ended = drain(fd);
	net_set_silent(fd, c->is_silent);
	o->io.fd = fd;
	c->counts.orphans++;
	watch_set(
	    c->poller, &o->io, ended ? 0 : EPOLLIN | EPOLLRDHUP | EPOLLET);
}

/* ---- the listener ---- */

static struct chip_slot *lowest_listening(struct chip *c)
{
	for (unsigned int i = 0; i < c->slots; i++)
		if (c->slot[i].sr == CHIP_LISTEN)
			return &c->slot[i];
	return NULL;
}

static struct chip_slot *oldest_active(struct chip *c)
{
	struct chip_slot *oldest = NULL;

	for (unsigned int i = 0; i < c->slots; i++) {
		struct chip_slot *s = &c->slot[i];

		if (chip_is_active(s->sr) &&
		    (oldest == NULL || s->number < oldest->number))
			oldest = s;
	}
	return oldest;
}

static void stop_listening(struct chip *c)
{
	c->is_listening = false;
	watch_stop(c->poller, &c->listener);
	shutdown(c->listener.fd, SHUT_RD);
}

static void start_listening(struct chip *c, int backlog)
{
	if (listen(c->listener.fd, backlog) < 0) {
		fprintf(stderr, "tempdev: cannot listen again: %s\n",
		    strerror(errno));
		exit(EX_OSERR);
	}
	c->is_listening = true;
	watch_set(c->poller, &c->listener, EPOLLIN);
}

void net_update(struct chip *c)
{
	bool refuse = c->faults.overflow == CHIP_REFUSE;
	bool wanted = c->powered && (!refuse || lowest_listening(c) != NULL);

	if (c->is_silent != should_be_silent(c))
		update_silence(c);
	/* Only a listening socket can drop a SYN. */
	wanted = wanted || c->is_silent;

	if (wanted && !c->is_listening)
		start_listening(c, refuse ? BACKLOG_NONE : BACKLOG_ACCEPT);
	else if (!wanted && c->is_listening)
		stop_listening(c);
}

/* Which slot takes a connection; NULL: none, it is reset. */
static struct chip_slot *slot_for_connection(struct chip *c)
{
	struct chip_slot *s = lowest_listening(c);

	if (s != NULL || c->faults.overflow != CHIP_EVICT_OLDEST)
		return s;
	s = oldest_active(c);
	if (s != NULL)
		slot_reset(s, "evicted");
	return s;
}

static void on_connection(struct watch *w, uint32_t events)
{
	struct chip *c = container_of(w, struct chip, listener);
	struct chip_slot *s;
	struct peer peer;
	int fd;

	(void)events;
	if (sock_accept(w->fd, &fd, &peer) < 0)
		return;
	/* What was sent before this SYN came before it, an end included,
	 * whatever the order in which epoll reports them. */
	for (unsigned int i = 0; i < c->slots; i++)
		slot_receive(&c->slot[i]);
	s = slot_for_connection(c);
	if (s == NULL) {
		c->counts.refused++;
		net_reset(fd);
		return;
	}
	/* Whoever stands behind this one in the kernel is refused first. */
	if (c->faults.overflow == CHIP_REFUSE)
		stop_listening(c);
	slot_connect(s, fd, &peer);
	net_update(c);
}

int net_bind(struct chip *c, const struct addr *where)
{
	struct addr bound;
	int fd, err;

	watch_init(&c->listener, on_connection);
	for (int i = 0; i < CHIP_ORPHANS_MAX; i++) {
		watch_init(&c->orphan[i].io, on_orphan_ready);
		c->orphan[i].chip = c;
	}
	err = bind_one(where, &c->port_fd);
	if (err < 0)
		return err;
	err = sock_local_addr(c->port_fd, &bound);
	if (err == 0)
		err = bind_one(&bound, &fd);
	if (err < 0)
		return err;
	c->listener.fd = fd;
	set_options(fd);
	return hold_port(c->port_fd, fd);
}

int chip_address(const struct chip *c, struct addr *out)
{
	return sock_local_addr(c->listener.fd, out);
}

void net_fini(struct chip *c)
{
	for (int i = 0; i < CHIP_ORPHANS_MAX; i++)
		watch_close(c->poller, &c->orphan[i].io);
	watch_close(c->poller, &c->listener);
	close(c->port_fd);
}
