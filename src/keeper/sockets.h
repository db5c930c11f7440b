/*
 * sockets.h: the listening sockets: bound by the keeper, or handed to it, and
 * outliving workers.
 */
#ifndef KEEPER_SOCKETS_H
#define KEEPER_SOCKETS_H

#include <stddef.h>

#include "base/addr.h"
#include "settings/conf.h"
#include "sys/sock_path.h"

struct listen_socket {
	int fd;
	struct addr wanted;    /* as it was set */
	struct addr bound;     /* what the kernel really bound */
	struct sock_path path; /* of a Unix socket that is ours to remove */
};

struct sockets {
	struct listen_socket at[LISTEN_MAX];
	size_t count;
};

/* Sockets that were there before, from the service manager or from the keeper
 * that this one replaces; who takes one sets its fd to -1. */
struct passed_socket {
	int fd;
	const char *name; /* "": it has none */
};

struct passed_sockets {
	struct passed_socket at[2 * LISTEN_MAX];
	size_t count;
};

/*
 * One socket for each `listen` of `conf`: that of `old` (may be NULL) with the
 * same setting, else one that was passed and has its address or, if none has,
 * is called `name`; else a fresh one. 0, or an exit status after a message on
 * `errors`; then nothing new stays open.
 */
int sockets_open(struct sockets *s, const struct conf *conf,
    const struct sockets *old, struct passed_sockets *passed, FILE *errors);

/* Closes those of `s` that `kept` (may be NULL) does not have, too, and
 * removes the names of Unix sockets. */
void sockets_close(struct sockets *s, const struct sockets *kept);

/* Removes the names only. */
void sockets_remove_names(const struct sockets *s);

/* In a worker: closes the descriptors that `kept` does not have. */
void sockets_drop(const struct sockets *s, const struct sockets *kept);

/* Prints their addresses, with commas between. */
void sockets_print(const struct sockets *s, char *out_text, size_t size);

#endif
