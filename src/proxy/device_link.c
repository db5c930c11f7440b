/*
 * device_link.c: attempts and their outcomes.
 */
#include "proxy/device_link.h"

#include <errno.h>
#include <unistd.h>

#include "sys/sock.h"

int dial_start(const struct dial_conf *conf, size_t which, int *out_fd)
{
	const struct addr *a = &conf->device[which];
	int fd, err;

	err = sock_open(a->u.sa.sa_family, &conf->local, &fd);
	if (err < 0)
		return err;
	if (conf->quickack)
		sock_set_quickack(fd);
	sock_set_user_timeout(fd, conf->user_timeout_ms);
	err = sock_connect(fd, a);
	if (err < 0 && err != -EINPROGRESS) {
		close(fd);
		return err;
	}
	*out_fd = fd;
	return 0;
}

enum cause dial_cause(int err)
{
	switch (-err) {
	case ECONNREFUSED:
	case ENOENT: /* a Unix socket that is not there */
		return CAUSE_CONNECT_REFUSED;
	case ETIMEDOUT:
		return CAUSE_CONNECT_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return CAUSE_CONNECT_RESET;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return CAUSE_NO_PORT;
	case EMFILE:
	case ENFILE:
		return CAUSE_NO_DESCRIPTOR;
	case ENOBUFS:
	case ENOMEM:
		return CAUSE_NO_MEMORY;
	default:
		return CAUSE_UNREACHABLE;
	}
}

/* EAGAIN is a Unix listener whose backlog is full. */
bool dial_is_shortage(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOBUFS ||
	    err == -ENOMEM || err == -EADDRNOTAVAIL || err == -EAGAIN;
}
