/* fault_args.c: items between commas, each read to its end. */
#include "fault_args.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "value.h"

bool args_next(
    const char **text, char out_key[ARG_MAX_LEN], char out_value[ARG_MAX_LEN])
{
	size_t len = strcspn(*text, ",");
	size_t key = strcspn(*text, ":,");

	if (len == 0 || len >= ARG_MAX_LEN)
		return false;
	snprintf(out_key, ARG_MAX_LEN, "%.*s", (int)key, *text);
	snprintf(out_value, ARG_MAX_LEN, "%.*s",
	    key < len ? (int)(len - key - 1) : 0, *text + key + (key < len));
	*text += len;
	*text += **text == ',' && (*text)[1] != '\0';
	return true;
}

int args_count(const char *text, unsigned int *out)
{
	int64_t n;

	if (value_whole(text, 1, ARG_COUNT_MAX, &n) < 0)
		return -EINVAL;
	*out = (unsigned int)n;
	return 0;
}

int args_ms(const char *text, int64_t *out_us)
{
	int64_t ms;

	if (value_whole(text, 0, ARG_COUNT_MAX, &ms) < 0)
		return -EINVAL;
	*out_us = ms * US_PER_MS;
	return 0;
}

int args_none(const char *text)
{
	return text[0] == '\0' ? 0 : -EINVAL;
}

int args_which(
    const char *text, int64_t min, int64_t *out_value, struct strikes *out)
{
	struct strikes which = strikes_all();
	char key[ARG_MAX_LEN], value[ARG_MAX_LEN];
	int64_t n = 0;

	if (out_value != NULL &&
	    (!args_next(&text, key, value) ||
		value_whole(key, min, ARG_COUNT_MAX, &n) < 0 ||
		value[0] != '\0'))
		return -EINVAL;
	if (args_next(&text, key, value) &&
	    strikes_read(key, value, NULL, &which) < 0)
		return -EINVAL;
	if (*text != '\0')
		return -EINVAL;
	if (out_value != NULL)
		*out_value = n;
	*out = which;
	return 0;
}
