/*
 * scene.h: the sockets a probe acts on: a listener, a client, a server.
 *
 * A scene is opened with its listener listening and its client created but
 * not connected, except in the families that are born connected (socketpair,
 * pipe), where there is no listener. A closed side keeps its number, so that
 * what a program would see through a stale descriptor can be shown too.
 */
#ifndef DEBUG_SCENE_H
#define DEBUG_SCENE_H

#include <stdbool.h>
#include <sys/socket.h>

enum side { SIDE_L, SIDE_C, SIDE_S, SIDES };

enum family {
	FAMILY_TCP4,
	FAMILY_TCP6,
	FAMILY_UNIX,
	FAMILY_SOCKETPAIR,
	FAMILY_PIPE,   /* c writes, s reads */
	FAMILIES
};

struct scene {
	enum family family;
	int fd[SIDES];     /* -1: not there yet */
	bool open[SIDES];
	int dup[SIDES];    /* a second descriptor of the same socket, or -1 */
	int conduit[2];    /* the pipe that splicing goes through, or -1 */
	int epoll;         /* the persistent epoll set, or -1 */
	bool connected;    /* a connect was tried, or none is needed */
	struct sockaddr_storage addr; /* where the listener is */
	socklen_t addr_len;
};

/* Opens a scene. 0, or -errno with nothing left open. */
int scene_open(struct scene *sc, enum family family);
void scene_close(struct scene *sc);

/* Closes client and server and makes a new client (or pair), as at the start;
 * the listener stays. 0, or -1 with errno set. */
int scene_renew(struct scene *sc);

/* Makes `fd` the descriptor of `side`. */
void scene_set(struct scene *sc, enum side side, int fd);

/* "tcp4" and its like, or NULL past the last; -1 for an unknown name. */
const char *family_name(enum family family);
int family_find(const char *name);

/* 'l', 'c' or 's'; and back, -1 for any other. */
char side_letter(enum side side);
int side_find(int letter);

#endif
