/*
 * kernel_options.c: what a socket is told and asked beside its bytes.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kernel.h"
#include "world.h"

static void set_inline(struct file *f, bool on)
{
	f->urgent_inline = on;
	if (f->kind == KIND_TCP)
		f->tcp->end[PROXY].urgent_inline = on;
}

int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len)
{
	struct file *f;
	int n = 0;

	if (kernel.reaping)
		return 0;
	f = file_at(fd, "setsockopt");

	world_note(6, (uint64_t)name);
	memcpy(&n, value, len < sizeof(n) ? len : sizeof(n));
	if (level == SOL_SOCKET && name == SO_LINGER)
		f->linger_reset = n != 0;
	if (level == SOL_SOCKET && name == SO_OOBINLINE)
		set_inline(f, n != 0);
	if (level != IPPROTO_TCP)
		return 0;
	if (name == TCP_NODELAY)
		f->nodelay = n != 0;
	if (name == TCP_KEEPIDLE)
		f->keepalive_s = n;
	if (name == TCP_KEEPINTVL)
		f->keepalive_every_s = n;
	if (f->kind == KIND_TCP) {
		struct tcp_end *e = &f->tcp->end[PROXY];

		e->keepalive_us = f->keepalive_s * 1000 * US_PER_MS;
		e->keepalive_every_us = f->keepalive_every_s * 1000 * US_PER_MS;
	}
	if (name == TCP_USER_TIMEOUT && f->kind == KIND_TCP)
		f->tcp->end[PROXY].user_timeout_us = (int64_t)n * US_PER_MS;
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct file *f = tcp_at(fd, "getsockopt");
	struct tcp_info info = {0};
	int err;

	world_note(7, (uint64_t)name);
	if (level == SOL_SOCKET && name == SO_ERROR) {
		err = tcp_error(f->tcp, PROXY);
		memcpy(value, &err, sizeof(err));
		return 0;
	}
	info.tcpi_last_ack_recv =
	    (uint32_t)((world.now_us - f->tcp->end[PROXY].out.last_ack_us) /
		       US_PER_MS);
	memcpy(value, &info, *len < sizeof(info) ? *len : sizeof(info));
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, int *value);
int __wrap_ioctl(int fd, unsigned long request, int *value)
{
	struct file *f;

	if (kernel.reaping)
		return 0;
	f = tcp_at(fd, "ioctl");

	world_note(8, 0);
	if (request != SIOCOUTQ)
		return (int)answer(-EINVAL);
	*value = (int)tcp_unacked(f->tcp, PROXY);
	return 0;
}
