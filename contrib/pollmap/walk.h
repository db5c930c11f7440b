/*
 * walk.h: walking words: playing a sequence of actions on a fresh connection
 * and noting, after each, what it returned and what both ends are ready for.
 *
 * A word is a string of letters; a letter is an action of the alphabet on the
 * client (0 .. count - 1) or on the server (count .. 2 * count - 1).
 */
#ifndef DEBUG_WALK_H
#define DEBUG_WALK_H

#include <stdint.h>

#include "verb.h"

enum {
	ALPHABET_MAX = 12,
	LETTERS_MAX = 2 * ALPHABET_MAX,
	WORD_MAX = 32,
	MASK_CLOSED = 0xffff
};

/* Results are what the call returned, or -errno. Masks and TCP states are of
 * the client and the server; a closed end has MASK_CLOSED and state 0. */
struct seen {
	int32_t result;
	uint16_t mask[2];
	uint8_t state[2];
};

struct alphabet {
	int count;
	struct act acts[ALPHABET_MAX];
};

struct walk {
	struct stage st;
	struct alphabet abc;
	uint32_t walked; /* words, to vary the source address */
};

/* Reads a comma list of actions. 0, or -1 and a sentence. */
int alphabet_parse(const char *list, struct alphabet *out,
    char out_why[WHY_MAX]);

/* "c.snd"; and back, -1 if there is none. */
const char *letter_print(const struct alphabet *abc, int letter,
    char out_text[ACT_ARGS_MAX]);
int letter_find(const struct alphabet *abc, const char *text);

/* Does the letter close its side? Only then is that side done. */
bool letter_closes(const struct alphabet *abc, int letter);
/* 0: client, 1: server. */
int letter_side(const struct alphabet *abc, int letter);

/* Opens the listener; the process is tied to one processor, for loopback is
 * orderly only there. 0 or -errno. */
int walk_open(struct walk *w, enum family family);
void walk_close(struct walk *w);

/* Walks `word` and notes `len + 1` observations, the first before any letter.
 * 0, or -errno when no connection could be had. */
int walk_word(struct walk *w, const uint8_t *word, int len,
    struct seen *out_seen);

#endif
