/*
 * field.h: which of a few words is this? Gathered in pieces of any size.
 *
 * For header field names and the words of their values, without case.
 */
#ifndef POLICY_FIELD_H
#define POLICY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FIELD_MAX = 26 }; /* one more than the longest word asked for */

struct field {
	uint8_t len; /* FIELD_MAX: that, or more */
	char text[FIELD_MAX];
};

/* In lower case. */
struct field_word {
	uint8_t len; /* below FIELD_MAX */
	char text[FIELD_MAX];
};

#define FIELD_WORD(text) {sizeof(text) - 1, text}

static inline void field_begin(struct field *f)
{
	f->len = 0;
}

/* Takes the next bytes of the word. */
void field_add(struct field *f, const char *data, size_t len);

/* The word is over: its index among `count`, or -1. */
int field_find(const struct field *f, const struct field_word words[],
    int count);

/* Does the word begin with `prefix`, in lower case, shorter than FIELD_MAX? */
bool field_begins(const struct field *f, const char *prefix);

/* The same `len` bytes but for the case of letters? */
bool field_same(const char *a, const char *b, size_t len);

#endif
