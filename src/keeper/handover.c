/*
 * handover.c: the device's slots among workers.
 *
 * Of `slots` each is with one worker, or on its way through here. Who has
 * retired passes each on as it comes free; the newest has all others. Those
 * who wait in a retired worker are announced to the newest, which sends a
 * slot back for them, turn about with its own queue.
 */
#include <string.h>

#include "keeper/inside.h"
#include "keeper/report.h"
#include "policy/health.h"

static uint32_t held_by_others(const struct keeper *k, const struct process *m)
{
	uint32_t held = 0;

	for_each_process (k, w)
		if (w->phase != PROCESS_NONE && w != m)
			held += w->slots;
	return held;
}

/* As many as the settings in force leave; others were of older settings. Those
 * may rest: should newer settings bring them back, they rest on. */
static void give(struct keeper *k, struct process *m, struct line_message *said)
{
	uint32_t others = held_by_others(k, m) + k->quarantined;
	uint32_t most =
	    k->conf->slots.slots > others ? k->conf->slots.slots - others : 0;

	if (m->slots + said->count > most) {
		said->count = most > m->slots ? most - m->slots : 0;
		if (said->until_ms > k->dropped_until_ms)
			k->dropped_until_ms = said->until_ms;
	}
	/* Who cannot be told is ended, and leaves them like others. */
	m->slots += said->count;
	m->given = ++k->given;
	if (said->count > 0)
		(void)process_tell(k, m, said);
	m->wants -= said->count < m->wants ? said->count : m->wants;
}

static void give_quarantined(struct keeper *k, struct process *m)
{
	struct line_message said = {
	    .kind = LINE_SLOTS,
	    .count = k->quarantined,
	    .until_ms = k->quarantined_until_ms,
	};

	k->quarantined = 0;
	give(k, m, &said);
}

static void tell_wants(struct keeper *k)
{
	uint32_t wants = 0;

	for_each_process (k, w)
		if (w->phase >= PROCESS_RETIRING)
			wants += w->wants;
	if (k->newest && k->newest->phase == PROCESS_SERVING)
		(void)line_tell(k->newest->line, LINE_WANT, wants);
}

/* What `from` has said of the device, if it is the same. It may have been held
 * or released since that was said. */
static void put_health(const struct keeper *k, const struct process *from,
    const struct line_message *said, struct line_message *m)
{
	struct health h;

	if (said->length != sizeof(h))
		return;
	memcpy(&h, said->bytes, sizeof(h));
	if (from->other_device)
		health_init(&h, &k->conf->health, keeper_now_ms());
	if (k->report.held)
		(void)health_hold(&h, keeper_now_ms());
	else if (h.held)
		(void)health_reset(&h, &k->conf->health, keeper_now_ms());
	memcpy(m->bytes, &h, sizeof(h));
	m->length = sizeof(h);
}

/* `from` (may be NULL) has `said` what it knew of the device. */
static void go(struct keeper *k, struct process *m, const struct process *from,
    const struct line_message *said)
{
	uint32_t others = held_by_others(k, m) + k->quarantined;
	struct line_message order = {
	    .kind = m->stats ? LINE_GO : LINE_RETIRED,
	    .until_ms = k->dropped_until_ms,
	};

	if (from && said)
		put_health(k, from, said, &order);
	if (k->conf->slots.slots > others)
		order.count = k->conf->slots.slots - others;
	m->phase = PROCESS_SERVING;
	m->slots = order.count;
	/* Another keeper reckons from its own settings. */
	if (!m->stats)
		order.count = others;
	/* Another worker will be; but another keeper is not to go on alone. */
	if (!process_tell(k, m, &order) && !m->stats)
		return;
	if (k->quarantined > 0)
		give_quarantined(k, m);
	tell_wants(k);
	process_serves(k, m);
}

void handover_go(struct keeper *k, struct process *m)
{
	go(k, m, NULL, NULL);
}

/* Who of those retired has somebody waiting, and the least slots? Of equal
 * ones who got none for longest. */
static struct process *find_wanting(struct keeper *k)
{
	struct process *found = NULL;

	for_each_process (k, w)
		if (w->phase == PROCESS_RETIRED && w->wants > 0 &&
		    (!found || w->slots < found->slots ||
			(w->slots == found->slots && w->given < found->given)))
			found = w;
	return found;
}

/* When all ends nobody follows who has ended: slots that are left go to those
 * who still wait. */
static void give_rest(struct keeper *k)
{
	struct process *to = find_wanting(k);

	if (!to && k->newest && k->newest->phase == PROCESS_SERVING)
		to = k->newest;
	if (k->ending && to && k->quarantined > 0)
		give_quarantined(k, to);
}

/* Nobody serves who could have them. */
static void keep(struct keeper *k, uint32_t count, int64_t until_ms)
{
	k->quarantined += count;
	if (until_ms > k->quarantined_until_ms)
		k->quarantined_until_ms = until_ms;
}

static void on_slots(
    struct keeper *k, struct process *from, const struct line_message *said)
{
	struct line_message passed = *said;
	struct process *to = k->newest ? k->newest : find_wanting(k);

	from->slots -= said->count < from->slots ? said->count : from->slots;
	if (from == k->newest) {
		to = find_wanting(k);
		if (!to)
			to = from;
	}
	if (to && to->phase >= PROCESS_SERVING)
		give(k, to, &passed);
	/* Who serves next has those that are free in any case. */
	else if (k->ending || said->until_ms > 0)
		keep(k, said->count, said->until_ms);
}

static void on_retired(
    struct keeper *k, struct process *from, const struct line_message *said)
{
	struct line_message unused = {.kind = LINE_SLOTS};

	if (from->slots > said->count)
		unused.count = from->slots - said->count;
	from->phase = PROCESS_RETIRED;
	from->deadline_ms = INT64_MAX;
	from->slots = said->count;
	if (k->newest && k->newest->phase == PROCESS_STARTING)
		go(k, k->newest, from, said);
	else if (k->newest && k->newest->phase == PROCESS_SERVING)
		give(k, k->newest, &unused);
}

void handover_said(
    struct keeper *k, struct process *from, const struct line_message *said)
{
	switch ((enum line_kind)said->kind) {
	case LINE_RETIRED:
		on_retired(k, from, said);
		break;
	case LINE_SLOTS:
		on_slots(k, from, said);
		break;
	case LINE_WANT:
		from->wants = said->count;
		tell_wants(k);
		give_rest(k);
		break;
	case LINE_HEALTH:
		for_each_process (k, w)
			if (from == k->newest && !w->other_device &&
			    w->phase == PROCESS_RETIRED)
				(void)line_send(w->line, said, -1);
		break;
	default:
		break;
	}
}

/* How much of it the device still has is not known. */
void handover_ended(struct keeper *k, struct process *m)
{
	int64_t rest_ms = k->conf->health.probe_min_ms;

	if (m->slots > 0) {
		if (rest_ms < k->conf->slots.connect_gap_ms)
			rest_ms = k->conf->slots.connect_gap_ms;
		keep(k, m->slots, keeper_now_ms() + rest_ms);
	}
	if (m->wants > 0)
		tell_wants(k);
	give_rest(k);
	if (!k->newest || k->ending)
		return;
	if (k->newest->phase == PROCESS_STARTING &&
	    m->phase == PROCESS_RETIRING)
		go(k, k->newest, NULL, NULL);
	if (k->newest->phase == PROCESS_SERVING && k->quarantined > 0)
		give_quarantined(k, k->newest);
}
