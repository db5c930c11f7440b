/*
 * facts.c: one look at everything, the same for all who are told.
 */
#include "keeper/facts.h"

enum {
	LOOK_FRESH_MS = 50,
	LOOK_SILENT_MS = 5000, /* a worker answers, unless it hangs */
};

/* An order holds from when it was given; the worker hears of it after that. */
static void apply_order(const struct keeper *k, struct stats_block *s)
{
	if (!s->is_protected || (s->health == HEALTH_HELD) == k->report.held)
		return;
	s->health = k->report.held ? HEALTH_HELD : HEALTH_UP;
	s->health_why = HEALTH_WHY_ORDER;
	s->health_since_ms = keeper_now_ms();
}

static bool look_is_out(const struct keeper *k)
{
	return k->newest && k->newest->stats &&
	       k->newest->pid == k->report.look_pid &&
	       k->newest->stats->looked != k->report.look;
}

static bool is_silent(const struct keeper *k)
{
	return look_is_out(k) &&
	       keeper_now_ms() - k->report.look_ms >= LOOK_SILENT_MS;
}

static bool can_look(const struct keeper *k)
{
	return k->newest && k->newest->stats &&
	       k->newest->phase == PROCESS_SERVING && !is_silent(k);
}

bool facts_look_anew(struct keeper *k)
{
	struct report *r = &k->report;

	if (!can_look(k) ||
	    line_tell(k->newest->line, LINE_LOOK, r->look + 1) < 0)
		return false;
	r->look++;
	r->look_ms = keeper_now_ms();
	r->look_pid = k->newest->pid;
	return true;
}

bool facts_are_fresh(struct keeper *k)
{
	const struct report *r = &k->report;

	if (!can_look(k))
		return true;
	if (look_is_out(k))
		return false;
	if (r->look_pid == k->newest->pid &&
	    keeper_now_ms() - r->look_ms < LOOK_FRESH_MS)
		return true;
	return !facts_look_anew(k);
}

void facts_gather(
    struct keeper *k, struct status_facts *out, struct facts_texts *texts)
{
	const struct conf *c = k->conf;
	const char *name = c->name ? c->name : "sallyport";

	sockets_print(
	    &k->settings->sockets, texts->listen, sizeof(texts->listen));
	if (c->link.device_count > 0)
		(void)addr_print(&c->link.device[0], texts->device);
	*out = (struct status_facts){
	    .name = name,
	    .control = c->status.control_path ? c->status.control_path : name,
	    .profile = c->profile,
	    .listen = texts->listen,
	    .device =
		c->link.device_count > 0 ? texts->device : c->link.device_text,
	    .stats = k->stats,
	    .history = k->report.history,
	    .queue_places = (uint32_t)c->queue.places,
	    .has_worker = k->newest != NULL,
	    .is_silent = is_silent(k),
	    .is_draining = k->ending,
	    .was_refused = k->was_refused,
	    .has_probe = c->health.probe != NULL,
	    .now_ms = keeper_now_ms(),
	    .wall_ms = log_wall_ms(),
	};
	stats_sum(k->stats, k->newest ? k->newest->stats : NULL, &out->sum);
	apply_order(k, &out->sum);
}
