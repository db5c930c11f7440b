/*
 * conns.c: who is connected, one line each: those with a slot first, then who
 * waits, then others.
 */
#include <inttypes.h>

#include "keeper/status.h"

/* Those of workers that drain are not told apart, nor more than there is room
 * for. */
static uint32_t count_unseen(const struct stats_block *s)
{
	return s->live > s->client_count ? s->live - s->client_count : 0;
}

static const char *state_word(char letter)
{
	switch (letter) {
	case 'G':
		return "gate";
	case 'Q':
		return "queue";
	case 'S':
		return "shared";
	case 'D':
		return "connect";
	case 'R':
		return "relay";
	default:
		return "closing";
	}
}

/* Blanks, up to `column` of what began at `from`. */
static void pad(struct text *t, size_t from, size_t column)
{
	size_t had = t->len - from;

	text_printf(t, "%*s", had < column ? (int)(column - had) : 1, "");
}

static void put_line(
    const struct status_facts *f, struct text *t, const struct stats_client *c)
{
	char client[ADDR_TEXT_MAX];
	size_t from = t->len;

	text_printf(t, "%s", peer_print(&c->peer, client));
	pad(t, from, 22);
	text_printf(t, "%s", state_word(c->state));
	pad(t, from, 31);
	status_put_span(t, f->now_ms - c->since_ms);
	pad(t, from, 44);
	status_put_span(t, f->now_ms - c->opened_ms);
	pad(t, from, 57);
	text_printf(
	    t, "%10" PRIu64 " %10" PRIu64 "\n", c->in_bytes, c->out_bytes);
}

void conns_text(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;

	text_printf(t, "%-22s%-9s%-13s%-13s%10s %10s\n", "client", "state",
	    "for", "connected", "bytes in", "bytes out");
	for (uint32_t i = 0; i < s->client_count && i < STATS_CLIENTS; i++)
		put_line(f, t, &s->clients[i]);
	if (count_unseen(s) > 0)
		text_printf(t, "and %u more\n", count_unseen(s));
}

void conns_json(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	char client[ADDR_TEXT_MAX];

	text_printf(t, "{\"conns\":[");
	for (uint32_t i = 0; i < s->client_count && i < STATS_CLIENTS; i++) {
		const struct stats_client *c = &s->clients[i];

		text_printf(t,
		    "%s{\"client\":\"%s\",\"state\":\"%s\",\"for_ms\":%" PRId64
		    ",\"connected_ms\":%" PRId64 ",\"in_bytes\":%" PRIu64
		    ",\"out_bytes\":%" PRIu64 "}",
		    i > 0 ? "," : "", peer_print(&c->peer, client),
		    state_word(c->state), f->now_ms - c->since_ms,
		    f->now_ms - c->opened_ms, c->in_bytes, c->out_bytes);
	}
	text_printf(t, "],\"more\":%u}\n", count_unseen(s));
}
