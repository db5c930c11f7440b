/* value.c: strict readings: the whole text or nothing. */
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const double us_per_s = 1e6;
static const double seconds_max = 1e9;

int value_whole(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)text[0]) && text[0] != '-')
		return -EINVAL;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

int value_decimal(const char *text, double min, double max, double *out)
{
	char *end;
	double n;

	if (text[strspn(text, "-.0123456789")] != '\0' || text[0] == '\0')
		return -EINVAL;
	n = strtod(text, &end);
	if (*end != '\0' || n < min || n > max)
		return -EINVAL;
	*out = n;
	return 0;
}

int value_seconds(const char *text, int64_t *out_us)
{
	double s;

	if (value_decimal(text, 0, seconds_max, &s) < 0)
		return -EINVAL;
	*out_us = (int64_t)(s * us_per_s + 0.5);
	return 0;
}

int value_word(const char *text, const char *words)
{
	size_t len = strlen(text);
	int index = 0;

	for (const char *w = words; w != NULL; w = strchr(w, '|'), index++) {
		w += *w == '|';
		if (len > 0 && strncmp(w, text, len) == 0 &&
		    (w[len] == '|' || w[len] == '\0'))
			return index;
	}
	return -EINVAL;
}
