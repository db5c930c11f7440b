/*
 * fake_table.c: another way for sockets to behave: the published automaton.
 *
 * It knows neither full queues nor SO_ERROR. Instead of the latter the error
 * is told that a send would meet; the proxy closes a socket it asked so.
 */
#include "fake_table.h"

#include "../../contrib/pollmap/automaton.h"
#include "fake_impl.h"

enum { VERBS = AUTOMATON_EVENTS / 2, ERR_BIT = 0x8 };

struct fake_link fake_links[2];

long fake_link_act(
    struct fake_link *l, int end, enum fake_verb verb, size_t bytes)
{
	int event = end * VERBS + (int)verb;
	long result = automaton[l->state].on[event].result;
	int next = automaton[l->state].on[event].next;

	fake_require(next >= 0, "an act of a closed end");
	l->state = next;
	if (verb == FAKE_SND && result > 0) {
		l->unread[!end] += bytes;
		return (long)bytes;
	}
	if (verb == FAKE_RCV && result > 0) {
		result = (long)l->unread[end];
		l->unread[end] = 0;
	}
	return result;
}

bool fake_link_open(const struct fake_link *l, int end)
{
	return automaton[l->state].mask[end] != AUTOMATON_CLOSED;
}

unsigned int fake_link_mask(const struct fake_link *l, int end)
{
	return automaton[l->state].mask[end];
}

/* The proxy accepted from the client and connected to the device. */
static int proxies_end(enum fake_side side)
{
	return side == FAKE_CLIENT ? FAKE_PASSIVE : FAKE_ACTIVE;
}

long fake_peer_act(enum fake_side side, enum fake_verb verb, size_t bytes)
{
	struct fake_peer *peer = &fake_peers[side];
	long n =
	    fake_link_act(&fake_links[side], !proxies_end(side), verb, bytes);

	if (verb == FAKE_SND && n > 0 && fake_towards(side))
		peer->sent += bytes;
	if (verb == FAKE_SHW || verb == FAKE_CLO)
		peer->sent_fin = true;
	return n;
}

static long act(struct fake_socket *s, enum fake_verb verb, size_t bytes)
{
	return fake_link_act(
	    &fake_links[s->side], proxies_end(s->side), verb, bytes);
}

long fake_input(struct fake_socket *s, size_t most)
{
	fake_require(most >= fake_links[s->side].unread[proxies_end(s->side)],
	    "a read that leaves bytes: the automaton does not know it");
	return act(s, FAKE_RCV, 0);
}

long fake_output(struct fake_socket *s, size_t most)
{
	return act(s, FAKE_SND, most);
}

int fake_shut(struct fake_socket *s)
{
	return (int)act(s, FAKE_SHW, 0);
}

int fake_error(struct fake_socket *s)
{
	struct fake_link l = fake_links[s->side];

	if (!(fake_poll(s) & ERR_BIT))
		return 0;
	return (int)-fake_link_act(&l, proxies_end(s->side), FAKE_SND, 1);
}

void fake_close(struct fake_socket *s)
{
	act(s, s->linger_reset ? FAKE_RST : FAKE_CLO, 0);
}

uint32_t fake_poll(const struct fake_socket *s)
{
	return fake_link_mask(&fake_links[s->side], proxies_end(s->side));
}
