/*
 * metrics.c: the facts as OpenMetrics has them.
 *
 * The label `proxy` is the name of the proxy: several may share one collector.
 */
#include <inttypes.h>

#include "keeper/status.h"

struct metric {
	const char *name;
	const char *help;
	double value;
};

/* The settings let no name have what would have to be escaped. */
static void put_label(const struct status_facts *f, struct text *t)
{
	text_printf(t, "proxy=\"%s\"", f->name);
}

static void put_family(
    struct text *t, const char *name, const char *type, const char *help)
{
	text_printf(t, "# TYPE sallyport_%s %s\n# HELP sallyport_%s %s\n", name,
	    type, name, help);
}

static void put_rows(const struct status_facts *f, struct text *t,
    const char *type, const char *suffix, const struct metric *rows)
{
	for (const struct metric *m = rows; m->name; m++) {
		put_family(t, m->name, type, m->help);
		text_printf(t, "sallyport_%s%s{", m->name, suffix);
		put_label(f, t);
		text_printf(t, "} %.15g\n", m->value);
	}
}

static void put_gauges(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	const struct metric rows[] = {
	    {"device_up", "1 while the device is up or only suspected.",
		status_state(f) <= HEALTH_SUSPECTED},
	    {"device_state_age_seconds", "How long it has been in its state.",
		(double)(f->now_ms - s->health_since_ms) / 1000},
	    {"start_time_seconds", "When the proxy was started.",
		(double)f->stats->started_wall_ms / 1000},
	    {"slots", "Connections to the device allowed; 0 is no limit.",
		f->stats->slots},
	    {"slots_taken", "Slots in use.", s->slots_taken},
	    {"slots_quarantined", "Slots quarantined after a bad end.",
		s->slots_quarantined},
	    {"queue_length", "Clients that wait for a slot.", s->queue},
	    {"queue_places", "Clients that may wait.", f->queue_places},
	    {"open_connections", "Connections of clients.", s->live},
	    {"sources", "Client addresses that are remembered.", s->sources},
	    {"memory_chunks", "Chunks of buffer memory.", s->chunks},
	    {"memory_chunks_taken", "Chunks in use.", s->chunks_taken},
	    {NULL, NULL, 0},
	};

	put_rows(f, t, "gauge", "", rows);
}

static void put_counters(const struct status_facts *f, struct text *t)
{
	const struct stats_block *s = &f->sum;
	const struct metric rows[] = {
	    {"accepted_connections", "Connections accepted.",
		(double)s->accepted},
	    {"received_bytes", "Bytes from clients, counted at their ends.",
		(double)s->in_bytes},
	    {"sent_bytes", "Bytes from the device, counted likewise.",
		(double)s->out_bytes},
	    {"worker_deaths", "Workers that died.",
		(double)f->stats->worker_deaths},
	    {"reloads", "Settings read again.", (double)f->stats->reloads},
	    {"refused_reloads", "Settings that were refused.",
		(double)f->stats->reloads_refused},
	    {"upgrades", "Programs replaced.", (double)f->stats->upgrades},
	    {NULL, NULL, 0},
	};

	put_rows(f, t, "counter", "_total", rows);
}

static void put_states(const struct status_facts *f, struct text *t)
{
	put_family(t, "device_state", "gauge", "1 for the state it is in.");
	for (uint32_t i = HEALTH_UP; i <= STATUS_STUCK; i++) {
		text_printf(t, "sallyport_device_state{");
		put_label(f, t);
		text_printf(t, ",state=\"%s\"} %d\n", status_state_word(i),
		    status_state(f) == i);
	}
}

static void put_causes(const struct status_facts *f, struct text *t)
{
	put_family(t, "ended_connections", "counter",
	    "Connections ended, by the cause that the log gives.");
	for (enum cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++) {
		text_printf(t, "sallyport_ended_connections_total{");
		put_label(f, t);
		text_printf(t, ",cause=\"%s\"} %" PRIu64 "\n",
		    cause_row(c)->word, f->sum.ended[c]);
	}
}

static void put_sample(const struct status_facts *f, struct text *t,
    const char *name, const char *suffix)
{
	text_printf(t, "sallyport_%s_seconds_%s{", name, suffix);
	put_label(f, t);
}

static void put_histogram(
    const struct status_facts *f, struct text *t, size_t which)
{
	const struct stats_histogram *h = &f->sum.delays[which];
	const char *name = stats_delay_word(which);
	uint64_t below = 0;

	text_printf(t,
	    "# TYPE sallyport_%s_seconds histogram\n"
	    "# HELP sallyport_%s_seconds %s\n",
	    name, name, stats_delay_help(which));
	for (size_t i = 0; i < STATS_BUCKETS; i++) {
		below += h->count[i];
		put_sample(f, t, name, "bucket");
		if (i < STATS_BUCKETS - 1)
			text_printf(t, ",le=\"%.3f\"} %" PRIu64 "\n",
			    (double)stats_bound_ms(i) / 1000, below);
		else
			text_printf(t, ",le=\"+Inf\"} %" PRIu64 "\n", below);
	}
	put_sample(f, t, name, "sum");
	text_printf(t, "} %.3f\n", (double)h->sum_ms / 1000);
	put_sample(f, t, name, "count");
	text_printf(t, "} %" PRIu64 "\n", below);
}

void metrics_text(const struct status_facts *f, struct text *t)
{
	put_gauges(f, t);
	put_states(f, t);
	put_counters(f, t);
	put_causes(f, t);
	for (size_t i = 0; i < STATS_DELAYS; i++)
		put_histogram(f, t, i);
	text_printf(t, "# EOF\n");
}
