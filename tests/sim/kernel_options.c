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

WRAP(int, setsockopt, int fd, int level, int name, const void *value,
    socklen_t len)
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
		f->options.urgent_inline = n != 0;
	if (level == IPPROTO_TCP && name == TCP_NODELAY)
		f->nodelay = n != 0;
	if (level == IPPROTO_TCP && name == TCP_KEEPIDLE)
		f->options.keepalive_us = n * SECOND;
	if (level == IPPROTO_TCP && name == TCP_KEEPINTVL)
		f->options.keepalive_every_us = n * SECOND;
	if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT)
		f->options.user_timeout_us = n * MS;
	if (f->kind == KIND_TCP)
		f->tcp->end[PROXY].options = f->options;
	return 0;
}

WRAP(int, getsockopt, int fd, int level, int name, void *value, socklen_t *len)
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
		       MS);
	memcpy(value, &info, *len < sizeof(info) ? *len : sizeof(info));
	return 0;
}

WRAP(int, ioctl, int fd, unsigned long request, int *value)
{
	struct file *f;

	if (kernel.reaping)
		return 0;
	f = tcp_at(fd, "ioctl");
	world_note(8, 0);
	if (request != SIOCOUTQ)
		return answer(-EINVAL);
	*value = (int)tcp_unacked(f->tcp, PROXY);
	return 0;
}
