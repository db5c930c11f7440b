/*
 * scene.c: see scene.h. The order of creation is fixed (listener, client,
 * server), so that a fresh process shows the descriptors 3, 4 and 5.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"

enum { BACKLOG = 1000 };

static const char *const family_names[FAMILIES + 1] = {
	[FAMILY_TCP4] = "tcp4",
	[FAMILY_TCP6] = "tcp6",
	[FAMILY_UNIX] = "unix",
	[FAMILY_SOCKETPAIR] = "socketpair",
	[FAMILY_PIPE] = "pipe",
};

const char *family_name(enum family family)
{
	return family_names[family];
}

int family_find(const char *name)
{
	for (int i = 0; i < FAMILIES; i++)
		if (strcmp(name, family_names[i]) == 0)
			return i;
	return -1;
}

static const char side_letters[SIDES] = {
	[SIDE_L] = 'l', [SIDE_C] = 'c', [SIDE_S] = 's'};

char side_letter(enum side side)
{
	return side_letters[side];
}

int side_find(int letter)
{
	for (int i = 0; i < SIDES; i++)
		if (side_letters[i] == letter)
			return i;
	return -1;
}

void scene_set(struct scene *sc, enum side side, int fd)
{
	sc->fd[side] = fd;
	sc->open[side] = fd >= 0;
}

/* Fills in the address to bind: any free port, or any free abstract name. */
static void any_address(struct scene *sc)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&sc->addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sc->addr;

	memset(&sc->addr, 0, sizeof(sc->addr));
	switch (sc->family) {
	case FAMILY_TCP4:
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sc->addr_len = sizeof(*in);
		break;
	case FAMILY_TCP6:
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		sc->addr_len = sizeof(*in6);
		break;
	default:
		sc->addr.ss_family = AF_UNIX;
		sc->addr_len = sizeof(sa_family_t);
	}
}

static int open_listener(struct scene *sc)
{
	const int one = 1;
	int fd;

	any_address(sc);
	fd = socket(sc->addr.ss_family, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	scene_set(sc, SIDE_L, fd);
	if (sc->family != FAMILY_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sc->addr, sc->addr_len) < 0)
		return -1;
	if (listen(fd, BACKLOG) < 0)
		return -1;
	sc->addr_len = sizeof(sc->addr);
	return getsockname(fd, (struct sockaddr *)&sc->addr, &sc->addr_len);
}

/* The families that need no connect. */
static int open_pair(struct scene *sc)
{
	int reader = 0;
	int pair[2];

	if (sc->family == FAMILY_PIPE) {
		if (pipe2(pair, O_NONBLOCK) < 0)
			return -1;
	} else {
		reader = 1;
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			return -1;
	}
	scene_set(sc, SIDE_S, pair[reader]);
	scene_set(sc, SIDE_C, pair[!reader]);
	sc->connected = true;
	return 0;
}

static void close_known(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_side(struct scene *sc, enum side side)
{
	if (sc->open[side])
		close(sc->fd[side]);
	scene_set(sc, side, -1);
	close_known(&sc->dup[side]);
}

static void close_conduit(struct scene *sc)
{
	close_known(&sc->conduit[0]);
	close_known(&sc->conduit[1]);
}

int scene_renew(struct scene *sc)
{
	int fd;

	close_side(sc, SIDE_C);
	close_side(sc, SIDE_S);
	close_conduit(sc);
	if (sc->family == FAMILY_SOCKETPAIR || sc->family == FAMILY_PIPE)
		return open_pair(sc);
	sc->connected = false;
	fd = socket(sc->addr.ss_family, SOCK_STREAM, 0);
	scene_set(sc, SIDE_C, fd);
	return fd < 0 ? -1 : 0;
}

int scene_open(struct scene *sc, enum family family)
{
	bool listens = family != FAMILY_SOCKETPAIR && family != FAMILY_PIPE;
	int err;

	memset(sc, 0, sizeof(*sc));
	for (int i = 0; i < SIDES; i++)
		sc->fd[i] = sc->dup[i] = -1;
	sc->conduit[0] = sc->conduit[1] = sc->epoll = -1;
	sc->family = family;
	if ((listens && open_listener(sc) < 0) || scene_renew(sc) < 0) {
		err = errno;
		scene_close(sc);
		return -err;
	}
	return 0;
}

void scene_close(struct scene *sc)
{
	for (int i = 0; i < SIDES; i++)
		close_side(sc, i);
	close_conduit(sc);
	close_known(&sc->epoll);
}
