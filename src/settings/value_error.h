/*
 * value_error.h: why a text is no value: "`value` WRONG: expected EXPECTED".
 */
#ifndef SETTINGS_VALUE_ERROR_H
#define SETTINGS_VALUE_ERROR_H

#include <stdbool.h>

enum { VALUE_EXPECTED_MAX = 256 };

struct value_error {
	const char *wrong;
	char expected[VALUE_EXPECTED_MAX]; /* empty: what the option expects */
};

/* Sets `*out`; returns false. */
bool value_reject(struct value_error *out, const char *wrong);
__attribute__((format(printf, 3, 4))) bool value_reject_for(
    struct value_error *out, const char *wrong, const char *expected, ...);

#endif
