/*
 * value_slip.h: the common slips in a value, and what was perhaps meant.
 *
 * Each function looks at a text that is no value of its type. True: the slip
 * is known, and `*out` names it with its remedy.
 */
#ifndef SETTINGS_VALUE_SLIP_H
#define SETTINGS_VALUE_SLIP_H

#include <stdbool.h>

#include "settings/value_error.h"

/* Any value: quotes, `=` in front. */
bool slip_of_any(const char *text, struct value_error *out);

/* A value that is bad already: `;` behind. */
void slip_of_end(const char *text, struct value_error *out);

/* off, none, never, where 0 is that. */
bool slip_of_none(const char *text, struct value_error *out);

/* None, never, OFF, where off is that. */
bool slip_of_off(const char *text, struct value_error *out);

/* 10 s, 5sec, 1.5s; 64kb, 16MB. */
bool slip_of_time(const char *text, struct value_error *out);
bool slip_of_size(const char *text, struct value_error *out);

/* What has a slash, but is a URL or has a prefix length. */
bool slip_of_path(const char *text, struct value_error *out);

/* An address with a port: no port, a bad one, no brackets, a name where none
 * is `looked_up`. */
bool slip_of_address(const char *text, bool looked_up, struct value_error *out);

/* METHOD /TARGET: no method, or an HTTP version behind it. */
bool slip_of_request(const char *text, struct value_error *out);

/* An address without a port. */
bool slip_of_host(const char *text, struct value_error *out);

/* ADDRESS/BITS, and ranges of addresses. */
bool slip_of_network(const char *text, struct value_error *out);

#endif
