/*
 * notify.c: what systemd says in the environment, and what it wants to hear.
 */
#include "sys/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_PASSED_FD = 3 };

/* A variable that is a whole number not below 0; -1 where it is not. */
static int64_t number_of(const char *variable)
{
	const char *text = getenv(variable);
	long long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno != 0 || *end != '\0' ? -1 : value;
}

/* Is it meant for this process? Without the variable: yes, if `default_yes`. */
static bool is_for_us(const char *variable, bool default_yes)
{
	if (!getenv(variable))
		return default_yes;
	return number_of(variable) == getpid();
}

static int64_t watchdog_ms(void)
{
	int64_t us = number_of("WATCHDOG_USEC");

	if (us <= 0 || !is_for_us("WATCHDOG_PID", true))
		return 0;
	return us < 1000 ? 1 : us / 1000;
}

/* A path, or with '@' in front an abstract name. */
static int connect_to(const char *name, int *out_fd)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd, err;

	if ((*name != '/' && *name != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, name, len);
	if (*name == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
	    0) {
		err = -errno;
		close(fd);
		return err;
	}
	*out_fd = fd;
	return 0;
}

int notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int err = 0;

	*n = (struct notify){.fd = -1, .watchdog_ms = watchdog_ms()};
	if (name && *name != '\0') {
		err = connect_to(name, &n->fd);
		if (err == 0)
			strcpy(n->name, name);
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return err;
}

int notify_pass(const struct notify *n)
{
	char us[32];

	if (n->fd < 0)
		return 0;
	snprintf(us, sizeof(us), "%" PRId64, n->watchdog_ms * 1000);
	return setenv("NOTIFY_SOCKET", n->name, 1) < 0 ||
		       (n->watchdog_ms > 0 &&
			   setenv("WATCHDOG_USEC", us, 1) < 0)
		   ? -errno
		   : 0;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

int notify_send(struct notify *n, const char *lines)
{
	ssize_t sent;

	if (n->fd < 0)
		return 0;
	do
		sent = send(
		    n->fd, lines, strlen(lines), MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* The name at `names`, up to a colon; returns what follows it. */
static const char *take_name(const char *names, char out_name[NOTIFY_NAME_MAX])
{
	size_t len = strcspn(names, ":");

	if (len < NOTIFY_NAME_MAX) {
		memcpy(out_name, names, len);
		out_name[len] = '\0';
	}
	return names[len] == ':' ? names + len + 1 : names + len;
}

static int take_socket(int fd, struct notify_socket *out)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	out->fd = fd;
	return 0;
}

static int take_all(struct notify_socket *out_sockets, size_t most)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int64_t count = number_of("LISTEN_FDS");
	int err;

	if (count <= 0 || !is_for_us("LISTEN_PID", false))
		return 0;
	if ((uint64_t)count > most)
		return -E2BIG;
	for (int i = 0; i < (int)count; i++) {
		out_sockets[i] = (struct notify_socket){.fd = -1};
		err = take_socket(FIRST_PASSED_FD + i, &out_sockets[i]);
		if (err < 0)
			return err;
		if (names)
			names = take_name(names, out_sockets[i].name);
	}
	return (int)count;
}

int notify_take_sockets(struct notify_socket *out_sockets, size_t most)
{
	int count = take_all(out_sockets, most);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return count;
}
