/*
 * table.c: the tree of sequences and the votes in it. The children of a node
 * stand side by side, one for each action of the ends still open: which those
 * are is known from the sequence alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "pollmap.h"

/* So many times the votes of a sequence, for what many begin with. */
enum { ENOUGH = 4 };

int table_init(struct table *t, const struct subject *s, int depth, int votes)
{
	struct utsname u;

	memset(t, 0, sizeof(*t));
	t->subject = *s;
	uname(&u);
	snprintf(
	    t->release, sizeof(t->release), "%.*s", RELEASE_MAX - 1, u.release);
	t->depth = depth;
	t->votes = votes;
	t->room = 1024;
	t->nodes = calloc(t->room, sizeof(*t->nodes));
	if (!t->nodes)
		return -ENOMEM;
	t->count = 1;
	t->nodes[0].open = (uint8_t)subject_ends(s);
	return 0;
}

void table_fini(struct table *t)
{
	free(t->nodes);
	memset(t, 0, sizeof(*t));
}

static uint8_t open_after(const struct table *t, uint8_t open, int action)
{
	const struct action *a = &t->subject.action[action];

	return a->verb->closes ? open & (uint8_t) ~(1U << a->end) : open;
}

/* The place of `action` among the children of a node, -1 if its end is
 * closed. The actions of the first end stand first. */
static int place(const struct table *t, uint8_t open, int action)
{
	int at = action;

	if (!(open & (1U << t->subject.action[action].end)))
		return -1;
	while (!(open & 1) && at > 0 && t->subject.action[action - at].end == 0)
		at--;
	return at;
}

uint32_t table_child(const struct table *t, uint32_t node, int action)
{
	const struct node *n = &t->nodes[node];
	int at = place(t, n->open, action);

	return at < 0 || !n->first ? 0 : n->first + (uint32_t)at;
}

int table_grow(struct table *t, uint32_t node)
{
	uint32_t need = t->count + ACTIONS_MAX;
	struct node *more = t->nodes;

	if (more[node].first)
		return 0;
	if (need > t->room) {
		t->room = 2 * need;
		more = reallocarray(t->nodes, t->room, sizeof(*more));
	}
	if (!more)
		return -ENOMEM;
	t->nodes = more;
	more[node].first = t->count;
	for (int action = 0; action < t->subject.action_count; action++) {
		if (place(t, more[node].open, action) < 0)
			continue;
		memset(&more[t->count], 0, sizeof(*more));
		more[t->count++].open = open_after(t, more[node].open, action);
	}
	return 0;
}

bool seen_equal(const struct seen *a, const struct seen *b)
{
	return a->result == b->result &&
	       memcmp(a->mask, b->mask, sizeof(a->mask)) == 0 &&
	       memcmp(a->edge, b->edge, sizeof(a->edge)) == 0 &&
	       memcmp(a->state, b->state, sizeof(a->state)) == 0;
}

int seen_fold(const struct table *t, int action, int result)
{
	return t->subject.action[action].verb->counts && result > 0 ? 1
								    : result;
}

bool node_is_racy(const struct node *n)
{
	return n->votes[0] < n->total;
}

static void count_vote(struct node *n, const struct seen *seen)
{
	int i = 0;

	n->total++;
	while (i < VARIANTS && n->votes[i] && !seen_equal(&n->seen[i], seen))
		i++;
	if (i == VARIANTS)
		return;
	n->seen[i] = *seen;
	n->votes[i]++;
	if (i > 0 && n->votes[i] > n->votes[0]) {
		struct seen s = n->seen[0];
		uint32_t v = n->votes[0];

		n->seen[0] = n->seen[i];
		n->votes[0] = n->votes[i];
		n->seen[i] = s;
		n->votes[i] = v;
	}
}

static bool is_known(const struct table *t, uint32_t node)
{
	const struct node *n = &t->nodes[node];

	return n->total >= ENOUGH * (uint32_t)t->votes && !node_is_racy(n);
}

int table_known(const struct table *t, const uint8_t *sequence, int len)
{
	uint32_t node = 0;
	int known = 0;

	if (t->subject.edges)
		return 0;
	while (known < len && is_known(t, node)) {
		node = table_child(t, node, sequence[known++]);
		if (!node)
			break;
	}
	return known;
}

int table_vote(struct table *t, const uint8_t *sequence, int len, int from,
    const struct seen *seen)
{
	uint32_t node = 0;

	if (from == 0)
		count_vote(&t->nodes[0], &seen[0]);
	for (int i = 0; i < len; i++) {
		if (table_grow(t, node) < 0)
			return -ENOMEM;
		node = table_child(t, node, sequence[i]);
		if (from <= i + 1)
			count_vote(&t->nodes[node], &seen[i + 1]);
	}
	return 0;
}

static void each(const struct table *t, uint32_t node, uint8_t *sequence,
    int len, node_fn *on_node, void *arg)
{
	for (int action = 0; action < t->subject.action_count; action++) {
		uint32_t child = table_child(t, node, action);

		sequence[len] = (uint8_t)action;
		if (child && t->nodes[child].total &&
		    on_node(arg, sequence, len + 1, child))
			each(t, child, sequence, len + 1, on_node, arg);
	}
}

void table_each(const struct table *t, node_fn *on_node, void *arg)
{
	uint8_t sequence[SEQUENCE_MAX];

	each(t, 0, sequence, 0, on_node, arg);
}
