/*
 * sock_path.h: the name of a listening Unix socket in the file system.
 *
 * Nothing that is not a socket is ever removed, and no socket that somebody
 * listens on. Who binds or removes holds a lock on the directory meanwhile,
 * so that of two who find the same stale socket one does not take away what
 * the other has just made.
 */
#ifndef SYS_SOCK_PATH_H
#define SYS_SOCK_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/addr.h"

struct sock_path_opts {
	mode_t mode; /* of the name, exactly; 0: 0666 & ~umask */
	bool has_gid;
	gid_t gid; /* if has_gid: its group */
};

/* Which file a name is; all zero: none. */
struct sock_path {
	dev_t device;
	ino_t inode;
};

/*
 * Binds `fd` to the path `a` and listens. A socket there on which nobody
 * listens any more is replaced. 0 or -errno: -EADDRINUSE when somebody listens
 * there, -ENOTSOCK when it is anything but a socket.
 */
int sock_path_listen(int fd, const struct addr *a, int backlog,
    const struct sock_path_opts *opts);

/* What the name `a` is now; for one that was just bound: ours. */
int sock_path_find(const struct addr *a, struct sock_path *out);

/* Removes the name, if it still is the file that `path` was. The socket is
 * closed after that only: while it is open no other file gets its inode. */
void sock_path_remove(const struct addr *a, const struct sock_path *path);

#endif
