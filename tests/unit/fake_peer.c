/*
 * fake_peer.c: one way for sockets to behave: a model of Linux, with windows,
 * acknowledgements and connects that take their time.
 *
 * It follows tcp_fin, tcp_reset, tcp_poll, tcp_recvmsg, tcp_sendmsg and
 * tcp_close: queued bytes first, then the FIN, then an error that is told
 * once, to whichever call meets it. A reset after a FIN is EPIPE and never
 * told by recv.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "fake_impl.h"

bool fake_auto_ack;

/* ---- the peers ---- */

void fake_connect_done(void)
{
	struct fake_socket *s = fake_towards(FAKE_DEVICE);

	if (s && s->state == FAKE_CONNECTING)
		s->state = FAKE_UP;
}

bool fake_connect_refuse(void)
{
	struct fake_socket *s = fake_towards(FAKE_DEVICE);

	if (!s || s->state != FAKE_CONNECTING)
		return false;
	s->state = FAKE_DEAD;
	s->err = ECONNREFUSED;
	return true;
}

void fake_send(enum fake_side side, size_t bytes)
{
	struct fake_socket *s = fake_towards(side);

	if (!s || s->state != FAKE_UP || s->fin_in)
		return;
	s->queued += bytes;
	fake_peers[side].sent += bytes;
}

void fake_send_fin(enum fake_side side)
{
	struct fake_socket *s = fake_towards(side);

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
	struct fake_socket *s = fake_towards(side);

	if (!s || s->state != FAKE_UP ||
	    (s->fin_in && s->fin_out && !s->last_ack))
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
	struct fake_socket *s = fake_towards(side);

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

/* ---- the proxy's calls ---- */

long fake_input(struct fake_socket *s, size_t most)
{
	long n;

	if (s->queued > 0) {
		n = (long)(most < s->queued ? most : s->queued);
		s->queued -= (size_t)n;
		return n;
	}
	if (s->fin_in)
		return 0;
	if (s->err)
		return -fake_error(s);
	return s->state == FAKE_DEAD ? 0 : -EAGAIN;
}

long fake_output(struct fake_socket *s, size_t most)
{
	if (s->state == FAKE_CONNECTING)
		return -EAGAIN;
	if (s->state == FAKE_DEAD)
		return s->err ? -fake_error(s) : -EPIPE;
	if (s->space == 0)
		return -EAGAIN;
	if (most > s->space)
		most = s->space;
	if (s->space != SIZE_MAX)
		s->space -= most;
	if (!fake_auto_ack)
		s->unacked += most;
	return (long)most;
}

int fake_shut(struct fake_socket *s)
{
	return s->state == FAKE_DEAD ? -ENOTCONN : 0;
}

int fake_error(struct fake_socket *s)
{
	int err = s->err;

	s->err = 0;
	return err;
}

/* Closing over unread input resets as well. */
void fake_close(struct fake_socket *s)
{
	struct fake_peer *peer = &fake_peers[s->side];

	if (s->state != FAKE_UP)
		return;
	if (s->linger_reset) {
		peer->got_rst = true;
		peer->reset_over = s->unacked;
	} else if (s->queued > 0) {
		peer->got_rst = true;
	} else if (!s->fin_out) {
		fake_fin_arrives(s);
	}
}
