/*
 * fake_peer.c: the model's sockets as the kernel keeps them, and the peers
 * behind them.
 *
 * What arrives follows Linux's tcp_fin and tcp_reset, what poll says its
 * tcp_poll. A reset after a FIN is EPIPE and never told by recv.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "fake_impl.h"

struct fake_peer fake_peers[2];
enum fake_connect fake_connect_mode;
struct fake_calls fake_calls;
bool fake_gave_up;

struct fake_socket fake_sockets[FAKE_SOCKETS];

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

/* ---- the peers ---- */

int fake_accept(void)
{
	int fd = fake_open(FAKE_CLIENT, FAKE_UP);

	/* Inherited from the listener. */
	fake_sockets[fd - FAKE_FD].nodelay = true;
	return fd;
}

static struct fake_socket *of(enum fake_side side)
{
	int fd = fake_peers[side].fd;

	return fd < 0 ? NULL : &fake_sockets[fd - FAKE_FD];
}

void fake_connect_done(void)
{
	struct fake_socket *s = of(FAKE_DEVICE);

	if (s && s->state == FAKE_CONNECTING)
		s->state = FAKE_UP;
}

bool fake_connect_refuse(void)
{
	struct fake_socket *s = of(FAKE_DEVICE);

	if (!s || s->state != FAKE_CONNECTING)
		return false;
	s->state = FAKE_DEAD;
	s->err = ECONNREFUSED;
	return true;
}

void fake_send(enum fake_side side, size_t bytes)
{
	struct fake_socket *s = of(side);

	if (!s || s->state != FAKE_UP || s->fin_in)
		return;
	s->queued += bytes;
	fake_peers[side].sent += bytes;
}

void fake_send_fin(enum fake_side side)
{
	struct fake_socket *s = of(side);

	if (!s || s->state != FAKE_UP || s->fin_in)
		return;
	s->fin_in = true;
	s->last_ack = !s->fin_out;
	fake_peers[side].sent_fin = true;
}

/* Once both FINs have passed and ours was first, nothing of the socket is
 * left that a reset could reach. */
void fake_send_rst(enum fake_side side)
{
	struct fake_socket *s = of(side);

	if (!s || s->state != FAKE_UP ||
	    (s->fin_in && s->fin_out && !s->last_ack))
		return;
	s->state = FAKE_DEAD;
	s->err = s->fin_in && !s->fin_out ? EPIPE : ECONNRESET;
	fake_peers[side].sent_rst = true;
}

void fake_window(enum fake_side side, size_t bytes)
{
	struct fake_socket *s = of(side);

	if (s)
		s->space = bytes;
}

void fake_ack(enum fake_side side)
{
	struct fake_socket *s = of(side);

	if (s && s->state == FAKE_UP)
		s->unacked = 0;
}

/* ---- what the kernel knows ---- */

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

bool fake_readable(enum fake_side side)
{
	const struct fake_socket *s = of(side);

	return s && !s->end_told && (fake_poll(s) & EPOLLIN);
}

bool fake_writable(enum fake_side side)
{
	const struct fake_socket *s = of(side);

	return s && s->state == FAKE_UP && !s->fin_out && s->space > 0;
}

bool fake_hung_up(enum fake_side side)
{
	const struct fake_socket *s = of(side);

	return s && (fake_poll(s) & (EPOLLHUP | EPOLLERR));
}

bool fake_watched(enum fake_side side, uint32_t *out_mask)
{
	const struct fake_socket *s = of(side);

	*out_mask = s ? s->mask : 0;
	return s && s->watched;
}
