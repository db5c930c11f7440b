/*
 * pair.c: socket calls, and what they returned.
 */
#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OPEN_TIMEOUT_MS = 10000, BACKLOG = 512 };

/* The driver's own ends must not wait for acknowledgements before a second
 * small send: that would be a clock, not a condition. */
static int send_at_once(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

static void close_with_reset(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static int accept_soon(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};
	int fd;

	if (poll(&p, 1, OPEN_TIMEOUT_MS) != 1)
		return -ETIMEDOUT;
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int pair_open(const struct sockaddr_in *to, int listener, size_t letter_bytes,
    struct pair *out)
{
	struct pair p = {.fd = {-1, -1}, .letter_bytes = letter_bytes};
	int err;

	p.fd[CLIENT] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p.fd[CLIENT] < 0)
		return -errno;
	if (connect(p.fd[CLIENT], (const struct sockaddr *)to, sizeof(*to)) <
	    0) {
		err = -errno;
		goto failed;
	}
	err = p.fd[SERVER] = accept_soon(listener);
	if (err < 0)
		goto failed;
	err = send_at_once(p.fd[CLIENT]);
	if (err == 0)
		err = send_at_once(p.fd[SERVER]);
	if (err < 0)
		goto failed;
	*out = p;
	return 0;
failed:
	pair_drop(&p);
	return err;
}

static char wire[DEPTH_MAX * SEND_LETTERS * LETTER_BYTES_MAX];

/* Three letters that say which send of which side they are. */
static int send_next(struct pair *p, enum side side)
{
	char letter = side == CLIENT ? 'a' : 'A';
	ssize_t n;

	letter = (char)(letter + p->sends[side] * SEND_LETTERS);
	for (size_t i = 0; i < SEND_LETTERS; i++)
		memset(wire + i * p->letter_bytes, letter + (char)i,
		    p->letter_bytes);
	n = send(p->fd[side], wire, SEND_LETTERS * p->letter_bytes,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	p->sends[side]++;
	return (int)((size_t)n / p->letter_bytes);
}

/* A letter whose bytes are not all there, or not all the same, is a '?'. */
static int receive(const struct pair *p, int fd, char *out_bytes, size_t most)
{
	ssize_t n = recv(fd, wire, most * p->letter_bytes, MSG_DONTWAIT);
	size_t len = 0;

	if (n < 0)
		return -errno;
	for (char *at = wire; at < wire + n; at += p->letter_bytes) {
		bool whole = at + p->letter_bytes <= wire + n &&
			     memcmp(at, at + 1, p->letter_bytes - 1) == 0;

		out_bytes[len++] = whole ? *at : '?';
	}
	out_bytes[len] = '\0';
	return (int)len;
}

void pair_act(struct pair *p, const struct action *a, struct outcome *out)
{
	int fd = p->fd[a->side];

	memset(out, 0, sizeof(*out));
	switch ((enum verb)a->verb) {
	case SND:
		out->ret = send_next(p, a->side);
		return;
	case RCV:
		out->ret = receive(p, fd, out->bytes, RECV_LETTERS);
		return;
	case SHW:
		out->ret = shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
		return;
	case CLO:
		close(fd);
		break;
	case RST:
		close_with_reset(fd);
		break;
	case VERBS:
		break;
	}
	p->fd[a->side] = -1;
}

void pair_look(const struct pair *p, short out_mask[SIDES])
{
	struct pollfd fds[SIDES];

	for (int side = 0; side < SIDES; side++)
		fds[side] = (struct pollfd){.fd = p->fd[side],
		    .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
	poll(fds, SIDES, 0);
	for (int side = 0; side < SIDES; side++)
		out_mask[side] = p->fd[side] < 0 ? NO_MASK : fds[side].revents;
}

static void drain(const struct pair *p, int fd, struct outcome *out)
{
	size_t len = 0;

	do {
		out->ret = receive(
		    p, fd, out->bytes + len, sizeof(out->bytes) - 1 - len);
		len = strlen(out->bytes);
	} while (out->ret > 0 && len < sizeof(out->bytes) - 1);
}

void pair_end(const struct pair *p, struct ending out_end[SIDES])
{
	short mask[SIDES];
	socklen_t len = sizeof(int);

	memset(out_end, 0, SIDES * sizeof(*out_end));
	pair_look(p, mask);
	for (int side = 0; side < SIDES; side++) {
		out_end[side].mask = mask[side];
		if (p->fd[side] < 0)
			continue;
		drain(p, p->fd[side], &out_end[side].drain);
		getsockopt(p->fd[side], SOL_SOCKET, SO_ERROR,
		    &out_end[side].so_error, &len);
	}
}

void pair_drop(struct pair *p)
{
	for (int side = 0; side < SIDES; side++) {
		if (p->fd[side] >= 0)
			close_with_reset(p->fd[side]);
		p->fd[side] = -1;
	}
}

int pair_listen(struct sockaddr_in *out_addr)
{
	struct sockaddr_in any = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(*out_addr);
	int fd, err;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 ||
	    listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)out_addr, &len) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}
