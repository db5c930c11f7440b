/*
 * field.h: which of a few words is this? Gathered in pieces of any size.
 *
 * For header field names and the words of their values, without case. A word
 * that comes whole is looked at where it lies; only a part is kept.
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

/* A whole word; of one longer than FIELD_MAX perhaps only the beginning. */
struct field_text {
	const char *at;
	size_t len;
};

/* Of small letters, digits, '-' and '/'. A list is in the order of length and
 * ends in FIELD_WORDS_END. */
struct field_word {
	uint8_t len; /* 1 to FIELD_MAX - 1 */
	char text[FIELD_MAX];
};

// clang-format off: it takes braces for a function
#define FIELD_WORD(text)                                                       \
	{                                                                      \
		sizeof(text) - 1, text                                         \
	}
#define FIELD_WORDS_END                                                        \
	{                                                                      \
		UINT8_MAX, ""                                                  \
	}
// clang-format on

static inline void field_begin(struct field *f)
{
	f->len = 0;
}

/* Takes the next bytes of the word. */
void field_add(struct field *f, const char *data, size_t len);

/* Takes the last bytes of the word and begins the next. The whole of it is
 * true as long as `data`, and until field_add is called. */
static inline struct field_text field_end(
    struct field *f, const char *data, size_t len)
{
	if (f->len > 0) {
		field_add(f, data, len);
		data = f->text;
		len = f->len;
		field_begin(f);
	}
	return (struct field_text){data, len};
}

/* Its index in the list, or -1. */
int field_find(struct field_text t, const struct field_word words[]);

/* Does it begin with the `len` bytes of `prefix`, in lower case, shorter than
 * FIELD_MAX? */
bool field_begins(struct field_text t, const char *prefix, size_t len);

/* Skips bytes of a value that are no control, eight at once; what it stops at
 * may be one. */
const char *field_plain_end(const char *at, const char *end);

/* The same `len` bytes but for the case of letters? */
bool field_same(const char *a, const char *b, size_t len);

#endif
