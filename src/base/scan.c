/*
 * scan.c: one reader for all numbers; what differs is the table of units.
 */
#include "base/scan.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 32 };

struct unit {
	const char *name;
	int64_t factor;
};

/* From small to large. */
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit times[] = {{"ms", 1}, {"s", 1000}, {"m", 60000},
    {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {NULL, 0}};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static enum scan_verdict scan(
    const char *text, const struct unit *units, int64_t *out)
{
	int64_t n = 0;

	if (!is_digit(*text))
		return SCAN_MALFORMED;
	for (; is_digit(*text); text++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *text - '0', &n))
			return SCAN_TOO_LARGE;
	while (units->name && strcmp(units->name, text) != 0)
		units++;
	if (!units->name && (*text != '\0' || n > 0))
		return *text == '\0' ? SCAN_NO_UNIT : SCAN_MALFORMED;
	if (units->name && __builtin_mul_overflow(n, units->factor, &n))
		return SCAN_TOO_LARGE;
	*out = n;
	return SCAN_OK;
}

enum scan_verdict scan_number(const char *text, int64_t *out_number)
{
	return scan(text, no_units, out_number);
}

enum scan_verdict scan_time(const char *text, int64_t *out_ms)
{
	return scan(text, times, out_ms);
}

enum scan_verdict scan_size(const char *text, int64_t *out_bytes)
{
	return scan(text, sizes, out_bytes);
}

static const char *print(
    int64_t n, const struct unit *units, char out_text[SCAN_TEXT_MAX])
{
	const struct unit *best = units;

	for (; units->name; units++)
		if (n % units->factor == 0)
			best = units;
	snprintf(out_text, SCAN_TEXT_MAX, "%" PRId64 "%s", n / best->factor,
	    n > 0 ? best->name : "");
	return out_text;
}

const char *scan_print_time(int64_t ms, char out_text[SCAN_TEXT_MAX])
{
	return print(ms, times, out_text);
}

const char *scan_print_size(int64_t bytes, char out_text[SCAN_TEXT_MAX])
{
	return print(bytes, sizes, out_text);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: d[i][j] is the distance of the first i letters
 * of `a` from the first j of `b`. */
unsigned int scan_distance(const char *a, const char *b)
{
	unsigned int a_len = (unsigned int)strlen(a);
	unsigned int b_len = (unsigned int)strlen(b);
	unsigned char d[WORD_MAX + 1][WORD_MAX + 1];
	unsigned int i, j, best;

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return SCAN_FAR;
	for (i = 0; i <= a_len; i++)
		d[i][0] = (unsigned char)i;
	for (j = 0; j <= b_len; j++)
		d[0][j] = (unsigned char)j;
	for (i = 1; i <= a_len; i++) {
		for (j = 1; j <= b_len; j++) {
			best = least(d[i - 1][j], d[i][j - 1]) + 1;
			best = least(
			    best, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				best = least(best, d[i - 2][j - 2] + 1u);
			d[i][j] = (unsigned char)best;
		}
	}
	return d[a_len][b_len];
}
