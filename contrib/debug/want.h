/*
 * want.h: what an action is expected to yield, as scripts write it.
 *
 *   3  -1  0..9     what the call returns, or a range of it
 *   ECONNRESET      it fails so; or, of a verb that names a value, that name
 *   {IN OUT}        exactly these flags
 *   {IN +}          these flags and perhaps more
 *   same            the flags last seen on this side
 *   !HUP            any flags but this one
 *   *               anything
 *
 * Pure.
 */
#ifndef DEBUG_WANT_H
#define DEBUG_WANT_H

#include "verb.h"

enum want_kind {
	WANT_ANY,
	WANT_RANGE,
	WANT_NAME,
	WANT_MASK,
	WANT_MASK_AT_LEAST,
	WANT_MASK_SAME,
	WANT_MASK_NOT
};

enum { WANT_TEXT_MAX = 64 };

struct want {
	enum want_kind kind;
	int low, high;
	unsigned mask;
	char text[WANT_TEXT_MAX]; /* as written */
};

/* Parses all of `text`. 0, or -1 and a sentence. */
int want_parse(const char *text, struct want *out, char out_why[WHY_MAX]);

/* `seen` are the flags last seen on the same side. */
bool want_met(const struct want *want, const struct outcome *got,
    unsigned seen);

/* Prints what would have met `got` exactly; "*" where it depends on the
 * machine. */
const char *want_print(const struct act *act, const struct outcome *got,
    char out_text[WANT_TEXT_MAX]);

#endif
