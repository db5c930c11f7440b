/*
 * value_error.c: an error, put together.
 */
#include "settings/value_error.h"

#include <stdarg.h>
#include <stdio.h>

bool value_reject(struct value_error *out, const char *wrong)
{
	*out = (struct value_error){.wrong = wrong};
	return false;
}

bool value_reject_for(
    struct value_error *out, const char *wrong, const char *expected, ...)
{
	va_list args;

	*out = (struct value_error){.wrong = wrong};
	va_start(args, expected);
	vsnprintf(out->expected, sizeof(out->expected), expected, args);
	va_end(args);
	return false;
}
