/*
 * status_text.c: the facts in words, for people.
 */
#include "keeper/status.h"

#include <inttypes.h>

enum { SECOND_MS = 1000, GROUPS_SHOWN = 6, ENDS_SHOWN = 3 };

static void put_wait(struct text *t, const char *what, int64_t left_ms)
{
	text_printf(t, "; %s in ", what);
	status_put_span(t, left_ms + SECOND_MS - 1);
}

static void put_next(const struct status_facts *f, struct text *t)
{
	int64_t left_ms = f->sum.next_probe_ms - f->now_ms;
	const char *what = f->has_probe ? "next probe" : "next client tried";

	switch ((enum health_state)f->sum.health) {
	case HEALTH_HELD:
		text_printf(t,
		    "; clients are answered 503 until it is "
		    "released: sallyport control %s release",
		    f->control);
		break;
	case HEALTH_SUSPECTED:
		text_printf(t, f->has_probe ? "; a probe decides now"
					    : "; the next clients decide");
		break;
	case HEALTH_DOWN:
		if (left_ms <= 0)
			text_printf(t, "; %s",
			    f->has_probe ? "a probe is under way"
					 : "the next client is tried");
		else
			put_wait(t, what, left_ms);
		break;
	default:
		break;
	}
}

void status_reason(const struct status_facts *f, struct text *t)
{
	if (!f->has_worker || f->is_silent) {
		text_printf(t, "nobody is served; %s",
		    f->has_worker ? "it hangs, or was stopped"
				  : "another one is being started");
		return;
	}
	if (!f->sum.is_protected) {
		text_printf(t, "its health is not watched, the settings ask "
			       "for relaying only");
		return;
	}
	text_printf(t, "%s", status_why(f->sum.health_why));
	put_next(f, t);
	if (status_state(f) == STATUS_STUCK)
		text_printf(t, "; it may need a reset");
}

void status_headline(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	int64_t for_ms = f->now_ms - s->health_since_ms;

	if (status_state(f) == STATUS_NO_WORKER) {
		text_printf(t, "no worker");
	} else {
		text_printf(t, "device %s", status_state_word(status_state(f)));
		if (s->is_protected) {
			text_printf(t, " since ");
			status_put_clock(t, f->wall_ms - for_ms, f->wall_ms);
			text_printf(t, " (");
			status_put_span(t, for_ms);
			text_printf(t, ")");
		}
	}
	text_printf(t, ": ");
	status_reason(f, t);
}

void status_outage(const struct status_facts *f, struct text *t)
{
	struct status_outage o;

	if (!status_last_outage(f, &o))
		return;
	text_printf(t, "last down at ");
	status_put_clock(t, o.from_ms, f->wall_ms);
	text_printf(t, " for ");
	status_put_span(t, o.for_ms);
	text_printf(t, ": %s", status_why(o.why));
}

void status_put_notes(const struct status_facts *f, struct text *t)
{
	if (f->is_draining)
		text_printf(t, ", draining");
	if (f->was_refused)
		text_printf(t, "; the last reload or upgrade was refused, the "
			       "log says why");
}

static void put_groups(const struct status_facts *f, struct text *t, bool waits)
{
	struct status_group groups[STATS_CLIENTS];
	size_t count = status_groups(f, waits, groups);

	if (count == 0)
		return;
	text_printf(t, waits ? "waiting: " : "at the device: ");
	for (size_t i = 0; i < count && i < GROUPS_SHOWN; i++) {
		text_printf(t, i > 0 ? ", " : "");
		status_put_group(t, &groups[i]);
		if (groups[i].count > 1)
			text_printf(t, " x%u", groups[i].count);
		text_printf(t, " ");
		status_put_span(t, f->now_ms - groups[i].since_ms);
	}
	if (count > GROUPS_SHOWN)
		text_printf(t, ", %zu more addresses", count - GROUPS_SHOWN);
	if (waits && status_unseen(f) > 0)
		text_printf(t, ", %u more clients", status_unseen(f));
	text_printf(t, "\n");
}

static void put_ends(const struct status_facts *f, struct text *t)
{
	text_printf(t, "accepted %" PRIu64, f->sum.accepted);
	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
		if (f->sum.ended[c] > 0)
			text_printf(t, ", %s %" PRIu64, cause_row(c)->word,
			    f->sum.ended[c]);
	text_printf(t, "\n");
}

static void put_slowest(const struct stats_histogram *delays, struct text *t)
{
	int which = status_slowest(delays);

	if (which >= 0)
		text_printf(t, "; slowest: %s",
		    status_delay_name((enum stats_delay)which));
}

/* Of late, or from the start while nothing was. */
static void put_delays(const struct status_facts *f, struct text *t)
{
	struct stats_histogram delays[STATS_DELAYS];
	uint32_t clients = recent_since(
	    &f->history->recent, &f->sum, STATUS_RECENT_MINUTES, delays);

	text_printf(
	    t, "last %d min: %u clients", STATUS_RECENT_MINUTES, clients);
	put_slowest(delays, t);
	text_printf(t, "\n");
	for (size_t i = 0; i < STATS_DELAYS; i++) {
		int64_t half_ms = status_percentile_ms(&delays[i], 50);

		if (half_ms < 0)
			continue;
		text_printf(t,
		    "  %-22s half within %5" PRId64 " ms, 95 %% %5" PRId64
		    " ms, 99 %% %5" PRId64 " ms\n",
		    status_delay_name(i), half_ms,
		    status_percentile_ms(&delays[i], 95),
		    status_percentile_ms(&delays[i], 99));
	}
}

static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

/* A bar for each minute of the last hour, the latest at the right; `value`
 * of a minute, below 0: not known. */
static void put_bars(const struct status_facts *f, struct text *t,
    const char *name,
    int64_t (*value)(const struct recent *r, unsigned int ago))
{
	int64_t most = 1, known = -1;

	for (unsigned int ago = 0; ago < RECENT_MINUTES; ago++) {
		int64_t v = value(&f->history->recent, ago);

		known = v > known ? v : known;
		most = v > most ? v : most;
	}
	if (known < 0)
		return;
	text_printf(t, "%-11s", name);
	for (unsigned int ago = RECENT_MINUTES; ago-- > 0;) {
		int64_t v = value(&f->history->recent, ago);

		text_printf(t, "%s", v < 0 ? " " : bars[v * 7 / most]);
	}
	text_printf(t, " %" PRId64 "\n", most);
}

static int64_t clients_of(const struct recent *r, unsigned int ago)
{
	struct stats_histogram delays[STATS_DELAYS];

	return recent_minute(r, ago, delays);
}

static int64_t delay_of(const struct recent *r, unsigned int ago)
{
	struct stats_histogram delays[STATS_DELAYS];

	if (recent_minute(r, ago, delays) < 0)
		return -1;
	return status_percentile_ms(&delays[STATS_TOTAL], 95);
}

static void put_bad_ends(const struct status_facts *f, struct text *t)
{
	char text[ADDR_TEXT_MAX];
	const struct stats_end *e = status_end(f, 0);

	if (!e)
		return;
	text_printf(t, "not done: ");
	for (unsigned int i = 0; i < ENDS_SHOWN && e; e = status_end(f, ++i)) {
		text_printf(t, i > 0 ? ", " : "");
		status_put_clock(
		    t, f->wall_ms - (f->now_ms - e->at_ms), f->wall_ms);
		text_printf(t, " %s %s", peer_print(&e->client, text),
		    cause_row(e->cause)->word);
	}
	text_printf(t, "\n");
}

static void put_changes(const struct status_facts *f, struct text *t)
{
	const struct status_history *h = f->history;
	size_t n = h->count < 5 ? h->count : 5;

	for (size_t i = 1; i <= n; i++) {
		const struct status_change *c =
		    &h->at[(h->count - i) % STATUS_CHANGES_MAX];

		status_put_clock(t, c->wall_ms, f->wall_ms);
		text_printf(t, " %s: %s\n", status_state_word(c->state),
		    status_why(c->why));
	}
}

void status_text(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;

	status_headline(f, t);
	text_printf(t, "\n");
	if (status_last_outage(f, &(struct status_outage){0})) {
		status_outage(f, t);
		text_printf(t, "\n");
	}
	text_printf(t, "%s: %s -> %s, profile %s, for ", f->name, f->listen,
	    f->device, f->profile);
	status_put_span(t, f->wall_ms - f->stats->started_wall_ms);
	status_put_notes(f, t);
	text_printf(t, "\n");
	if (f->stats->slots > 0)
		text_printf(t, "slots %u of %u taken, %u quarantined; ",
		    s->slots_taken, f->stats->slots, s->slots_quarantined);
	text_printf(t, "%u of %u waiting; %u connections of %u addresses\n",
	    s->queue, f->queue_places, s->live, s->sources);
	put_groups(f, t, false);
	put_groups(f, t, true);
	put_ends(f, t);
	put_bad_ends(f, t);
	put_delays(f, t);
	put_bars(f, t, "clients/min", clients_of);
	put_bars(f, t, "95 % ms", delay_of);
	put_changes(f, t);
}
