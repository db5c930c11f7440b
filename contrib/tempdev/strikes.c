/* strikes.c: a range or a rhythm, and a count. */
#include "strikes.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

enum { COUNT_MAX = 1000000000, TEXT_MAX = 16 };

static int read_count(const char *text, unsigned int *out)
{
	int64_t n;

	if (value_whole(text, 1, COUNT_MAX, &n) < 0)
		return -EINVAL;
	*out = (unsigned int)n;
	return 0;
}

static int read_range(const char *text, struct strikes *s)
{
	const char *dash = strchr(text, '-');
	char first[TEXT_MAX];

	if (dash == NULL) {
		if (read_count(text, &s->from) < 0)
			return -EINVAL;
		s->to = s->from;
		return 0;
	}
	snprintf(first, sizeof(first), "%.*s", (int)(dash - text), text);
	if (read_count(first, &s->from) < 0 || read_count(dash + 1, &s->to) < 0)
		return -EINVAL;
	return s->from <= s->to ? 0 : -EINVAL;
}

struct strikes strikes_all(void)
{
	return (struct strikes){.every = 1};
}

int strikes_read(
    const char *key, const char *value, const char *also, struct strikes *out)
{
	struct strikes s = {0};
	int err = -EINVAL;

	if (strcmp(key, "every") == 0)
		err = read_count(value, &s.every);
	else if (strcmp(key, "nth") == 0 ||
		 (also != NULL && strcmp(key, also) == 0))
		err = read_range(value, &s);
	if (err == 0)
		*out = s;
	return err;
}

bool strikes_next(struct strikes *s)
{
	if (s->every == 0 && s->to == 0)
		return false;
	s->seen++;
	if (s->every > 0)
		return s->seen % s->every == 0;
	return s->seen >= s->from && s->seen <= s->to;
}

bool strikes_are_left(const struct strikes *s)
{
	return s->every > 0 || s->seen < s->to;
}
