/*
 * scan.h: numbers as people write them: counts, times, sizes, and back.
 *
 * A number is digits and at most one unit: no sign, no fraction, no sum.
 * A time other than 0 needs its unit. What is printed reads back the same.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <stdint.h>

enum {
	SCAN_TEXT_MAX = 24, /* room for any printed number, its unit, a zero */
	SCAN_FAR = 100,	    /* the distance of words too unlike to count */
};

enum scan_verdict {
	SCAN_OK,
	SCAN_MALFORMED,
	SCAN_NO_UNIT,	/* a number, but of what? */
	SCAN_TOO_LARGE, /* for an int64_t */
};

/* The results are written with SCAN_OK only. */
enum scan_verdict scan_number(const char *text, int64_t *out_number);

/* Units: ms s m h d. */
enum scan_verdict scan_time(const char *text, int64_t *out_ms);

/* Bytes, or with a unit: k (1024) m g. */
enum scan_verdict scan_size(const char *text, int64_t *out_bytes);

/* Prints a number that is not negative with the largest unit that leaves it
 * whole; returns `out_text`. */
const char *scan_print_time(int64_t ms, char out_text[SCAN_TEXT_MAX]);
const char *scan_print_size(int64_t bytes, char out_text[SCAN_TEXT_MAX]);

/* How many slips of the hand (a letter too many, missing, wrong, or two
 * swapped) lie between two words; SCAN_FAR when one is very long. */
unsigned int scan_distance(const char *a, const char *b);

#endif
