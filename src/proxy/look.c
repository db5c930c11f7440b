/*
 * look.c: two walks along the connections, each with an end.
 */
#include "proxy/look.h"

#include "proxy/proxy.h"

enum { STEPS_MAX = 4096, HOLDERS_MAX = STATS_CLIENTS / 2 };

static int64_t since_ms(const struct conn *c, bool waits)
{
	const struct protection *p = c->prot;
	int64_t at_ms = !p ? 0 : waits ? p->passed_ms : p->slot_ms;

	return at_ms > 0 ? at_ms : c->opened_ms;
}

static bool is_wanted(const struct conn *c, bool waits)
{
	if (waits)
		return c->state == CONN_QUEUE;
	return c->state == CONN_SHARED || c->state == CONN_CONNECT ||
	       c->state == CONN_RELAY;
}

/* In order of arrival. */
static void walk(struct proxy *px, bool waits)
{
	struct stats_block *s = px->stats;
	const struct list *at = px->live.next;

	for (size_t i = 0; i < STEPS_MAX && at != &px->live; i++) {
		const struct conn *c = container_of(at, struct conn, link);

		at = at->next;
		if (!is_wanted(c, waits))
			continue;
		if (s->client_count == (waits ? STATS_CLIENTS : HOLDERS_MAX))
			return;
		s->clients[s->client_count++] =
		    (struct stats_client){c->peer, waits, since_ms(c, waits)};
	}
}

void look_at_clients(struct proxy *px, uint32_t number)
{
	px->stats->client_count = 0;
	walk(px, false);
	walk(px, true);
	px->stats->looked = number;
}
