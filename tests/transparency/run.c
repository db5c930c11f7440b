/*
 * run.c: turns of many sequences are played together, so that waiting for
 * rest is paid once for all of them.
 */
#include "run.h"

#include <string.h>

struct play {
	struct pair pair;
	unsigned int next; /* the action that comes next */
};

/* Plays one turn, or one action where everything settles in between. */
static void play_turn(
    struct play *p, enum mode mode, const struct sequence *s, struct seen *out)
{
	unsigned int end =
	    mode == SETTLED ? p->next + 1 : sequence_turn_end(s, p->next);

	while (p->next < end) {
		pair_act(&p->pair, &s->act[p->next], &out->step[p->next]);
		p->next++;
	}
}

/* Plays a turn of every sequence that has one left; false if none has. */
static bool play_turns(struct play *plays, enum mode mode,
    const struct sequence *s, size_t count, struct seen *out)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (plays[i].next == s[i].len)
			continue;
		play_turn(&plays[i], mode, &s[i], &out[i]);
		any = true;
	}
	return any;
}

static enum run_result play_all(const struct way *way, struct play *plays,
    enum mode mode, const struct sequence *s, size_t count, struct seen *out)
{
	do {
		if (!rest_wait(&way->rest))
			return RUN_NO_REST;
		for (size_t i = 0; mode == SETTLED && i < count; i++)
			if (plays[i].next > 0)
				pair_look(&plays[i].pair,
				    out[i].mask[plays[i].next - 1]);
	} while (play_turns(plays, mode, s, count, out));
	for (size_t i = 0; i < count; i++)
		pair_end(&plays[i].pair, out[i].end);
	return RUN_DONE;
}

enum run_result run_batch(const struct way *way, enum mode mode,
    const struct sequence *s, size_t count, struct seen *out)
{
	struct play plays[BATCH_MAX];
	enum run_result result = RUN_DONE;
	size_t opened = 0;

	memset(out, 0, count * sizeof(*out));
	while (result == RUN_DONE && opened < count) {
		plays[opened].next = 0;
		if (pair_open(&way->to, way->listener, way->letter_bytes,
			&plays[opened].pair) < 0)
			result = RUN_NO_PAIR;
		else
			opened++;
	}
	if (result == RUN_DONE)
		result = play_all(way, plays, mode, s, count, out);
	while (opened-- > 0)
		pair_drop(&plays[opened].pair);
	if (result == RUN_DONE && !rest_wait(&way->rest))
		result = RUN_NO_REST;
	return result;
}
