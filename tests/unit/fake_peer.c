/*
 * fake_peer.c: what the peers behind the two sockets do, where a real peer
 * could do it.
 */
#include <errno.h>

#include "fake_impl.h"

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
