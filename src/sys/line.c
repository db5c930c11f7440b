/*
 * line.c: messages as packets of a socketpair.
 */
#include "sys/line.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int line_open(int out_fds[2])
{
	return socketpair(AF_UNIX,
		   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		   out_fds) < 0
		   ? -errno
		   : 0;
}

int line_send(int fd, const struct line_message *m, int passed_fd)
{
	struct iovec iov = {.iov_base = (void *)m,
	    .iov_len = offsetof(struct line_message, bytes) + m->length};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union control control = {0};
	struct cmsghdr *c;
	ssize_t n;

	if (passed_fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed_fd, sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int line_tell(int fd, enum line_kind kind, uint32_t count)
{
	struct line_message m = {.kind = kind, .count = count};

	return line_send(fd, &m, -1);
}

static int passed_fd(struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

int line_receive(int fd, struct line_message *out, int *out_fd)
{
	struct line_message m;
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof(m)};
	union control control = {0};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control.room),
	};
	ssize_t n;
	int passed;

	m.length = 0;
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	/* Short of memory the message stays, and is read another time. */
	if (n < 0)
		return errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS
			   ? -EAGAIN
			   : -EPIPE;
	passed = passed_fd(&msg);
	if ((size_t)n < offsetof(struct line_message, bytes) ||
	    (size_t)n != offsetof(struct line_message, bytes) + m.length) {
		if (passed >= 0)
			close(passed);
		return -EPIPE;
	}
	*out = m;
	*out_fd = passed;
	return 0;
}
