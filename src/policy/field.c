/*
 * field.c: a word is kept as it comes, as far as a known one could reach,
 * and compared once, when it is over.
 */
#include "policy/field.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool field_same(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len && lower(a[i]) == lower(b[i]);)
		i++;
	return i == len;
}

void field_add(struct field *f, const char *data, size_t len)
{
	size_t room = FIELD_MAX - (size_t)f->len;

	if (len > room)
		len = room;
	memcpy(f->text + f->len, data, len);
	f->len = (uint8_t)(f->len + len);
}

int field_find(const struct field *f, const struct field_word words[],
    int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (words[i].len == f->len &&
		    field_same(f->text, words[i].text, f->len))
			return i;
	return -1;
}

bool field_begins(const struct field *f, const char *prefix)
{
	size_t len = strlen(prefix);

	return f->len >= len && field_same(f->text, prefix, len);
}
