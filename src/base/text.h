/*
 * text.h: a line under construction, put together by hand.
 *
 * Every connection pays for a log line, and printf costs more than all the
 * rest of a connection's user time. This is the one place that knows how
 * times and quoted strings look in the log, whoever writes it.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bug.h"

/* `bytes` holds `size` bytes, the caller's; a zero byte is put by text_end. */
struct text {
	char *bytes;
	size_t len;
	size_t size;
};

static inline void text_add_bytes(struct text *t, const char *s, size_t len)
{
	BUG_ON(len >= t->size - t->len);
	memcpy(t->bytes + t->len, s, len);
	t->len += len;
}

static inline void text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

static inline void text_add_char(struct text *t, char c)
{
	text_add_bytes(t, &c, 1);
}

/* In decimal, with zeros in front to make at least `digits` digits. */
void text_add_uint(struct text *t, uint64_t value, int digits);

/* 2001-02-03T04:05:06.789Z; `wall_ms` counts from the epoch, not below 0. */
void text_add_utc(struct text *t, int64_t wall_ms);

/* [03/Feb/2001:04:05:06.789], local time, as HAProxy writes it. */
void text_add_local(struct text *t, int64_t wall_ms);

/*
 * `s` in double quotes, as JSON wants it, which logfmt reads too: quotes and
 * backslashes escaped, control characters and bytes that are no UTF-8 as
 * \u00XX. What would not leave `keep` bytes of room is cut off, whole
 * characters only.
 */
void text_add_quoted(struct text *t, const char *s, size_t keep);

/* As printf, for what no connection pays for; what does not fit is cut off. */
__attribute__((format(printf, 2, 3))) void text_printf(
    struct text *t, const char *format, ...);

/* Puts the zero byte; returns the length. */
static inline size_t text_end(struct text *t)
{
	t->bytes[t->len] = '\0';
	return t->len;
}

#endif
