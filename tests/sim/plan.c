/*
 * plan.c: plans as text: a line for each nature, setting and action.
 */
#include "plan.h"

#include <inttypes.h>
#include <string.h>

#include "client.h"
#include "device.h"
#include "kernel.h"
#include "master.h"
#include "workers.h"

static const char *const nature_words[NATURE_COUNT] = {"descriptors",
    "latency-us", "jitter-us", "delayed-ack", "socket-buffer", "turn-us",
    "backwards", "sockets", "think-ms", "piece", "piece-ms", "close-ms",
    "keeps-open", "ignores-fin", "workers", "family", "addresses", "urgent",
    "lost", "busy"};

static const char *const call_words[CALL_COUNT + 1] = {"accept", "socket",
    "connect", "connecting", "bind", "recv", "send", "pipe", "epoll_ctl",
    "epoll_wait", "splice", "log"};

static const char *const action_words[ACT_KINDS] = {"client", "master",
    "device", "fault", "pause", "signal", "reload", "kill", "crowd", "power",
    "order"};

static const char *word_of(const struct action *a)
{
	switch (a->kind) {
	case ACT_CLIENT:
	case ACT_CROWD:
		return character_name(a->a);
	case ACT_MASTER:
		return master_name(a->a);
	case ACT_DEVICE:
		return trouble_words[a->a];
	case ACT_FAULT:
		return call_words[a->a];
	case ACT_ORDER:
		return order_words[a->a];
	default:
		return "-";
	}
}

void plan_print(const struct plan *p, FILE *to)
{
	fprintf(to, "seed %" PRIu64 "\nend %" PRId64 "\n", p->seed, p->end_ms);
	for (int i = 0; i < NATURE_COUNT; i++)
		if (p->nature[i] > 0)
			fprintf(to, "nature %s %u\n", nature_words[i],
			    p->nature[i]);
	for (int i = 0; i < p->setting_count; i++)
		fprintf(to, "set %s %s\n", p->settings[i].name,
		    p->settings[i].value);
	for (int i = 0; i < p->action_count; i++) {
		const struct action *a = &p->actions[i];

		fprintf(to, "at %" PRId64 " %s %s %u %u %u %u %" PRIu64 "\n",
		    a->at_ms, action_words[a->kind], word_of(a), a->a, a->b,
		    a->c, a->d, a->seed);
	}
}

static int find(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

/* Names are what counts: numbers of characters may change. */
static bool find_subject(struct action *a, const char *word)
{
	const char *name;

	for (a->a = 0; (name = word_of(a)); a->a++)
		if (strcmp(name, word) == 0)
			return true;
	return false;
}

static bool read_action(struct plan *p, const char *line)
{
	struct action *a = &p->actions[p->action_count];
	char kind[16], word[24];
	int k;

	if (p->action_count == PLAN_ACTIONS_MAX ||
	    sscanf(line, "at %" SCNd64 " %15s %23s %u %u %u %u %" SCNu64,
		&a->at_ms, kind, word, &a->a, &a->b, &a->c, &a->d,
		&a->seed) != 8)
		return false;
	k = find(action_words, ACT_KINDS, kind);
	if (k < 0)
		return false;
	a->kind = (enum action_kind)k;
	p->action_count++;
	return strcmp(word, "-") == 0 || find_subject(a, word);
}

static bool read_line(struct plan *p, const char *line)
{
	struct setting *s = &p->settings[p->setting_count];
	char word[24];
	uint32_t value;
	int i;

	if (line[0] == '#' || line[0] == '\n' ||
	    sscanf(line, "seed %" SCNu64, &p->seed) == 1 ||
	    sscanf(line, "end %" SCNd64, &p->end_ms) == 1)
		return true;
	if (sscanf(line, "nature %23s %u", word, &value) == 2) {
		i = find(nature_words, NATURE_COUNT, word);
		if (i >= 0)
			p->nature[i] = value;
		return i >= 0;
	}
	if (p->setting_count < PLAN_SETTINGS_MAX &&
	    sscanf(line, "set %63s %63[^\n]", s->name, s->value) == 2) {
		p->setting_count++;
		return true;
	}
	return read_action(p, line);
}

bool plan_read(struct plan *p, FILE *from, int *out_line)
{
	char line[256];

	*p = (struct plan){0};
	for (*out_line = 1; fgets(line, sizeof(line), from); ++*out_line)
		if (!read_line(p, line))
			return false;
	return true;
}
