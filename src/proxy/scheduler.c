/*
 * scheduler.c: the order of the questions: health, then a slot, then memory.
 */
#include "proxy/scheduler.h"

#include "base/bug.h"

void scheduler_init(
    struct scheduler *s, int64_t now_ms, int64_t *next_connect_ms)
{
	slots_init(&s->slots, next_connect_ms);
	queue_init(&s->queue);
	health_init(&s->health, s->health_conf, now_ms);
}

void waiter_init(struct waiter *w)
{
	*w = (struct waiter){0};
	queue_place_init(&w->place);
}

static struct waiter *waiter_of(struct queue_place *place)
{
	return container_of(place, struct waiter, place);
}

enum cause scheduler_refusal(const struct scheduler *s)
{
	switch (health_state(&s->health)) {
	case HEALTH_UP:
		break;
	case HEALTH_SUSPECTED:
		return CAUSE_DEVICE_SUSPECTED;
	case HEALTH_DOWN:
		return CAUSE_DEVICE_DOWN;
	case HEALTH_HELD:
		return CAUSE_DEVICE_HELD;
	}
	return CAUSE_NONE;
}

bool scheduler_others_wait(const struct scheduler *s)
{
	return s->queue.count > 0;
}

/* Slot and lease, or neither. */
static enum schedule grant(struct scheduler *s, struct waiter *w,
    enum health_asker asker, int64_t now_ms, int64_t *out_when_ms)
{
	if (!slots_take(
		&s->slots, s->slots_conf, now_ms, &w->slot, out_when_ms))
		return SCHEDULE_WAIT;
	if (s->lease_bytes > 0 &&
	    !budget_lease(s->budget, &w->lease, s->lease_bytes)) {
		slots_give_unused(&s->slots, &w->slot);
		*out_when_ms = INT64_MAX;
		return SCHEDULE_MEMORY;
	}
	w->probe_id = health_connect(&s->health, s->health_conf, asker);
	return SCHEDULE_GRANT;
}

enum schedule scheduler_ask(struct scheduler *s, struct waiter *w,
    struct client *client, int64_t now_ms, enum cause *out_cause,
    struct waiter **out_evicted)
{
	struct queue_place *evicted = NULL;
	enum health_verdict verdict =
	    health_ask(&s->health, s->health_conf, HEALTH_NEWCOMER, now_ms);
	int64_t when_ms;

	*out_evicted = NULL;
	if (verdict == HEALTH_REFUSE) {
		*out_cause = scheduler_refusal(s);
		return SCHEDULE_REFUSE;
	}
	if (verdict == HEALTH_GO && s->queue.count == 0 &&
	    grant(s, w, HEALTH_NEWCOMER, now_ms, &when_ms) == SCHEDULE_GRANT) {
		queue_slot_moved(&s->queue, client);
		return SCHEDULE_GRANT;
	}
	*out_cause = CAUSE_QUEUE_FULL;
	if (queue_push(&s->queue, s->queue_conf, &w->place, client, &evicted) ==
	    QUEUE_FULL)
		return SCHEDULE_REFUSE;
	if (evicted)
		*out_evicted = waiter_of(evicted);
	return SCHEDULE_WAIT;
}

enum schedule scheduler_next(struct scheduler *s, int64_t now_ms,
    struct waiter **out_waiter, enum cause *out_cause, int64_t *out_when_ms)
{
	struct queue_place *first = queue_first(&s->queue);
	enum schedule result;

	*out_when_ms = INT64_MAX;
	if (!first)
		return SCHEDULE_NOBODY;
	*out_waiter = waiter_of(first);
	switch (health_ask(&s->health, s->health_conf, HEALTH_WAITER, now_ms)) {
	case HEALTH_GO:
		break;
	case HEALTH_WAIT:
		return SCHEDULE_WAIT;
	case HEALTH_REFUSE:
		*out_cause = scheduler_refusal(s);
		queue_remove(&s->queue, first);
		return SCHEDULE_REFUSE;
	}
	result = grant(s, *out_waiter, HEALTH_WAITER, now_ms, out_when_ms);
	if (result == SCHEDULE_GRANT)
		(void)queue_pop(&s->queue);
	return result;
}

void scheduler_leave(struct scheduler *s, struct waiter *w, int64_t now_ms)
{
	queue_remove(&s->queue, &w->place);
	budget_end_lease(s->budget, &w->lease);
	if (w->slot.taken)
		slots_give_unused(&s->slots, &w->slot);
	health_probe_ended(&s->health, w->probe_id, now_ms);
	w->probe_id = 0;
}

bool scheduler_ask_probe(struct scheduler *s, struct waiter *w, int64_t now_ms)
{
	int64_t when_ms;

	if (health_ask(&s->health, s->health_conf, HEALTH_PROBE, now_ms) !=
		HEALTH_GO ||
	    !slots_take(&s->slots, s->slots_conf, now_ms, &w->slot, &when_ms))
		return false;
	w->probe_id = health_connect(&s->health, s->health_conf, HEALTH_PROBE);
	return true;
}

void scheduler_slot_back(struct scheduler *s, struct slot *slot,
    unsigned int probe_id, struct client *client, int64_t rest_ms,
    int64_t now_ms)
{
	slots_give_late(
	    &s->slots, s->slots_conf, slot, now_ms, now_ms + rest_ms);
	if (client)
		queue_slot_moved(&s->queue, client);
	health_probe_ended(&s->health, probe_id, now_ms);
}
