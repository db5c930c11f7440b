/*
 * summary.c: an hour after the other, and what has grown in each.
 */
#include "keeper/summary.h"

#include <inttypes.h>
#include <string.h>

#include "keeper/status.h"

enum { HOUR_MS = 60 * 60 * 1000 };

static void begin(struct summary *s, const struct status_facts *f)
{
	s->from = recent_take(&f->sum);
	memcpy(s->ended, f->sum.ended, sizeof(s->ended));
	/* The first is no change. */
	s->changes = f->history->count > 0 ? f->history->count : 1;
}

static void put_delay(struct text *t, enum stats_delay which,
    const struct stats_histogram delays[STATS_DELAYS])
{
	int64_t ms = status_percentile_ms(&delays[which], 95);

	if (ms >= 0)
		text_printf(t, "; %s: 95 %% within %" PRId64 " ms",
		    status_delay_name(which), ms);
}

static void put_hour(
    const struct summary *s, const struct status_facts *f, struct text *t)
{
	struct stats_histogram delays[STATS_DELAYS];
	struct recent_point now = recent_take(&f->sum);
	uint32_t clients = recent_between(&s->from, &now, delays);
	uint64_t ended = 0, n;

	text_printf(t, "the last hour: accepted %u", clients);
	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++) {
		n = f->sum.ended[c] - s->ended[c];
		ended += n;
		if (n > 0)
			text_printf(t, ", %s %" PRIu64, cause_row(c)->word, n);
	}
	put_delay(t, STATS_QUEUE, delays);
	put_delay(t, STATS_FIRST_BYTE, delays);
	if (f->history->count > s->changes)
		text_printf(t, "; changes of the device's state: %" PRIu64,
		    (uint64_t)f->history->count - s->changes);
	if (clients == 0 && ended == 0 && f->history->count <= s->changes)
		t->len = 0;
}

int64_t summary_run(
    struct summary *s, const struct status_facts *f, struct text *out)
{
	if (s->next_ms > 0 && f->now_ms < s->next_ms)
		return s->next_ms;
	if (s->next_ms > 0)
		put_hour(s, f, out);
	begin(s, f);
	s->next_ms = f->now_ms + HOUR_MS;
	return s->next_ms;
}
