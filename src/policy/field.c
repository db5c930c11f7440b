/*
 * field.c: a word is compared once, when it is over.
 */
#include "policy/field.h"

#include <endian.h>
#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool field_same(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

/* The lowest byte found is a control: of those above it the subtraction may
 * have borrowed. */
const char *field_plain_end(const char *at, const char *end)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t x, del, controls;

	for (; end - at >= 8; at += 8) {
		memcpy(&x, at, 8);
		x = le64toh(x);
		del = x ^ ones * 0x7f;
		controls = (((x - ones * 0x20) & ~x) | ((del - ones) & ~del)) &
			   ones * 0x80;
		if (controls)
			return at + __builtin_ctzll(controls) / 8;
	}
	return at;
}

void field_add(struct field *f, const char *data, size_t len)
{
	size_t room = FIELD_MAX - (size_t)f->len;

	if (len > room)
		len = room;
	memcpy(f->text + f->len, data, len);
	f->len = (uint8_t)(f->len + len);
}

/* Four or eight bytes at once. A letter of the word has the bit 0x40, no other
 * byte of it has, and where it is set 0x20 is the letter's case. */
static inline bool same_at_once(
    const char *text, const char *word, size_t bytes)
{
	uint64_t x = 0, y = 0;

	memcpy(&x, text, bytes);
	memcpy(&y, word, bytes);
	return ((x ^ y) & ~(y >> 1 & UINT64_MAX / 255 * 0x20)) == 0;
}

static bool is_word(const char *text, const struct field_word *w)
{
	size_t i, len = w->len;

	if (len < 4)
		return field_same(text, w->text, len);
	if (len < 8)
		return same_at_once(text, w->text, 4) &&
		       same_at_once(text + len - 4, w->text + len - 4, 4);
	for (i = 0; i + 8 < len; i += 8)
		if (!same_at_once(text + i, w->text + i, 8))
			return false;
	return same_at_once(text + len - 8, w->text + len - 8, 8);
}

int field_find(struct field_text t, const struct field_word words[])
{
	const struct field_word *w = words;

	if (t.len >= FIELD_MAX)
		return -1;
	while (w->len < t.len)
		w++;
	for (; w->len == t.len; w++)
		if (is_word(t.at, w))
			return (int)(w - words);
	return -1;
}

bool field_begins(struct field_text t, const char *prefix, size_t len)
{
	return t.len >= len && field_same(t.at, prefix, len);
}
