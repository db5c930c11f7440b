/*
 * value.c: numbers, times, sizes and words.
 */
#include "settings/value.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "settings/option.h"
#include "settings/value_slip.h"

static const char no_number[] = "is not a number";
static const char no_time[] = "is not a time";
static const char no_size[] = "is not a size";

/* `max` is the option's bound, or a nearer one. */
static bool judge(const struct option *o, enum scan_verdict v, int64_t n,
    int64_t max, struct value_error *out)
{
	if (v == SCAN_NO_UNIT)
		return value_reject(out, "has no unit");
	if (v == SCAN_TOO_LARGE || n > max)
		return value_reject(out, "is too large");
	return n >= o->min || value_reject(out, "is too small");
}

/* A word for what 0 stands for, where it may be 0. */
static bool is_none(
    const struct option *o, const char *text, struct value_error *out)
{
	return o->min == 0 && slip_of_none(text, out);
}

bool value_read_number(const struct option *o, const char *text, int64_t *out_n,
    struct value_error *out)
{
	int64_t n = 0;
	enum scan_verdict v = scan_number(text, &n);

	if (v == SCAN_MALFORMED)
		return !is_none(o, text, out) && value_reject(out, no_number);
	if (!judge(o, v, n, o->max, out))
		return false;
	*out_n = n;
	return true;
}

bool value_read_time(const struct option *o, const char *text, int64_t *out_ms,
    struct value_error *out)
{
	int64_t ms = 0;
	enum scan_verdict v = scan_time(text, &ms);

	if (v == SCAN_MALFORMED)
		return !is_none(o, text, out) && !slip_of_time(text, out) &&
		       value_reject(out, no_time);
	if (!judge(o, v, ms, o->max, out))
		return false;
	*out_ms = ms;
	return true;
}

/* Memory beyond what a size_t can hold is refused; in whole megabytes, for
 * those who read it. */
static int64_t largest_size(const struct option *o)
{
	size_t most = SIZE_MAX >> 20 << 20;
	uint64_t max = (uint64_t)o->max;

	return (int64_t)(max < most ? max : most);
}

bool value_read_size(const struct option *o, const char *text,
    int64_t *out_bytes, struct value_error *out)
{
	int64_t bytes = 0;
	enum scan_verdict v = scan_size(text, &bytes);

	if (v == SCAN_MALFORMED)
		return !is_none(o, text, out) && !slip_of_size(text, out) &&
		       value_reject(out, no_size);
	if (!judge(o, v, bytes, largest_size(o), out))
		return false;
	*out_bytes = bytes;
	return true;
}

static bool set_number(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int64_t n = 0;

	if (!value_read_number(o, text, &n, out))
		return false;
	*(unsigned int *)field = (unsigned int)n;
	return true;
}

static void print_number(const struct option *o, const void *field, FILE *to)
{
	fprintf(to, "%s %u\n", o->name, *(const unsigned int *)field);
}

static void expect_number(const struct option *o, FILE *to)
{
	fprintf(to, "a number from %" PRId64 " to %" PRId64, o->min, o->max);
}

const struct value_type value_number = {
    .set = set_number, .print = print_number, .expect = expect_number};

static bool set_time(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int64_t ms = 0;

	if (!value_read_time(o, text, &ms, out))
		return false;
	*(int64_t *)field = ms;
	return true;
}

static void print_time(const struct option *o, const void *field, FILE *to)
{
	char text[SCAN_TEXT_MAX];

	fprintf(to, "%s %s\n", o->name,
	    scan_print_time(*(const int64_t *)field, text));
}

void value_expect_time(const struct option *o, FILE *to)
{
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	fprintf(to, "a time from %s to %s, with its unit: ms, s, m, h or d",
	    scan_print_time(o->min, min), scan_print_time(o->max, max));
}

const struct value_type value_time = {
    .set = set_time, .print = print_time, .expect = value_expect_time};

static bool set_size(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int64_t bytes = 0;

	if (!value_read_size(o, text, &bytes, out))
		return false;
	*(size_t *)field = (size_t)bytes;
	return true;
}

static void print_size(const struct option *o, const void *field, FILE *to)
{
	char text[SCAN_TEXT_MAX];

	fprintf(to, "%s %s\n", o->name,
	    scan_print_size((int64_t) * (const size_t *)field, text));
}

static void expect_size(const struct option *o, FILE *to)
{
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	fprintf(to, "a size from %s to %s, in bytes or with k, m or g",
	    scan_print_size(o->min, min),
	    scan_print_size(largest_size(o), max));
}

const struct value_type value_size = {
    .set = set_size, .print = print_size, .expect = expect_size};

/* ---- a number or a size, or the option's one word ---- */

static bool set_number_or_word(const struct option *o, void *field,
    const char *text, struct value_error *out)
{
	if (strcmp(text, o->words[0]) != 0)
		return set_number(o, field, text, out);
	*(unsigned int *)field = 0;
	return true;
}

static void print_number_or_word(
    const struct option *o, const void *field, FILE *to)
{
	if (*(const unsigned int *)field > 0)
		print_number(o, field, to);
	else
		fprintf(to, "%s %s\n", o->name, o->words[0]);
}

static void expect_number_or_word(const struct option *o, FILE *to)
{
	fprintf(to, "%s, or ", o->words[0]);
	expect_number(o, to);
}

const struct value_type value_number_or_word = {
    .set = set_number_or_word,
    .print = print_number_or_word,
    .expect = expect_number_or_word,
};

static bool set_size_or_word(const struct option *o, void *field,
    const char *text, struct value_error *out)
{
	if (strcmp(text, o->words[0]) != 0)
		return set_size(o, field, text, out);
	*(size_t *)field = SIZE_MAX;
	return true;
}

static void print_size_or_word(
    const struct option *o, const void *field, FILE *to)
{
	if (*(const size_t *)field < SIZE_MAX)
		print_size(o, field, to);
	else
		fprintf(to, "%s %s\n", o->name, o->words[0]);
}

static void expect_size_or_word(const struct option *o, FILE *to)
{
	fprintf(to, "%s, or ", o->words[0]);
	expect_size(o, to);
}

const struct value_type value_size_or_word = {
    .set = set_size_or_word,
    .print = print_size_or_word,
    .expect = expect_size_or_word,
};

/* The index of `text` among the option's words, or -1. */
static int find_word(
    const struct option *o, const char *text, struct value_error *out)
{
	int i = 0;

	while (o->words[i] && strcasecmp(o->words[i], text) != 0)
		i++;
	if (!o->words[i])
		value_reject(out, "is not known");
	else if (strcmp(o->words[i], text) != 0)
		value_reject_for(out, "has capitals", "%s", o->words[i]);
	else
		return i;
	return -1;
}

static void expect_word(const struct option *o, FILE *to)
{
	for (int i = 0; o->words[i]; i++)
		fprintf(to, "%s%s",
		    i == 0	      ? ""
		    : o->words[i + 1] ? ", "
				      : " or ",
		    o->words[i]);
}

static bool set_choice(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int i = find_word(o, text, out);

	if (i >= 0)
		*(int *)field = i;
	return i >= 0;
}

static void print_choice(const struct option *o, const void *field, FILE *to)
{
	fprintf(to, "%s %s\n", o->name, o->words[*(const int *)field]);
}

const struct value_type value_choice = {
    .set = set_choice, .print = print_choice, .expect = expect_word};

static bool set_switch(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int i = find_word(o, text, out);

	if (i >= 0)
		*(bool *)field = i == 1;
	return i >= 0;
}

static void print_switch(const struct option *o, const void *field, FILE *to)
{
	fprintf(to, "%s %s\n", o->name, o->words[*(const bool *)field]);
}

const struct value_type value_switch = {
    .set = set_switch, .print = print_switch, .expect = expect_word};

static bool set_word(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int i = find_word(o, text, out);

	if (i >= 0)
		*(const char **)field = o->words[i];
	return i >= 0;
}

static void print_word(const struct option *o, const void *field, FILE *to)
{
	const char *text = *(const char *const *)field;

	fprintf(to, "%s %s\n", o->name, text);
}

const struct value_type value_word = {
    .set = set_word, .print = print_word, .expect = expect_word};
