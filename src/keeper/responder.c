/*
 * responder.c: accepting, reading, answering, and the end of patience.
 */
#include "keeper/responder.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/status.h"
#include "sys/sock.h"

/* What is to be looked up comes in a moment, or not at all. */
enum { LATER_MS = 300 };

/* One for all: an answer leaves in the call that made it. The kernel takes
 * it whole, since nothing else was sent there. */
static char reply_bytes[STATUS_TEXT_MAX];

static void clear(struct responder *d)
{
	d->fd = -1;
	for (size_t i = 0; i < RESPONDER_PEERS_MAX; i++)
		d->peers[i].fd = -1;
}

int responder_open(struct responder *d, mode_t mode)
{
	const struct sock_listen_opts opts = {
	    .sndbuf_bytes = 2 * STATUS_TEXT_MAX, .path = {.mode = mode}};
	int err;

	clear(d);
	err = sock_listen(&d->addr, &opts, &d->fd);
	if (err < 0) {
		d->fd = -1;
		return err;
	}
	if (d->addr.u.sa.sa_family == AF_UNIX)
		(void)sock_path_find(&d->addr, &d->path);
	else
		(void)sock_local_addr(d->fd, &d->addr);
	return 0;
}

void responder_adopt(struct responder *d, struct listen_socket *opened)
{
	clear(d);
	d->fd = opened->fd;
	d->addr = opened->bound;
	d->path = opened->path;
	opened->fd = -1;
}

static void end_peer(struct responder_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->later_ms = 0;
}

void responder_drop(struct responder *d)
{
	if (d->fd < 0)
		return;
	for (size_t i = 0; i < RESPONDER_PEERS_MAX; i++)
		end_peer(&d->peers[i]);
	close(d->fd);
	d->fd = -1;
}

void responder_close(struct responder *d)
{
	if (d->fd >= 0 && d->addr.u.sa.sa_family == AF_UNIX)
		sock_path_remove(&d->addr, &d->path);
	responder_drop(d);
}

static struct responder_peer *find_place(struct responder *d)
{
	struct responder_peer *oldest = &d->peers[0];

	for (size_t i = 0; i < d->places; i++) {
		if (d->peers[i].fd < 0)
			return &d->peers[i];
		if (d->peers[i].until_ms < oldest->until_ms)
			oldest = &d->peers[i];
	}
	return d->evicts ? oldest : NULL;
}

static void accept_all(struct responder *d, int64_t now_ms)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);
	struct responder_peer *p;
	struct peer from;
	int fd = -1;

	for (size_t i = 0; i < 2 * d->places; i++) {
		p = find_place(d);
		if (!p || sock_accept(d->fd, &fd, &from) < 0)
			return;
		end_peer(p);
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
		p->fd = fd;
		p->until_ms = now_ms + d->patience_ms;
		p->uid = cred.uid;
		p->is_answered = false;
		p->later_ms = 0;
		p->len = 0;
	}
}

static void reply(struct responder *d, struct responder_peer *p, int64_t now_ms)
{
	struct text t = {.bytes = reply_bytes, .size = sizeof(reply_bytes)};

	switch (d->answer(d->arg, p, &t)) {
	case RESPONDER_MORE:
		if (p->len == sizeof(p->asked))
			end_peer(p);
		return;
	case RESPONDER_LATER:
		if (p->later_ms == 0)
			p->later_ms = now_ms + LATER_MS;
		return;
	case RESPONDER_ANSWERED:
		break;
	}
	p->is_answered = true;
	p->later_ms = 0;
	if (sock_send(p->fd, t.bytes, t.len) != (ssize_t)t.len)
		end_peer(p);
	else
		(void)sock_shut_write(p->fd);
}

/* After the answer, what comes is read away, so that its end is seen. */
static void read_peer(
    struct responder *d, struct responder_peer *p, int64_t now_ms)
{
	size_t at = p->is_answered ? 0 : p->len;
	ssize_t n = sock_recv(p->fd, p->asked + at, sizeof(p->asked) - at);

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		end_peer(p);
		return;
	}
	if (p->is_answered)
		return;
	p->len += (size_t)n;
	reply(d, p, now_ms);
}

static bool has_place(const struct responder *d)
{
	if (d->evicts)
		return true;
	for (size_t i = 0; i < d->places; i++)
		if (d->peers[i].fd < 0)
			return true;
	return false;
}

void responder_poll(
    const struct responder *d, struct pollfd out_fds[RESPONDER_FDS])
{
	out_fds[0] =
	    (struct pollfd){.fd = has_place(d) ? d->fd : -1, .events = POLLIN};
	for (size_t i = 0; i < RESPONDER_PEERS_MAX; i++)
		out_fds[1 + i] =
		    (struct pollfd){.fd = d->fd < 0 || d->peers[i].later_ms > 0
					      ? -1
					      : d->peers[i].fd,
			.events = POLLIN};
}

void responder_turn(
    struct responder *d, const struct pollfd fds[RESPONDER_FDS], int64_t now_ms)
{
	for (size_t i = 0; i < RESPONDER_PEERS_MAX; i++)
		if (fds[1 + i].fd >= 0 && fds[1 + i].revents &&
		    d->peers[i].fd >= 0)
			read_peer(d, &d->peers[i], now_ms);
	for (size_t i = 0; i < RESPONDER_PEERS_MAX; i++)
		if (d->peers[i].fd >= 0 && d->peers[i].later_ms > 0)
			reply(d, &d->peers[i], now_ms);
	if (fds[0].fd >= 0 && fds[0].revents && d->fd >= 0)
		accept_all(d, now_ms);
}

int64_t responder_run(struct responder *d, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; d->fd >= 0 && i < d->places; i++) {
		struct responder_peer *p = &d->peers[i];

		if (p->fd >= 0 && now_ms >= p->until_ms)
			end_peer(p);
		if (p->fd >= 0 && p->later_ms > 0 && now_ms >= p->later_ms)
			reply(d, p, now_ms);
		if (p->fd >= 0 && p->until_ms < next_ms)
			next_ms = p->until_ms;
		if (p->fd >= 0 && p->later_ms > 0 && p->later_ms < next_ms)
			next_ms = p->later_ms;
	}
	return next_ms;
}
