/*
 * sock.c: system calls on sockets. Options that merely help (NODELAY,
 * keepalive, linger) have no result: a socket that refuses them still works,
 * and one that died meanwhile says so at the next read.
 */
#include "sys/sock.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bug.h"

enum {
	BACKLOG = 4096,
	KEEPALIVE_PROBES = 3,
};

SELDOM static void set_int(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int bind_listen(int fd, const struct addr *a)
{
	return bind(fd, &a->u.sa, a->len) < 0 || listen(fd, BACKLOG) < 0
		   ? -errno
		   : 0;
}

int sock_listen(
    const struct addr *a, const struct sock_listen_opts *opts, int *out_fd)
{
	int family = a->u.sa.sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX) {
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1);
		sock_set_nodelay(fd);
		sock_set_keepalive(fd, opts->keepalive_ms);
	}
	if (family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY,
		    !IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr));
	if (opts->sndbuf_bytes > 0)
		set_int(fd, SOL_SOCKET, SO_SNDBUF, (int)opts->sndbuf_bytes);
	err = family == AF_UNIX ? sock_path_listen(fd, a, BACKLOG, &opts->path)
				: bind_listen(fd, a);
	if (err < 0) {
		close(fd);
		return err;
	}
	*out_fd = fd;
	return 0;
}

int sock_local_addr(int fd, struct addr *out)
{
	struct addr a = {.len = sizeof(a.u)};

	if (getsockname(fd, &a.u.sa, &a.len) < 0)
		return -errno;
	*out = a;
	return 0;
}

int sock_accept(int listen_fd, int *out_fd, struct peer *out_peer)
{
	struct addr a;
	int fd;

	a.len = sizeof(a.u);
	do
		fd = accept4(
		    listen_fd, &a.u.sa, &a.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	*out_fd = fd;
	*out_peer = addr_to_peer(&a);
	return 0;
}

int sock_open(int family, const struct addr *source, int *out_fd)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (source->len > 0 && family == source->u.sa.sa_family) {
		set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		if (bind(fd, &source->u.sa, source->len) < 0) {
			err = -errno;
			close(fd);
			return err;
		}
	}
	*out_fd = fd;
	return 0;
}

/* EINTR means that the attempt goes on (connect(2)): asking again would be a
 * second connect. */
int sock_check_local(const struct addr *a)
{
	int fd = -1, err = sock_open(a->u.sa.sa_family, a, &fd);

	if (err == 0)
		close(fd);
	return err;
}

int sock_connect(int fd, const struct addr *a)
{
	if (connect(fd, &a->u.sa, a->len) == 0)
		return 0;
	return errno == EINTR ? -EINPROGRESS : -errno;
}

SELDOM bool sock_self_connected(int fd)
{
	struct addr local = {0}, remote = {.len = sizeof(remote.u)};

	if (sock_local_addr(fd, &local) < 0 ||
	    getpeername(fd, &remote.u.sa, &remote.len) < 0)
		return false;
	return local.u.sa.sa_family != AF_UNIX && addr_equal(&local, &remote);
}

/* After a call that has failed. */
SELDOM static ssize_t receive_again(int fd, void *buf, size_t len, int flags)
{
	ssize_t n = -1;

	while (n < 0 && errno == EINTR)
		n = recv(fd, buf, len, flags);
	return n < 0 ? -errno : n;
}

static inline ssize_t receive(int fd, void *buf, size_t len, int flags)
{
	ssize_t n = recv(fd, buf, len, flags);

	return n >= 0 ? n : receive_again(fd, buf, len, flags);
}

ssize_t sock_recv(int fd, void *buf, size_t len)
{
	return receive(fd, buf, len, 0);
}

SELDOM ssize_t sock_peek(int fd, void *buf, size_t len)
{
	return receive(fd, buf, len, MSG_PEEK);
}

/* By reading: MSG_TRUNC would do for TCP, but not for Unix sockets. */
SELDOM void sock_skip(int fd, size_t len)
{
	char unseen[4096];
	ssize_t n;

	while (len > 0) {
		n = receive(
		    fd, unseen, len < sizeof(unseen) ? len : sizeof(unseen), 0);
		if (n <= 0)
			return;
		len -= (size_t)n;
	}
}

SELDOM static ssize_t transmit_again(
    int fd, const void *buf, size_t len, int flags)
{
	ssize_t n = -1;

	while (n < 0 && errno == EINTR)
		n = send(fd, buf, len, flags);
	return n < 0 ? -errno : n;
}

static inline ssize_t transmit(int fd, const void *buf, size_t len, int flags)
{
	ssize_t n = send(fd, buf, len, MSG_NOSIGNAL | flags);

	return n >= 0 ? n : transmit_again(fd, buf, len, MSG_NOSIGNAL | flags);
}

ssize_t sock_send(int fd, const void *buf, size_t len)
{
	return transmit(fd, buf, len, 0);
}

ssize_t sock_send_more(int fd, const void *buf, size_t len)
{
	return transmit(fd, buf, len, MSG_MORE);
}

static ssize_t transmit_vector(int fd, struct iovec *iov, int count, int flags)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)count};
	ssize_t n;

	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t sock_sendv(int fd, struct iovec *iov, int count)
{
	return transmit_vector(fd, iov, count, 0);
}

ssize_t sock_sendv_more(int fd, struct iovec *iov, int count)
{
	return transmit_vector(fd, iov, count, MSG_MORE);
}

int sock_shut_write(int fd)
{
	return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

SELDOM int sock_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

SELDOM void sock_set_reset(int fd)
{
	struct linger l = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

SELDOM size_t sock_unacked(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) < 0 || bytes < 0 ? 0 : (size_t)bytes;
}

SELDOM int64_t sock_last_ack_ms(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return -errno;
	return info.tcpi_last_ack_recv;
}

void sock_set_nodelay(int fd)
{
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void sock_set_quickack(int fd)
{
	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
}

void sock_set_oobinline(int fd)
{
	set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1);
}

SELDOM void sock_set_keepalive(int fd, int64_t keepalive_ms)
{
	int idle_s = (int)((keepalive_ms + 999) / 1000);
	int probe_s = (idle_s + KEEPALIVE_PROBES - 1) / KEEPALIVE_PROBES;

	if (keepalive_ms <= 0)
		return;
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, probe_s);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

void sock_set_user_timeout(int fd, int64_t user_timeout_ms)
{
	if (user_timeout_ms > 0)
		set_int(
		    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)user_timeout_ms);
}
