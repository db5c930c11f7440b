/*
 * reduce.h: a table reduced to its automaton.
 *
 * Two words lead to the same state if both ends look alike after them, and
 * after whatever may follow. No table shows all that may follow, so words are
 * told apart by the next `lookahead` letters; that those suffice is for
 * automaton_check() to try on longer words.
 */
#ifndef DEBUG_REDUCE_H
#define DEBUG_REDUCE_H

#include "table.h"

enum { STATES_MAX = 128 };

struct state {
	uint16_t mask[2];
	uint8_t word[WORD_MAX]; /* a shortest way there */
	int len;
	uint32_t node;          /* that word's */
	int32_t result[LETTERS_MAX];
	int next[LETTERS_MAX];  /* -1: that side is closed */
};

struct automaton {
	const struct table *table;
	int count;
	struct state state[STATES_MAX]; /* 0: just connected */
};

/*
 * Reduces `t`, which is as deep as it need be only if it was grown with at
 * least this lookahead; `walk_on`, if not NULL, is called for each word that
 * leads out of a state, to grow the table under it by `lookahead` letters.
 * 0, -errno of that, -ENOMEM, or -ERANGE: the table ends too early, or there
 * are too many states.
 */
typedef int walk_on_fn(void *arg, const uint8_t *word, int len, int lookahead);
int reduce_table(const struct table *t, int lookahead, walk_on_fn *walk_on,
    void *arg, struct automaton *out);

/*
 * Walks `words` random words of `len` letters and compares. Returns the
 * number of words in which the kernel did otherwise, the first of them told
 * on stdout, or -errno.
 */
int automaton_check(const struct automaton *a, int words, int len,
    unsigned seed);

/* The three forms. */
void automaton_md(const struct automaton *a);
void automaton_dot(const struct automaton *a);
void automaton_c(const struct automaton *a);

#endif
