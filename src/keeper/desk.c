/*
 * desk.c: accepting, reading, answering, and the end of patience.
 */
#include "keeper/desk.h"

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

static void clear(struct desk *d)
{
	d->fd = -1;
	for (size_t i = 0; i < DESK_PEERS_MAX; i++)
		d->peers[i].fd = -1;
}

int desk_open(struct desk *d, mode_t mode)
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

void desk_adopt(struct desk *d, struct listen_socket *opened)
{
	clear(d);
	d->fd = opened->fd;
	d->path = opened->path;
	opened->fd = -1;
}

static void end_peer(struct desk_peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->later_ms = 0;
}

void desk_drop(struct desk *d)
{
	if (d->fd < 0)
		return;
	for (size_t i = 0; i < DESK_PEERS_MAX; i++)
		end_peer(&d->peers[i]);
	close(d->fd);
	d->fd = -1;
}

void desk_close(struct desk *d)
{
	if (d->fd >= 0 && d->addr.u.sa.sa_family == AF_UNIX)
		sock_path_remove(&d->addr, &d->path);
	desk_drop(d);
}

static struct desk_peer *find_place(struct desk *d)
{
	struct desk_peer *oldest = &d->peers[0];

	for (size_t i = 0; i < d->places; i++) {
		if (d->peers[i].fd < 0)
			return &d->peers[i];
		if (d->peers[i].until_ms < oldest->until_ms)
			oldest = &d->peers[i];
	}
	return d->evicts ? oldest : NULL;
}

static void accept_all(struct desk *d, int64_t now_ms)
{
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t len = sizeof(cred);
	struct desk_peer *p;
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

static void reply(struct desk *d, struct desk_peer *p, int64_t now_ms)
{
	struct text t = {.bytes = reply_bytes, .size = sizeof(reply_bytes)};

	switch (d->answer(d->arg, p, &t)) {
	case DESK_MORE:
		if (p->len == sizeof(p->asked))
			end_peer(p);
		return;
	case DESK_LATER:
		if (p->later_ms == 0)
			p->later_ms = now_ms + LATER_MS;
		return;
	case DESK_ANSWERED:
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
static void read_peer(struct desk *d, struct desk_peer *p, int64_t now_ms)
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

static bool has_place(const struct desk *d)
{
	if (d->evicts)
		return true;
	for (size_t i = 0; i < d->places; i++)
		if (d->peers[i].fd < 0)
			return true;
	return false;
}

void desk_poll(const struct desk *d, struct pollfd out_fds[DESK_FDS])
{
	out_fds[0] =
	    (struct pollfd){.fd = has_place(d) ? d->fd : -1, .events = POLLIN};
	for (size_t i = 0; i < DESK_PEERS_MAX; i++)
		out_fds[1 + i] =
		    (struct pollfd){.fd = d->fd < 0 || d->peers[i].later_ms > 0
					      ? -1
					      : d->peers[i].fd,
			.events = POLLIN};
}

void desk_turn(
    struct desk *d, const struct pollfd fds[DESK_FDS], int64_t now_ms)
{
	for (size_t i = 0; i < DESK_PEERS_MAX; i++)
		if (fds[1 + i].fd >= 0 && fds[1 + i].revents &&
		    d->peers[i].fd >= 0)
			read_peer(d, &d->peers[i], now_ms);
	for (size_t i = 0; i < DESK_PEERS_MAX; i++)
		if (d->peers[i].fd >= 0 && d->peers[i].later_ms > 0)
			reply(d, &d->peers[i], now_ms);
	if (fds[0].fd >= 0 && fds[0].revents && d->fd >= 0)
		accept_all(d, now_ms);
}

int64_t desk_run(struct desk *d, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for (size_t i = 0; d->fd >= 0 && i < d->places; i++) {
		struct desk_peer *p = &d->peers[i];

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
