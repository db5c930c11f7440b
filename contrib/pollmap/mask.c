/*
 * mask.c: see mask.h.
 */
#include <stdio.h>
#include <strings.h>

#include "mask.h"

static const struct {
	unsigned bit;
	const char *name;
} flags[] = {
	{POLLIN, "IN"},
	{POLLPRI, "PRI"},
	{POLLOUT, "OUT"},
	{POLLERR, "ERR"},
	{POLLHUP, "HUP"},
	{POLLNVAL, "NVAL"},
	{POLLRDHUP, "RDHUP"},
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

const char *mask_print(unsigned mask, char out_text[MASK_TEXT_MAX])
{
	int n = 0;

	out_text[0] = '\0';
	for (int i = 0; i < FLAGS; i++) {
		if (!(mask & flags[i].bit))
			continue;
		n += snprintf(out_text + n, MASK_TEXT_MAX - (size_t)n, "%s%s",
		    n ? " " : "", flags[i].name);
		mask &= ~flags[i].bit;
	}
	if (mask)
		snprintf(out_text + n, MASK_TEXT_MAX - (size_t)n, "%s%#x",
		    n ? " " : "", mask);
	return out_text;
}

unsigned mask_bit(const char *name)
{
	for (int i = 0; i < FLAGS; i++)
		if (strcasecmp(name, flags[i].name) == 0)
			return flags[i].bit;
	return 0;
}
