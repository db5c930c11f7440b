/*
 * field.c: the words still possible are a set of bits, and every byte can
 * only clear some. Most names differ early, so most bytes find no bit set.
 */
#include "policy/field.h"

static char lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		c |= 0x20;
	return c;
}

void field_begin(struct field *f, unsigned int count)
{
	f->alive = (uint8_t)((1u << count) - 1);
	f->at = 0;
}

void field_byte(struct field *f, const char *const words[], char c)
{
	unsigned int i;

	if (f->alive == 0)
		return;
	/* A zero byte would fit the end of a word, and run past it. */
	if (c == '\0')
		f->alive = 0;
	for (i = 0; f->alive >> i; i++)
		if ((f->alive >> i & 1) && words[i][f->at] != lower(c))
			f->alive &= (uint8_t)~(1u << i);
	f->at++;
}

int field_end(const struct field *f, const char *const words[])
{
	int i;

	for (i = 0; f->alive >> i; i++)
		if ((f->alive >> i & 1) && words[i][f->at] == '\0')
			return i;
	return -1;
}
