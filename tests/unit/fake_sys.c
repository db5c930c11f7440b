/*
 * fake_sys.c: the model's calls on sockets; those on pipes: fake_pipe.c.
 *
 * Here calls are judged, peers' accounts kept and sockets made to behave as
 * those of Linux: tcp_fin, tcp_reset, tcp_poll, tcp_recvmsg, tcp_sendmsg and
 * tcp_close. Queued bytes come first, then the FIN, then an error that is told
 * once, to whichever call meets it. A reset after a FIN is EPIPE and never
 * told by recv. Waiting is in fake_epoll.c.
 */
#include "fake_sys.h"

#include <check.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_impl.h"

const char *(*fake_story)(void);
struct fake_peer fake_peers[2];
enum fake_connect fake_connect_mode;
struct fake_calls fake_calls;
bool fake_gave_up;
bool fake_auto_ack;
struct fake_socket fake_sockets[FAKE_SOCKETS];
bool fake_tell;

static const char *const side_name[] = {"client", "device"};

void fake_violation(const char *why)
{
	ck_abort_msg("%s, after %s", why, fake_story ? fake_story() : "");
}

void fake_say(const char *format, ...)
{
	va_list args;

	if (!fake_tell)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
}

long fake_return(long n)
{
	if (n >= 0)
		return n;
	errno = (int)-n;
	return -1;
}

/* The byte at `at` of what `side` sends. */
static unsigned char byte_at(enum fake_side side, size_t at)
{
	return (unsigned char)(at * 7 + (at >> 8) * 13 + side * 101 + 1);
}

/* ---- sockets ---- */

void fake_reset(void)
{
	memset(fake_sockets, 0, sizeof(fake_sockets));
	memset(&fake_calls, 0, sizeof(fake_calls));
	memset(fake_peers, 0, sizeof(fake_peers));
	fake_peers[FAKE_CLIENT].fd = -1;
	fake_peers[FAKE_DEVICE].fd = -1;
	fake_now_ms = 1000000;
	fake_gave_up = false;
	fake_progress();
}

struct fake_socket *fake_socket_at(int fd)
{
	struct fake_socket *s = &fake_sockets[fd - FAKE_FD];

	fake_require(fd >= FAKE_FD && fd < FAKE_PIPE_FD, "not a socket");
	fake_require(s->open, "a call on a closed socket");
	return s;
}

int fake_open(enum fake_side side, enum fake_tcp state)
{
	int i = 0;

	while (fake_sockets[i].open)
		i++;
	fake_require(i < FAKE_SOCKETS - 1, "too many sockets");
	fake_sockets[i] = (struct fake_socket){
	    .open = true,
	    .side = side,
	    .state = state,
	    .space = SIZE_MAX,
	};
	fake_peers[side].fd = FAKE_FD + i;
	return FAKE_FD + i;
}

int fake_accept(void)
{
	int fd = fake_open(FAKE_CLIENT, FAKE_UP);

	/* Inherited from the listener. */
	fake_sockets[fd - FAKE_FD].nodelay = true;
	return fd;
}

struct fake_socket *fake_towards(enum fake_side side)
{
	int fd = fake_peers[side].fd;

	return fd < 0 ? NULL : &fake_sockets[fd - FAKE_FD];
}

uint32_t fake_poll(const struct fake_socket *s)
{
	bool dead = s->state == FAKE_DEAD;
	uint32_t mask = s->err ? (uint32_t)EPOLLERR : 0;

	if (s->state == FAKE_CONNECTING)
		return mask;
	if (dead || (s->fin_in && s->fin_out))
		mask |= EPOLLHUP;
	if (dead || s->fin_in)
		mask |= EPOLLIN | EPOLLRDHUP;
	if (s->queued > 0)
		mask |= EPOLLIN;
	if (dead || s->fin_out || s->space > 0)
		mask |= EPOLLOUT;
	return mask;
}

bool fake_corked(enum fake_side side)
{
	return fake_towards(side)->corked;
}

static int take_error(struct fake_socket *s)
{
	int err = s->err;

	s->err = 0;
	return err;
}

/* ---- what the peers do, where a real peer could do it ---- */

/* The proxy's socket towards `side`, or NULL while it is not so. */
static struct fake_socket *towards(enum fake_side side, enum fake_tcp state)
{
	struct fake_socket *s = fake_towards(side);

	return s && s->state == state ? s : NULL;
}

void fake_connect_done(void)
{
	struct fake_socket *s = towards(FAKE_DEVICE, FAKE_CONNECTING);

	if (s)
		s->state = FAKE_UP;
}

bool fake_connect_refuse(void)
{
	struct fake_socket *s = towards(FAKE_DEVICE, FAKE_CONNECTING);

	if (!s)
		return false;
	s->state = FAKE_DEAD;
	s->err = ECONNREFUSED;
	return true;
}

void fake_send(enum fake_side side, size_t bytes)
{
	struct fake_socket *s = towards(side, FAKE_UP);

	if (!s || s->fin_in)
		return;
	s->queued += bytes;
	fake_peers[side].sent += bytes;
}

void fake_send_fin(enum fake_side side)
{
	struct fake_socket *s = towards(side, FAKE_UP);

	if (!s || s->fin_in)
		return;
	s->fin_in = true;
	s->last_ack = !s->fin_out;
	fake_peers[side].sent_fin = true;
}

/* Once both FINs have passed and ours was first, nothing of the socket is
 * left that a reset could reach. */
void fake_send_rst(enum fake_side side)
{
	struct fake_socket *s = towards(side, FAKE_UP);

	if (!s || (s->fin_in && s->fin_out && !s->last_ack))
		return;
	s->state = FAKE_DEAD;
	s->err = s->fin_in && !s->fin_out ? EPIPE : ECONNRESET;
	fake_peers[side].sent_rst = true;
}

void fake_window(enum fake_side side, size_t bytes)
{
	struct fake_socket *s = fake_towards(side);

	if (s)
		s->space = bytes;
}

void fake_ack(enum fake_side side)
{
	struct fake_socket *s = towards(side, FAKE_UP);

	if (s)
		s->unacked = 0;
}

/* ---- receiving ---- */

/* How many bytes of at most `most` a read takes: more than 0, 0 at the FIN,
 * -errno. */
long fake_take_input(struct fake_socket *s, size_t most)
{
	long n;

	fake_require(s->state != FAKE_CONNECTING, "a read while connecting");
	fake_require(most > 0, "a read of nothing");
	fake_require(!s->end_told, "a read after the end");
	if (s->queued > 0)
		n = (long)(most < s->queued ? most : s->queued);
	else if (s->fin_in)
		n = 0;
	else if (s->err)
		n = -take_error(s);
	else
		n = s->state == FAKE_DEAD ? 0 : -EAGAIN;
	if (n == -EAGAIN)
		return n;
	if (n > 0) {
		s->queued -= (size_t)n;
		fake_peers[s->side].read += (size_t)n;
	}
	s->end_told = n <= 0;
	fake_progress();
	return n;
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	struct fake_socket *s = fake_socket_at(fd);
	struct fake_peer *peer = &fake_peers[s->side];
	size_t at = peer->read;
	unsigned char *bytes = buf;
	long n;

	fake_calls.recv++;
	peer->peeked = 0;
	if ((flags & MSG_PEEK) && s->queued > 0) {
		n = (long)(len < s->queued ? len : s->queued);
		peer->peeked = (size_t)n;
	} else {
		n = fake_take_input(s, len);
	}
	for (long i = 0; i < n; i++)
		bytes[i] = byte_at(s->side, at + (size_t)i);
	fake_say("  recv(%s, %zu) = %ld\n", side_name[s->side], len, n);
	return fake_return(n);
}

/* ---- sending ---- */

/* How many of `most` bytes the socket takes, or -errno. */
long fake_take_output(struct fake_socket *s, size_t most)
{
	fake_require(most > 0, "a send of nothing");
	fake_require(!s->fin_out, "a send after the FIN");
	fake_require(!s->send_failed, "a send after one that failed");
	fake_require(s->sends == 0 || s->nodelay, "a second send waits for "
						  "the first one's ACK");
	if (s->state == FAKE_CONNECTING ||
	    (s->state == FAKE_UP && s->space == 0))
		return -EAGAIN;
	s->sends++;
	fake_progress();
	if (s->state == FAKE_DEAD) {
		s->send_failed = true;
		return s->err ? -take_error(s) : -EPIPE;
	}
	if (most > s->space)
		most = s->space;
	if (s->space != SIZE_MAX)
		s->space -= most;
	if (!fake_auto_ack)
		s->unacked += most;
	return (long)most;
}

void fake_delivered(struct fake_socket *s, size_t at, size_t bytes)
{
	struct fake_peer *peer = &fake_peers[s->side];

	fake_require(at == peer->got, "bytes out of order");
	peer->got += bytes;
	fake_require(peer->got <= fake_peers[!s->side].read +
				      fake_peers[!s->side].peeked,
	    "more bytes than were read");
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct fake_socket *s = fake_socket_at(fd);
	size_t at = fake_peers[s->side].got, len = 0;
	long n;

	fake_calls.send++;
	fake_require(flags & MSG_NOSIGNAL, "a send that may raise SIGPIPE");
	for (size_t i = 0; i < m->msg_iovlen; i++) {
		const unsigned char *bytes = m->msg_iov[i].iov_base;

		for (size_t k = 0; k < m->msg_iov[i].iov_len; k++)
			fake_require(bytes[k] == byte_at(!s->side, at + len++),
			    "a byte was changed, lost or sent twice");
	}
	n = fake_take_output(s, len);
	s->corked = (flags & MSG_MORE) && n > 0;
	if (n > 0)
		fake_delivered(s, at, (size_t)n);
	fake_say("  send(%s, %zu) = %ld\n", side_name[s->side], len, n);
	return fake_return(n);
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	struct iovec iov = {(void *)buf, len};

	return __wrap_sendmsg(
	    fd, &(struct msghdr){.msg_iov = &iov, .msg_iovlen = 1}, flags);
}

/* ---- the rest of a socket's life ---- */

/* The FIN is the last byte: it may go only when the source's FIN came and
 * everything before it has gone. */
static void fin_arrives(struct fake_socket *s)
{
	const struct fake_peer *source = &fake_peers[!s->side];
	struct fake_peer *peer = &fake_peers[s->side];

	peer->got_fin = true;
	if (fake_gave_up)
		return;
	fake_require(source->sent_fin, "a FIN that nobody sent");
	fake_require(peer->got == source->sent, "a FIN before the last byte");
}

int __wrap_shutdown(int fd, int how)
{
	struct fake_socket *s = fake_socket_at(fd);

	fake_say("  shutdown(%s)\n", side_name[s->side]);
	fake_require(how == SHUT_WR, "a shutdown of reading");
	fake_require(s->state != FAKE_CONNECTING, "a FIN while connecting");
	fake_require(!s->fin_out, "a second FIN");
	fake_progress();
	if (s->state == FAKE_DEAD)
		return (int)fake_return(-ENOTCONN);
	s->fin_out = true;
	s->corked = false;
	fin_arrives(s);
	return 0;
}

/* Closing over unread input resets as well. */
static void close_socket(struct fake_socket *s)
{
	struct fake_peer *peer = &fake_peers[s->side];

	fake_say("  close(%s)%s\n", side_name[s->side],
	    s->linger_reset ? " by reset" : "");
	if (s->state == FAKE_UP) {
		peer->got_rst |= s->linger_reset || s->queued > 0;
		if (s->linger_reset)
			peer->reset_over = s->unacked;
		else if (s->queued == 0 && !s->fin_out)
			fin_arrives(s);
	}
	s->open = false;
	s->watched = false;
	peer->fd = -1;
	fake_progress();
}

int __real_close(int fd);
int __wrap_close(int fd)
{
	if (fd >= FAKE_PIPE_FD && fd < FAKE_EPOLL_FD)
		fake_close_pipe(fd);
	else if (fd >= FAKE_FD && fd < FAKE_PIPE_FD)
		close_socket(fake_socket_at(fd));
	else if (fd != FAKE_EPOLL_FD)
		return __real_close(fd);
	return 0;
}

int __wrap_socket(int family, int type, int protocol)
{
	(void)family, (void)protocol;
	fake_require(type & SOCK_NONBLOCK, "a socket that would block");
	return fake_open(FAKE_DEVICE, FAKE_CONNECTING);
}

int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
	struct fake_socket *s = fake_socket_at(fd);

	(void)a, (void)len;
	if (fake_connect_mode == FAKE_CONNECT_AT_ONCE)
		s->state = FAKE_UP;
	return (int)fake_return(-EINPROGRESS);
}

int __wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t len)
{
	struct fake_socket *s = fake_socket_at(fd);

	(void)value, (void)len;
	if (level == SOL_SOCKET && name == SO_LINGER)
		s->linger_reset = true;
	if (level == SOL_SOCKET && name == SO_OOBINLINE)
		fake_calls.oobinline++;
	if (level == IPPROTO_TCP && name == TCP_NODELAY) {
		fake_require(!s->nodelay, "NODELAY set twice");
		s->nodelay = true;
	}
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct fake_socket *s = fake_socket_at(fd);
	int err;

	(void)len;
	fake_require(level == SOL_SOCKET && name == SO_ERROR,
	    "an option the model does not know");
	err = take_error(s);
	memcpy(value, &err, sizeof(err));
	if (err != 0)
		fake_progress();
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fake_socket *s = fake_socket_at(fd);
	va_list args;

	fake_require(request == SIOCOUTQ, "a request the model does not know");
	va_start(args, request);
	*va_arg(args, int *) = (int)s->unacked;
	va_end(args);
	return 0;
}

FAKE_ALSO(sendmsg, __sendmsg64);
FAKE_ALSO(setsockopt, __setsockopt64);
FAKE_ALSO(getsockopt, __getsockopt64);
FAKE_ALSO(ioctl, __ioctl_time64);
