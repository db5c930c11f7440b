/*
 * table.c: see table.h.
 *
 * The children of a node stand side by side, one for each letter of the sides
 * still open: which those are is known from the word alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "table.h"

enum { OPEN_BOTH = 3 };

int table_init(struct table *t, const char *actions, int depth, int votes,
    enum family family, char out_why[WHY_MAX])
{
	struct utsname u;

	memset(t, 0, sizeof(*t));
	if (alphabet_parse(actions, &t->abc, out_why) < 0)
		return -1;
	snprintf(t->actions, sizeof(t->actions), "%s", actions);
	uname(&u);
	snprintf(t->release, sizeof(t->release), "%.*s", RELEASE_MAX - 1,
	    u.release);
	t->depth = depth;
	t->votes = votes;
	t->family = family;
	t->room = 1024;
	t->nodes = calloc(t->room, sizeof(*t->nodes));
	if (!t->nodes) {
		snprintf(out_why, WHY_MAX, "no memory");
		return -1;
	}
	t->count = 1;
	t->nodes[0].open = OPEN_BOTH;
	return 0;
}

void table_fini(struct table *t)
{
	free(t->nodes);
	memset(t, 0, sizeof(*t));
}

static uint8_t open_after(const struct table *t, uint8_t open, int letter)
{
	if (letter_closes(&t->abc, letter))
		open &= (uint8_t)~(1U << letter_side(&t->abc, letter));
	return open;
}

/* The place of `letter` among the children of a node, -1 if its side is
 * closed. */
static int place(const struct table *t, uint8_t open, int letter)
{
	int side = letter_side(&t->abc, letter);

	if (!(open & (1U << side)))
		return -1;
	return open == OPEN_BOTH ? letter : letter - side * t->abc.count;
}

uint32_t table_child(const struct table *t, uint32_t node, int letter)
{
	const struct node *n = &t->nodes[node];
	int at = place(t, n->open, letter);

	return at < 0 || !n->first ? 0 : n->first + (uint32_t)at;
}

int table_grow(struct table *t, uint32_t node)
{
	uint32_t need = t->count + LETTERS_MAX;
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
	for (int letter = 0; letter < 2 * t->abc.count; letter++) {
		if (place(t, more[node].open, letter) < 0)
			continue;
		memset(&more[t->count], 0, sizeof(*more));
		more[t->count++].open =
		    open_after(t, more[node].open, letter);
	}
	return 0;
}

bool seen_equal(const struct seen *a, const struct seen *b)
{
	return a->result == b->result && a->mask[0] == b->mask[0] &&
	    a->mask[1] == b->mask[1] && a->state[0] == b->state[0] &&
	    a->state[1] == b->state[1];
}

int seen_fold(const struct table *t, int letter, int result)
{
	const struct act *act = &t->abc.acts[letter % t->abc.count];

	return act->verb->run == do_rcv && result > 0 ? 1 : result;
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

int table_vote(struct table *t, const uint8_t *word, int len,
    const struct seen *seen)
{
	uint32_t node = 0;

	count_vote(&t->nodes[0], &seen[0]);
	for (int i = 0; i < len; i++) {
		if (table_grow(t, node) < 0)
			return -ENOMEM;
		node = table_child(t, node, word[i]);
		count_vote(&t->nodes[node], &seen[i + 1]);
	}
	return 0;
}

static void each(const struct table *t, uint32_t node, uint8_t *word, int len,
    node_fn *on_node, void *arg)
{
	for (int letter = 0; letter < 2 * t->abc.count; letter++) {
		uint32_t child = table_child(t, node, letter);

		word[len] = (uint8_t)letter;
		if (child && t->nodes[child].total &&
		    on_node(arg, word, len + 1, child))
			each(t, child, word, len + 1, on_node, arg);
	}
}

void table_each(const struct table *t, node_fn *on_node, void *arg)
{
	uint8_t word[WORD_MAX];

	each(t, 0, word, 0, on_node, arg);
}
