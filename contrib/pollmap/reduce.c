/*
 * reduce.c: a table reduced to its automaton. A sequence's class at level 0 is
 * what both ends look like after it; at each further level it is that and,
 * action by action, the result, the edges and the class of the longer sequence
 * at the level before. The states are the classes at level `lookahead`, met
 * breadth first, so that the path of a state is a shortest one and the numbers
 * are always the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pollmap.h"

enum { CLASSES_MAX = 1 << 16, SLOTS = 4 * CLASSES_MAX };

/* What tells one class from another; places not used are 0. */
struct signature {
	int level;
	uint16_t mask[ENDS];
	int32_t result[ACTIONS_MAX];
	uint16_t edge[ACTIONS_MAX][ENDS];
	uint32_t next[ACTIONS_MAX];
};

struct reduction {
	const struct table *t;
	int lookahead;
	walk_on_fn *walk_on;
	void *arg;
	struct automaton *out;
	uint32_t count;
	struct signature sig[CLASSES_MAX];
	uint32_t slot[SLOTS];	       /* a hash over `sig`: class or 0 */
	int state_of[CLASSES_MAX + 1]; /* -1: not met yet */
};

static uint32_t hash(const struct signature *sig)
{
	const unsigned char *p = (const unsigned char *)sig;
	uint64_t h = 0xcbf29ce484222325U; /* FNV-1a */

	for (size_t i = 0; i < sizeof(*sig); i++)
		h = (h ^ p[i]) * 0x100000001b3U;
	return (uint32_t)(h % SLOTS);
}

/* The class that `sig` stands for, a new one if it is new; 0: too many. */
static uint32_t intern(struct reduction *r, const struct signature *sig)
{
	uint32_t at = hash(sig);

	for (; r->slot[at]; at = (at + 1) % SLOTS)
		if (memcmp(&r->sig[r->slot[at] - 1], sig, sizeof(*sig)) == 0)
			return r->slot[at];
	if (r->count == CLASSES_MAX)
		return 0;
	r->sig[r->count] = *sig;
	r->slot[at] = ++r->count;
	return r->count;
}

/* The class of `node` at `level`; 0: the table ends too early, or too many. */
static uint32_t classify(struct reduction *r, uint32_t node, int level)
{
	const struct table *t = r->t;
	struct signature sig;

	if (!t->nodes[node].total)
		return 0;
	memset(&sig, 0, sizeof(sig));
	sig.level = level;
	memcpy(sig.mask, t->nodes[node].seen[0].mask, sizeof(sig.mask));
	if (level > 0 && t->nodes[node].open && !t->nodes[node].first)
		return 0;
	for (int i = 0; level > 0 && i < t->subject.action_count; i++) {
		uint32_t child = table_child(t, node, i);

		if (!child)
			continue;
		sig.result[i] = seen_fold(t, i, t->nodes[child].seen[0].result);
		memcpy(sig.edge[i], t->nodes[child].seen[0].edge,
		    sizeof(sig.edge[i]));
		sig.next[i] = classify(r, child, level - 1);
		if (!sig.next[i])
			return 0;
	}
	return intern(r, &sig);
}

/* The state that `sequence` leads to, a new one if it is new. */
static int meet(
    struct reduction *r, const uint8_t *sequence, int len, uint32_t node)
{
	struct automaton *a = r->out;
	struct state *s = &a->state[a->count];
	uint32_t class = classify(r, node, r->lookahead);

	if (!class)
		return -ERANGE;
	if (r->state_of[class] >= 0)
		return r->state_of[class];
	if (a->count == STATES_MAX || len == SEQUENCE_MAX)
		return -ERANGE;
	memset(s, 0, sizeof(*s));
	if (len)
		memcpy(s->path, sequence, (size_t)len);
	memcpy(s->mask, r->t->nodes[node].seen[0].mask, sizeof(s->mask));
	s->len = len;
	s->node = node;
	r->state_of[class] = a->count;
	return a->count++;
}

/* Follows `action` out of state `from`. */
static int follow(struct reduction *r, int from, int action)
{
	struct state *s = &r->out->state[from];
	uint8_t sequence[SEQUENCE_MAX];
	uint32_t child = table_child(r->t, s->node, action);
	int next = 0;

	s->next[action] = -1;
	if (!child)
		return 0;
	memcpy(sequence, s->path, sizeof(sequence));
	sequence[s->len] = (uint8_t)action;
	if (r->walk_on)
		next = r->walk_on(r->arg, sequence, s->len + 1, r->lookahead);
	if (next == 0)
		next = meet(r, sequence, s->len + 1, child);
	if (next < 0)
		return next;
	s->next[action] = next;
	s->result[action] =
	    seen_fold(r->t, action, r->t->nodes[child].seen[0].result);
	memcpy(s->edge[action], r->t->nodes[child].seen[0].edge,
	    sizeof(s->edge[action]));
	return 0;
}

static int reduce_all(struct reduction *r)
{
	struct automaton *a = r->out;
	int ret = 0;

	for (int i = 0; i <= CLASSES_MAX; i++)
		r->state_of[i] = -1;
	a->table = r->t;
	a->count = 0;
	if (r->walk_on)
		ret = r->walk_on(r->arg, NULL, 0, r->lookahead);
	if (ret == 0)
		ret = meet(r, NULL, 0, 0);
	for (int i = 0; ret >= 0 && i < a->count; i++)
		for (int k = 0; ret >= 0 && k < r->t->subject.action_count; k++)
			ret = follow(r, i, k);
	return ret;
}

int reduce_table(const struct table *t, int lookahead, walk_on_fn *walk_on,
    void *arg, struct automaton *out)
{
	struct reduction *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return -ENOMEM;
	r->t = t;
	r->lookahead = lookahead;
	r->walk_on = walk_on;
	r->arg = arg;
	r->out = out;
	ret = reduce_all(r);
	free(r);
	return ret;
}
