/*
 * status_json.c: the facts for programs.
 */
#include "keeper/status.h"

#include <inttypes.h>

static void put_string(struct text *t, const char *name, const char *value)
{
	text_printf(t, ",\"%s\":", name);
	text_add_quoted(t, value, STATUS_TEXT_MAX / 2);
}

static void put_json_counters(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	bool first = true;

	text_printf(t,
	    ",\"accepted\":%" PRIu64 ",\"in_bytes\":%" PRIu64
	    ",\"out_bytes\":%" PRIu64 ",\"worker_deaths\":%" PRIu64
	    ",\"reloads\":%" PRIu64 ",\"reloads_refused\":%" PRIu64
	    ",\"ended\":{",
	    s->accepted, s->in_bytes, s->out_bytes, f->stats->worker_deaths,
	    f->stats->reloads, f->stats->reloads_refused);
	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++) {
		if (s->ended[c] == 0)
			continue;
		text_printf(t, "%s\"%s\":%" PRIu64, first ? "" : ",",
		    cause_row(c)->word, s->ended[c]);
		first = false;
	}
	text_printf(t, "}");
}

static void put_delays(
    struct text *t, const struct stats_histogram delays[STATS_DELAYS])
{
	text_printf(t, "\"delays\":{");
	for (size_t i = 0; i < STATS_DELAYS; i++)
		text_printf(t,
		    "%s\"%s\":{\"p50_ms\":%" PRId64 ",\"p95_ms\":%" PRId64
		    ",\"p99_ms\":%" PRId64 "}",
		    i > 0 ? "," : "", stats_delay_word(i),
		    status_percentile_ms(&delays[i], 50),
		    status_percentile_ms(&delays[i], 95),
		    status_percentile_ms(&delays[i], 99));
	text_printf(t, "}");
}

static void put_recent(const struct status_facts *f, struct text *t)
{
	static const unsigned int minutes[] = {1, 15, 60, 24 * 60};
	struct stats_histogram delays[STATS_DELAYS];

	text_printf(t, ",\"recent\":[");
	for (size_t i = 0; i < sizeof(minutes) / sizeof(*minutes); i++) {
		uint32_t clients = recent_since(
		    &f->history->recent, &f->sum, minutes[i], delays);

		text_printf(t, "%s{\"minutes\":%u,\"accepted\":%u,",
		    i > 0 ? "," : "", minutes[i], clients);
		put_delays(t, delays);
		text_printf(t, "}");
	}
	text_printf(t, "]");
}

static void put_groups(
    const struct status_facts *f, struct text *t, const char *name, bool waits)
{
	struct status_group groups[STATS_CLIENTS];
	size_t count = status_groups(f, waits, groups);

	text_printf(t, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		text_printf(t, "%s{\"client\":\"", i > 0 ? "," : "");
		status_put_group(t, &groups[i]);
		text_printf(t, "\",\"count\":%u,\"for_ms\":%" PRId64 "}",
		    groups[i].count, f->now_ms - groups[i].since_ms);
	}
	text_printf(t, "]");
}

static void put_changes(const struct status_facts *f, struct text *t)
{
	const struct status_history *h = f->history;
	size_t n =
	    h->count < STATUS_CHANGES_MAX ? h->count : STATUS_CHANGES_MAX;

	text_printf(t, ",\"changes\":[");
	for (size_t i = h->count - n; i < h->count; i++) {
		const struct status_change *c = &h->at[i % STATUS_CHANGES_MAX];

		text_printf(t, "%s{\"at_ms\":%" PRId64 ",\"state\":\"%s\"",
		    i > h->count - n ? "," : "", c->wall_ms,
		    status_state_word(c->state));
		put_string(t, "why", status_why(c->why));
		text_printf(t, "}");
	}
	text_printf(t, "]");
}

void status_json(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	int64_t next_ms = s->next_probe_ms - f->now_ms;
	char headline[512];
	struct text h = {.bytes = headline, .size = sizeof(headline)};

	status_headline(f, &h);
	(void)text_end(&h);
	text_printf(t, "{\"state\":\"%s\"", status_state_word(status_state(f)));
	put_string(t, "headline", headline);
	put_string(t, "why", status_why(s->health_why));
	put_string(t, "name", f->name);
	put_string(t, "profile", f->profile);
	put_string(t, "listen", f->listen);
	put_string(t, "device", f->device);
	text_printf(
	    t, ",\"since_ms\":%" PRId64, f->now_ms - s->health_since_ms);
	if (status_state(f) != STATUS_NO_WORKER && s->health == HEALTH_DOWN)
		text_printf(t, ",\"next_probe_ms\":%" PRId64,
		    next_ms > 0 ? next_ms : 0);
	text_printf(t,
	    ",\"watched\":%s,\"draining\":%s,\"refused\":%s,\"slots\":%u,"
	    "\"slots_taken\":%u,"
	    "\"slots_quarantined\":%u,\"queue\":%u,\"queue_places\":%u,"
	    "\"connections\":%u,\"sources\":%u",
	    s->is_protected ? "true" : "false",
	    f->is_draining ? "true" : "false",
	    f->was_refused ? "true" : "false", f->stats->slots, s->slots_taken,
	    s->slots_quarantined, s->queue, f->queue_places, s->live,
	    s->sources);
	put_json_counters(f, t);
	text_printf(t, ",");
	put_delays(t, s->delays);
	put_recent(f, t);
	put_groups(f, t, "at_device", false);
	put_groups(f, t, "waiting", true);
	put_changes(f, t);
	text_printf(t, "}\n");
}
