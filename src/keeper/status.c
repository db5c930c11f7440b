/*
 * status.c: the facts in words and as JSON.
 */
#include "keeper/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { SECOND_MS = 1000, MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

/* ---- pieces ---- */

void status_put(struct text *t, const char *format, ...)
{
	size_t room = t->size - t->len;
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(t->bytes + t->len, room, format, ap);
	va_end(ap);
	if (len > 0)
		t->len += (size_t)len < room ? (size_t)len : room - 1;
}

void status_put_span(struct text *t, int64_t ms)
{
	int64_t s = ms / SECOND_MS;

	if (s < MINUTE_S)
		status_put(t, "%" PRId64 " s", s);
	else if (s < HOUR_S)
		status_put(t, "%" PRId64 " min %" PRId64 " s", s / MINUTE_S,
		    s % MINUTE_S);
	else if (s < DAY_S)
		status_put(t, "%" PRId64 " h %" PRId64 " min", s / HOUR_S,
		    s % HOUR_S / MINUTE_S);
	else
		status_put(t, "%" PRId64 " d %" PRId64 " h", s / DAY_S,
		    s % DAY_S / HOUR_S);
}

void status_put_clock(struct text *t, int64_t at_ms, int64_t wall_ms)
{
	time_t at = at_ms / SECOND_MS, today = wall_ms / SECOND_MS;
	struct tm a, b;
	char text[32];

	localtime_r(&at, &a);
	localtime_r(&today, &b);
	strftime(text, sizeof(text),
	    a.tm_yday == b.tm_yday && a.tm_year == b.tm_year
		? "%H:%M:%S"
		: "%Y-%m-%d %H:%M:%S",
	    &a);
	status_put(t, "%s", text);
}

const char *status_state_word(uint32_t state)
{
	static const char *const words[] = {
	    [HEALTH_UP] = "up",
	    [HEALTH_SUSPECTED] = "suspected",
	    [HEALTH_DOWN] = "down",
	    [HEALTH_HELD] = "held",
	};

	return state < sizeof(words) / sizeof(*words) ? words[state] : "?";
}

const char *status_why(uint32_t why)
{
	static const char *const words[] = {
	    [HEALTH_WHY_START] = "nothing speaks against it",
	    [HEALTH_WHY_SERVED] = "it answers",
	    [HEALTH_WHY_RESET] = "it was suspected, and reset the probe",
	    [HEALTH_WHY_SILENT] = "silent after a whole request",
	    [HEALTH_WHY_REFUSED] = "refuses connections",
	    [HEALTH_WHY_PROBE_SILENT] = "silent, after a probe too",
	    [HEALTH_WHY_PROBE_REFUSED] = "refuses connections, a probe's too",
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

void status_note(struct status_history *h, enum health_state state,
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
	};

	return state < 0 ? -1 : ranks[state];
}

int status_strip(const struct status_facts *f, size_t cell)
{
	const struct status_history *h = f->history;
	int64_t to_ms = f->wall_ms -
	    (int64_t)(STATUS_STRIP_CELLS - 1 - cell) * STATUS_STRIP_CELL_MS;
	int64_t from_ms = to_ms - STATUS_STRIP_CELL_MS;
	size_t i = h->count > STATUS_CHANGES_MAX
		? h->count - STATUS_CHANGES_MAX
		: 0;
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

/* ---- in words ---- */

static void put_next(const struct status_facts *f, struct text *t)
{
	int64_t left_ms = f->sum.next_trial_ms - f->now_ms;
	const char *what = f->has_probe ? "next probe" : "next client tried";

	switch ((enum health_state)f->sum.health) {
	case HEALTH_HELD:
		status_put(t, "; clients are answered 503 until it is "
			      "released: sallyport control %s release",
		    f->name);
		break;
	case HEALTH_SUSPECTED:
		status_put(t, f->has_probe ? "; a probe decides now"
					   : "; the next clients decide");
		break;
	case HEALTH_DOWN:
		if (left_ms <= 0)
			status_put(t, "; %s",
			    f->has_probe ? "a probe is under way"
					 : "the next client is tried");
		else
			status_put(t, "; %s in %" PRId64 " s", what,
			    (left_ms + SECOND_MS - 1) / SECOND_MS);
		break;
	default:
		break;
	}
}

void status_headline(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	int64_t for_ms = f->now_ms - s->health_since_ms;

	if (!f->has_worker) {
		status_put(t, "no worker: nobody is served; another one is "
			      "being started");
		return;
	}
	if (!s->is_protected) {
		status_put(t, "device up: its health is not watched, the "
			      "settings ask for relaying only");
		return;
	}
	status_put(t, "device %s since ", status_state_word(s->health));
	status_put_clock(t, f->wall_ms - for_ms, f->wall_ms);
	status_put(t, " (");
	status_put_span(t, for_ms);
	status_put(t, "): %s", status_why(s->health_why));
	put_next(f, t);
}

static void put_ends(const struct status_facts *f, struct text *t)
{
	status_put(t, "accepted %" PRIu64, f->sum.accepted);
	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
		if (f->sum.ended[c] > 0)
			status_put(t, ", %s %" PRIu64, cause_row(c)->word,
			    f->sum.ended[c]);
	status_put(t, "\n");
}

static void put_delays(const struct status_facts *f, struct text *t)
{
	for (size_t i = 0; i < STATS_DELAYS; i++) {
		const struct stats_histogram *h = &f->sum.delays[i];

		if (status_percentile_ms(h, 50) < 0)
			continue;
		status_put(t,
		    "%s: half within %" PRId64 " ms, 95 of 100 within %" PRId64
		    " ms\n",
		    stats_delay_word(i), status_percentile_ms(h, 50),
		    status_percentile_ms(h, 95));
	}
}

static void put_changes(const struct status_facts *f, struct text *t)
{
	const struct status_history *h = f->history;
	size_t n = h->count < 5 ? h->count : 5;

	for (size_t i = 1; i <= n; i++) {
		const struct status_change *c =
		    &h->at[(h->count - i) % STATUS_CHANGES_MAX];

		status_put_clock(t, c->wall_ms, f->wall_ms);
		status_put(t, " %s: %s\n", status_state_word(c->state),
		    status_why(c->why));
	}
}

void status_text(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;

	status_headline(f, t);
	status_put(t, "\n%s: %s -> %s, profile %s, for ", f->name, f->listen,
	    f->device, f->profile);
	status_put_span(t, f->wall_ms - f->stats->started_wall_ms);
	status_put(t, "%s\n", f->is_draining ? ", draining" : "");
	if (f->stats->slots > 0)
		status_put(t, "slots %u of %u taken, %u quarantined; ",
		    s->slots_taken, f->stats->slots, s->slots_quarantined);
	status_put(t, "%u of %u waiting; %u connections of %u addresses\n",
	    s->queue, f->queue_places, s->live, s->sources);
	put_ends(f, t);
	put_delays(f, t);
	put_changes(f, t);
}

/* ---- JSON ---- */

static void put_string(struct text *t, const char *name, const char *value)
{
	status_put(t, ",\"%s\":", name);
	text_add_quoted(t, value, STATUS_TEXT_MAX / 2);
}

static void put_json_counters(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	bool first = true;

	status_put(t,
	    ",\"accepted\":%" PRIu64 ",\"in_bytes\":%" PRIu64
	    ",\"out_bytes\":%" PRIu64 ",\"worker_deaths\":%" PRIu64
	    ",\"reloads\":%" PRIu64 ",\"reloads_refused\":%" PRIu64
	    ",\"ended\":{",
	    s->accepted, s->in_bytes, s->out_bytes, f->stats->worker_deaths,
	    f->stats->reloads, f->stats->reloads_refused);
	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++) {
		if (s->ended[c] == 0)
			continue;
		status_put(t, "%s\"%s\":%" PRIu64, first ? "" : ",",
		    cause_row(c)->word, s->ended[c]);
		first = false;
	}
	status_put(t, "}");
}

static void put_json_delays(const struct status_facts *f, struct text *t)
{
	status_put(t, ",\"delays\":{");
	for (size_t i = 0; i < STATS_DELAYS; i++)
		status_put(t,
		    "%s\"%s\":{\"p50_ms\":%" PRId64 ",\"p95_ms\":%" PRId64
		    ",\"p99_ms\":%" PRId64 "}",
		    i > 0 ? "," : "", stats_delay_word(i),
		    status_percentile_ms(&f->sum.delays[i], 50),
		    status_percentile_ms(&f->sum.delays[i], 95),
		    status_percentile_ms(&f->sum.delays[i], 99));
	status_put(t, "}");
}

void status_json(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	int64_t next_ms = s->next_trial_ms - f->now_ms;
	char headline[512];
	struct text h = {.bytes = headline, .size = sizeof(headline)};

	status_headline(f, &h);
	(void)text_end(&h);
	status_put(t, "{\"state\":\"%s\"",
	    f->has_worker ? status_state_word(s->health) : "no-worker");
	put_string(t, "headline", headline);
	put_string(t, "why", status_why(s->health_why));
	put_string(t, "name", f->name);
	put_string(t, "profile", f->profile);
	put_string(t, "listen", f->listen);
	put_string(t, "device", f->device);
	status_put(t, ",\"since_ms\":%" PRId64, f->now_ms - s->health_since_ms);
	if (s->health == HEALTH_DOWN)
		status_put(t, ",\"next_probe_ms\":%" PRId64,
		    next_ms > 0 ? next_ms : 0);
	status_put(t,
	    ",\"watched\":%s,\"draining\":%s,\"slots\":%u,\"slots_taken\":%u,"
	    "\"slots_quarantined\":%u,\"queue\":%u,\"queue_places\":%u,"
	    "\"connections\":%u,\"sources\":%u",
	    s->is_protected ? "true" : "false",
	    f->is_draining ? "true" : "false", f->stats->slots,
	    s->slots_taken, s->slots_quarantined, s->queue, f->queue_places,
	    s->live, s->sources);
	put_json_counters(f, t);
	put_json_delays(f, t);
	status_put(t, "}\n");
}
