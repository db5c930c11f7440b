/*
 * table.h: what was seen after every word up to some depth, with the votes.
 *
 * The table is a tree: a node is a word, its children are the word and one
 * letter more. Each walk of a long word is one vote for every prefix of it. A
 * node that was not always seen alike is racy; what most votes say counts.
 */
#ifndef DEBUG_TABLE_H
#define DEBUG_TABLE_H

#include "walk.h"

enum { VARIANTS = 2, DEPTH_MAX = 9, RELEASE_MAX = 65 };

struct node {
	struct seen seen[VARIANTS]; /* the one with most votes first */
	uint32_t votes[VARIANTS];
	uint32_t total;
	uint32_t first; /* index of the first child, 0: none */
	uint8_t open;   /* bit 0: client, bit 1: server */
};

struct table {
	struct alphabet abc;
	char actions[WHY_MAX];  /* the alphabet as written */
	char release[RELEASE_MAX];
	enum family family;
	int depth;              /* of the longest word */
	int lookahead;          /* 0: all words of that depth are there */
	int votes;
	struct node *nodes; /* 0 is the empty word */
	uint32_t count, room;
};

/* An empty table. 0, or -1 and a sentence. */
int table_init(struct table *t, const char *actions, int depth, int votes,
    enum family family, char out_why[WHY_MAX]);
void table_fini(struct table *t);

/* The index of the child of `node` by `letter`; 0 if there is none, because
 * that side is closed or the table ends there. */
uint32_t table_child(const struct table *t, uint32_t node, int letter);

/* Gives `node` children, if it has none. 0 or -ENOMEM. */
int table_grow(struct table *t, uint32_t node);

/* Adds one walk, of `len + 1` observations. 0 or -ENOMEM. */
int table_vote(struct table *t, const uint8_t *word, int len,
    const struct seen *seen);

bool node_is_racy(const struct node *n);
bool seen_equal(const struct seen *a, const struct seen *b);

/* What a program may count on in `result`: how many bytes a receive brought
 * is folded to 1. */
int seen_fold(const struct table *t, int letter, int result);

/* "3 4 5 ESTABLISHED ESTABLISHED", "-EAGAIN ..." */
enum { SEEN_TEXT_MAX = 96 };
const char *seen_print(const struct seen *s, char out_text[SEEN_TEXT_MAX]);

/* Calls `on_node` for every node but the empty word, prefixes first; a false
 * return leaves out what follows the word. */
typedef bool node_fn(void *arg, const uint8_t *word, int len, uint32_t node);
void table_each(const struct table *t, node_fn *on_node, void *arg);

/* Writes and reads the text form. 0, or -1 and a sentence. */
int table_write(const struct table *t, FILE *f);
int table_read(struct table *t, const char *path, char out_why[WHY_MAX]);

#endif
