/*
 * ask.c: a connection for one line, with time limits.
 */
#include "sys/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_S = 2 };

static int open_path(const char *path)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int ask_line(const char *path, const char *line, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;
	int fd = open_path(path);

	if (fd < 0)
		return fd;
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		n = -1;
	while (n > 0 && len + 1 < size) {
		n = recv(fd, out + len, size - 1 - len, 0);
		if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	out[len] = '\0';
	return len > 0 ? 0 : -ETIMEDOUT;
}
