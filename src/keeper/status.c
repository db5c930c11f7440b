/*
 * status.c: what all views of the facts have in common.
 */
#include "keeper/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECOND_MS = 1000, MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

/* ---- pieces ---- */

void status_put_span(struct text *t, int64_t ms)
{
	int64_t s = ms / SECOND_MS;

	if (s < MINUTE_S)
		text_printf(t, "%" PRId64 " s", s);
	else if (s < HOUR_S)
		text_printf(t, "%" PRId64 " min %" PRId64 " s", s / MINUTE_S,
		    s % MINUTE_S);
	else if (s < DAY_S)
		text_printf(t, "%" PRId64 " h %" PRId64 " min", s / HOUR_S,
		    s % HOUR_S / MINUTE_S);
	else
		text_printf(t, "%" PRId64 " d %" PRId64 " h", s / DAY_S,
		    s % DAY_S / HOUR_S);
}

void status_put_clock(struct text *t, int64_t at_ms, int64_t wall_ms)
{
	time_t at = at_ms / SECOND_MS, today = wall_ms / SECOND_MS;
	struct tm a, b;

	localtime_r(&at, &a);
	localtime_r(&today, &b);
	if (a.tm_yday != b.tm_yday || a.tm_year != b.tm_year)
		text_printf(t, "%d-%02d-%02d ", a.tm_year + 1900, a.tm_mon + 1,
		    a.tm_mday);
	text_printf(t, "%02d:%02d:%02d", a.tm_hour, a.tm_min, a.tm_sec);
}

const char *status_state_word(uint32_t state)
{
	static const char *const words[] = {
	    [HEALTH_UP] = "up",
	    [HEALTH_SUSPECTED] = "suspected",
	    [HEALTH_DOWN] = "down",
	    [HEALTH_HELD] = "held",
	    [STATUS_STUCK] = "stuck",
	    [STATUS_NO_WORKER] = "no-worker",
	};

	return state < sizeof(words) / sizeof(*words) ? words[state] : "?";
}

const char *status_why(uint32_t why)
{
	static const char *const words[] = {
	    [HEALTH_WHY_START] = "not down so far",
	    [HEALTH_WHY_SERVED] = "it answers",
	    [HEALTH_WHY_RESET] = "it was suspected, and reset the probe",
	    [HEALTH_WHY_SILENT] = "silent after a whole request",
	    [HEALTH_WHY_REFUSED] = "does not accept connections",
	    [HEALTH_WHY_PROBE_SILENT] = "silent, after a probe too",
	    [HEALTH_WHY_PROBE_REFUSED] =
		"does not accept connections, not even a probe's",
	    [HEALTH_WHY_ORDER] = "by order",
	};

	return why < sizeof(words) / sizeof(*words) ? words[why] : "?";
}

int64_t status_percentile_ms(const struct stats_histogram *h, unsigned int pct)
{
	uint64_t count = 0, below = 0;

	for (size_t i = 0; i < STATS_BUCKETS; i++)
		count += h->count[i];
	for (size_t i = 0; i < STATS_BUCKETS; i++) {
		below += h->count[i];
		if (below > 0 && below * 100 >= count * pct)
			return stats_bound_ms(i);
	}
	return -1;
}

/* ---- what has been ---- */

unsigned int status_device_state(const struct stats_block *s)
{
	return s->is_stuck && s->health == HEALTH_DOWN ? STATUS_STUCK
						       : s->health;
}

unsigned int status_state(const struct status_facts *f)
{
	return f->has_worker && !f->is_silent ? status_device_state(&f->sum)
					      : STATUS_NO_WORKER;
}

void status_note(struct status_history *h, unsigned int state,
    enum health_why why, int64_t wall_ms)
{
	const struct status_change *last =
	    &h->at[(h->count - 1) % STATUS_CHANGES_MAX];

	if (h->count > 0 && last->state == state)
		return;
	h->at[h->count++ % STATUS_CHANGES_MAX] = (struct status_change){
	    .wall_ms = wall_ms, .state = (uint8_t)state, .why = (uint8_t)why};
}

static int rank(int state)
{
	static const int ranks[] = {
	    [HEALTH_UP] = 0,
	    [HEALTH_SUSPECTED] = 1,
	    [HEALTH_HELD] = 2,
	    [HEALTH_DOWN] = 3,
	    [STATUS_STUCK] = 4,
	};

	return state < 0 ? -1 : ranks[state];
}

int status_strip(const struct status_facts *f, size_t cell)
{
	const struct status_history *h = f->history;
	int64_t to_ms = f->wall_ms - (int64_t)(STATUS_STRIP_CELLS - 1 - cell) *
					 STATUS_STRIP_CELL_MS;
	int64_t from_ms = to_ms - STATUS_STRIP_CELL_MS;
	size_t i =
	    h->count > STATUS_CHANGES_MAX ? h->count - STATUS_CHANGES_MAX : 0;
	int worst = -1;

	for (; i < h->count; i++) {
		const struct status_change *c = &h->at[i % STATUS_CHANGES_MAX];

		if (c->wall_ms > to_ms)
			break;
		/* What was before the cell counts as far as it goes on. */
		if (c->wall_ms <= from_ms || rank(c->state) > rank(worst))
			worst = c->state;
	}
	return worst;
}

static const struct status_change *change_at(
    const struct status_history *h, size_t ago)
{
	return ago < h->count && ago < STATUS_CHANGES_MAX
		   ? &h->at[(h->count - 1 - ago) % STATUS_CHANGES_MAX]
		   : NULL;
}

static bool is_outage(const struct status_change *c)
{
	return c && (c->state == HEALTH_DOWN || c->state == STATUS_STUCK);
}

bool status_last_outage(const struct status_facts *f, struct status_outage *out)
{
	const struct status_change *c;
	size_t ago = 0;

	if (is_outage(change_at(f->history, 0)))
		return false;
	while ((c = change_at(f->history, ago)) && !is_outage(c))
		ago++;
	if (!c)
		return false;
	/* Down, then perhaps stuck. */
	while (is_outage(change_at(f->history, ago + 1)))
		c = change_at(f->history, ++ago);
	*out = (struct status_outage){.from_ms = c->wall_ms, .why = c->why};
	while (is_outage(c))
		c = change_at(f->history, --ago);
	out->for_ms = c->wall_ms - out->from_ms;
	return true;
}

/* ---- who is there ---- */

static bool same_address(const struct peer *a, const struct peer *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, 16) == 0;
}

static void add_to_groups(
    struct status_group *groups, size_t *count, const struct stats_client *c)
{
	struct status_group *g = groups;

	while (g < groups + *count && !same_address(&g->peer, &c->peer))
		g++;
	if (g == groups + *count) {
		(*count)++;
		*g = (struct status_group){c->peer, 0, c->since_ms};
	}
	g->count++;
	if (c->since_ms < g->since_ms)
		g->since_ms = c->since_ms;
}

static int by_age(const void *a, const void *b)
{
	const struct status_group *x = a, *y = b;

	return (x->since_ms > y->since_ms) - (x->since_ms < y->since_ms);
}

size_t status_groups(const struct status_facts *f, bool waits,
    struct status_group out[STATS_CLIENTS])
{
	const struct stats_block *s = &f->sum;
	size_t count = 0;

	for (uint32_t i = 0; i < s->client_count && i < STATS_CLIENTS; i++)
		if (strchr(waits ? "Q" : "SDR", s->clients[i].state))
			add_to_groups(out, &count, &s->clients[i]);
	qsort(out, count, sizeof(*out), by_age);
	return count;
}

uint32_t status_unseen(const struct status_facts *f)
{
	const struct stats_block *s = &f->sum;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < s->client_count && i < STATS_CLIENTS; i++)
		seen += s->clients[i].state == 'Q';
	return s->queue > seen ? s->queue - seen : 0;
}

void status_put_group(struct text *t, const struct status_group *g)
{
	struct peer p = g->peer;
	char text[ADDR_TEXT_MAX];
	size_t len;

	if (g->count > 1)
		p.port = 0;
	len = strlen(peer_print(&p, text));
	if (g->count > 1 && len > 2 && strcmp(text + len - 2, ":0") == 0)
		len -= 2;
	text_printf(t, "%.*s", (int)len, text);
}

const struct stats_end *status_end(
    const struct status_facts *f, unsigned int ago)
{
	const struct stats_end *found = NULL, *last = NULL;
	uint64_t kept =
	    f->sum.end_count < STATS_ENDS ? f->sum.end_count : STATS_ENDS;

	/* Several blocks were put together: they are not in order. */
	for (unsigned int n = 0; n <= ago; n++, last = found) {
		found = NULL;
		for (const struct stats_end *e = f->sum.ends;
		     e < f->sum.ends + kept; e++)
			if ((!last || e->at_ms < last->at_ms ||
				(e->at_ms == last->at_ms && e < last)) &&
			    (!found || e->at_ms >= found->at_ms))
				found = e;
		if (!found)
			return NULL;
	}
	return found;
}

/* ---- what is slow ---- */

const char *status_delay_name(enum stats_delay which)
{
	static const char *const names[] = {
	    "request complete",
	    "wait for a slot",
	    "connect to the device",
	    "device's first byte",
	    "whole connection",
	};

	return names[which];
}

int status_slowest(const struct stats_histogram delays[STATS_DELAYS])
{
	int64_t most_ms = 128;
	int slowest = -1;

	for (int i = 0; i < STATS_TOTAL; i++) {
		int64_t ms = status_percentile_ms(&delays[i], 95);

		if (ms > most_ms) {
			most_ms = ms;
			slowest = i;
		}
	}
	return slowest;
}
