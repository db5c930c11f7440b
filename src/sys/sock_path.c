/*
 * sock_path.c: binding to a path, and removing what was bound.
 */
#include "sys/sock_path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns the locked directory, or -errno. */
static int lock_directory(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd, err;

	strcpy(copy, path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			err = -errno;
			close(fd);
			return err;
		}
	return fd;
}

/* 0: a socket that nobody listens on. */
static int check_stale(const struct addr *a)
{
	struct stat st;
	int fd, err;

	if (lstat(a->u.un.sun_path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, &a->u.sa, a->len) < 0 && errno == ECONNREFUSED
		  ? 0
		  : -EADDRINUSE;
	close(fd);
	return err;
}

/* The mode is right from the first moment: bind makes the file with 0777 less
 * the umask (unix(7)). */
static int bind_with_mode(int fd, const struct addr *a, mode_t mode)
{
	mode_t before = umask(0777);
	int err;

	if (mode == 0)
		mode = 0666 & ~before;
	umask(~mode & 0777);
	err = bind(fd, &a->u.sa, a->len) < 0 ? -errno : 0;
	umask(before);
	return err;
}

static int bind_fresh(int fd, const struct addr *a, mode_t mode)
{
	int err = bind_with_mode(fd, a, mode);

	if (err != -EADDRINUSE)
		return err;
	err = check_stale(a);
	if (err < 0)
		return err;
	if (unlink(a->u.un.sun_path) < 0)
		return -errno;
	return bind_with_mode(fd, a, mode);
}

/* The rest, once the name is there. */
static int finish(int fd, const struct addr *a, int backlog,
    const struct sock_path_opts *opts)
{
	if (opts->has_gid && lchown(a->u.un.sun_path, (uid_t)-1, opts->gid) < 0)
		return -errno;
	return listen(fd, backlog) < 0 ? -errno : 0;
}

int sock_path_listen(int fd, const struct addr *a, int backlog,
    const struct sock_path_opts *opts)
{
	int lock = lock_directory(a->u.un.sun_path);
	int err;

	if (lock < 0)
		return lock;
	err = bind_fresh(fd, a, opts->mode);
	if (err == 0) {
		err = finish(fd, a, backlog, opts);
		if (err < 0)
			unlink(a->u.un.sun_path);
	}
	close(lock);
	return err;
}

int sock_path_find(const struct addr *a, struct sock_path *out)
{
	struct stat st;

	if (lstat(a->u.un.sun_path, &st) < 0)
		return -errno;
	*out = (struct sock_path){st.st_dev, st.st_ino};
	return S_ISSOCK(st.st_mode) ? 0 : -ENOTSOCK;
}

void sock_path_remove(const struct addr *a, const struct sock_path *path)
{
	int lock = lock_directory(a->u.un.sun_path);
	struct sock_path now = {0};

	if (lock < 0)
		return;
	if (sock_path_find(a, &now) == 0 && now.device == path->device &&
	    now.inode == path->inode)
		unlink(a->u.un.sun_path);
	close(lock);
}
