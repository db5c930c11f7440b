/*
 * field.h: which of a few words is this? Asked a byte at a time.
 *
 * For header field names and directives, without case. The words are given
 * in lower case; at most 8 of them.
 */
#ifndef POLICY_FIELD_H
#define POLICY_FIELD_H

#include <stdint.h>

struct field {
	uint8_t alive; /* words that still fit, a bit each */
	uint8_t at;    /* bytes so far */
};

/* Begins a word; `count` words are candidates. */
void field_begin(struct field *f, unsigned int count);

/* Takes the next byte of the word. */
void field_byte(struct field *f, const char *const words[], char c);

/* The word is over: its index, or -1. */
int field_end(const struct field *f, const char *const words[]);

#endif
