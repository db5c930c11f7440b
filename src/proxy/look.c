/*
 * look.c: walks along the connections.
 */
#include "proxy/look.h"

#include <string.h>

#include "proxy/proxy.h"

enum { STEPS_MAX = 4096 };

/* By the letters of their states: first those with a slot, at most so many,
 * then who waits, then others. */
static const struct {
	const char *letters;
	uint32_t until;
} walks[] = {
    {"SDR", STATS_CLIENTS / 2}, {"Q", STATS_CLIENTS}, {"GL", STATS_CLIENTS}};

static int64_t since_ms(const struct conn *c)
{
	const struct protection *p = c->prot;
	int64_t at_ms = !p			 ? 0
			: c->state == CONN_QUEUE ? p->passed_ms
						 : p->slot_ms;

	return at_ms > 0 ? at_ms : c->opened_ms;
}

/* In order of arrival. */
static void walk(struct proxy *px, const char *letters, uint32_t until)
{
	struct stats_block *s = px->stats;
	const struct list *at = px->live.next;

	for (size_t i = 0; i < STEPS_MAX && at != &px->live; i++) {
		const struct conn *c = container_of(at, struct conn, link);
		char letter = conn_state_letter((enum conn_state)c->state);

		at = at->next;
		if (!strchr(letters, letter))
			continue;
		if (s->client_count == until)
			return;
		s->clients[s->client_count++] = (struct stats_client){
		    .peer = c->peer,
		    .state = letter,
		    .since_ms = since_ms(c),
		    .opened_ms = c->opened_ms,
		    .in_bytes = direction_read_bytes(&c->relay.to_device),
		    .out_bytes = direction_read_bytes(&c->relay.to_client),
		};
	}
}

void look_at_clients(struct proxy *px, uint32_t number)
{
	px->stats->client_count = 0;
	for (size_t i = 0; i < sizeof(walks) / sizeof(*walks); i++)
		walk(px, walks[i].letters, walks[i].until);
	px->stats->looked = number;
}

static bool is_of(const struct conn *c, const struct peer *client)
{
	return c->peer.family == client->family &&
	       memcmp(c->peer.ip, client->ip, sizeof(client->ip)) == 0 &&
	       (client->port == 0 || c->peer.port == client->port);
}

void look_end_client(struct proxy *px, const struct peer *client)
{
	struct list *at, *next;

	for (at = px->live.next; at != &px->live; at = next) {
		struct conn *c = container_of(at, struct conn, link);

		next = at->next;
		if (is_of(c, client))
			conn_close(c, CAUSE_FORCED);
	}
}
