/*
 * value.c: numbers, words, and the few values with a form of their own.
 */
#include "settings/value.h"

#include <inttypes.h>
#include <string.h>

#include "base/scan.h"
#include "policy/device.h"
#include "settings/option_table.h"
#include "sys/log.h"

static const char no_number[] = "is not a number";
static const char no_time[] = "is not a time";
static const char no_size[] = "is not a size";

static bool reject(struct value_error *out, const char *wrong)
{
	*out = (struct value_error){.wrong = wrong};
	return false;
}

/* What all numbers share: understood, and within bounds? `n` is a pointer,
 * as arguments are computed in no order. */
static bool judge(const struct option *o, enum scan_verdict v,
    const int64_t *n, const char *malformed, struct value_error *out)
{
	if (v == SCAN_MALFORMED)
		return reject(out, malformed);
	if (v == SCAN_NO_UNIT)
		return reject(out, "has no unit");
	if (v == SCAN_TOO_LARGE || *n > o->max)
		return reject(out, "is too large");
	if (*n < o->min)
		return reject(out, "is too small");
	return true;
}

static bool set_number(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int64_t n;

	if (!judge(o, scan_number(text, &n), &n, no_number, out))
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
	int64_t ms;

	if (!judge(o, scan_time(text, &ms), &ms, no_time, out))
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

static void expect_time(const struct option *o, FILE *to)
{
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	fprintf(to, "a time from %s to %s, with its unit: ms, s, m, h or d",
	    scan_print_time(o->min, min), scan_print_time(o->max, max));
}

const struct value_type value_time = {
    .set = set_time, .print = print_time, .expect = expect_time};

/* Memory beyond what a size_t can hold is refused. */
static int64_t largest_size(const struct option *o)
{
	size_t most = SIZE_MAX;
	uint64_t max = (uint64_t)o->max;

	return (int64_t)(max < most ? max : most);
}

static bool set_size(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	int64_t bytes;

	if (!judge(o, scan_size(text, &bytes), &bytes, no_size, out))
		return false;
	if (bytes > largest_size(o))
		return reject(out, "is too large");
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

static void print_number_or_word(const struct option *o, const void *field,
    FILE *to)
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

static void print_size_or_word(const struct option *o, const void *field,
    FILE *to)
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
static int find_word(const struct option *o, const char *text,
    struct value_error *out)
{
	for (int i = 0; o->words[i]; i++)
		if (strcmp(o->words[i], text) == 0)
			return i;
	reject(out, "is not known");
	return -1;
}

static void expect_word(const struct option *o, FILE *to)
{
	for (int i = 0; o->words[i]; i++)
		fprintf(to, "%s%s",
		    i == 0 ? "" : o->words[i + 1] ? ", " : " or ",
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

static void print_text(const struct option *o, const void *field, FILE *to)
{
	const char *text = *(const char *const *)field;

	fprintf(to, "%s %s\n", o->name, text ? text : "off");
}

const struct value_type value_word = {
    .set = set_word, .print = print_text, .expect = expect_word};

enum { NAME_MAX_BYTES = 100 };

/* It stands in log lines, and in labels of metrics. */
static bool set_name(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	(void)o;
	if (strlen(text) > NAME_MAX_BYTES)
		return reject(out, "is too long");
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 127 || strchr("\"=\\", *c))
			return reject(out, "is not a name");
	*(const char **)field = strcmp(text, "auto") == 0 ? NULL : text;
	return true;
}

static void print_name(const struct option *o, const void *field, FILE *to)
{
	const char *name = *(const char *const *)field;

	fprintf(to, "%s %s\n", o->name, name ? name : "auto");
}

static void expect_name(const struct option *o, FILE *to)
{
	(void)o;
	fprintf(to,
	    "a name of at most %d printable characters without blanks, "
	    "quotes, = and \\",
	    NAME_MAX_BYTES);
}

const struct value_type value_name = {
    .set = set_name, .print = print_name, .expect = expect_name};

/* In octal, as for chmod. */
static bool set_mode(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	unsigned int *mode = field;
	size_t digits = strspn(text, "01234567");
	unsigned int n = 0;

	if (strcmp(text, o->words[0]) == 0) {
		*mode = 0;
		return true;
	}
	for (size_t i = 0; i < digits && n <= o->max; i++)
		n = n * 8 + (unsigned int)(text[i] - '0');
	if (text[digits] != '\0' || n == 0 || n > o->max)
		return reject(out, "is not a mode");
	*mode = n;
	return true;
}

static void print_mode(const struct option *o, const void *field, FILE *to)
{
	const unsigned int *mode = field;

	if (*mode == 0)
		fprintf(to, "%s %s\n", o->name, o->words[0]);
	else
		fprintf(to, "%s %04o\n", o->name, *mode);
}

static void expect_mode(const struct option *o, FILE *to)
{
	fprintf(to, "%s, or permissions in octal up to %04o, like 0660",
	    o->words[0], (unsigned int)o->max);
}

const struct value_type value_mode = {
    .set = set_mode, .print = print_mode, .expect = expect_mode};

static bool set_path(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	(void)o;
	(void)out;
	*(const char **)field = strcmp(text, "off") == 0 ? NULL : text;
	return true;
}

const struct value_type value_path = {.set = set_path, .print = print_text};

/* METHOD, one space, a target without spaces that begins with a slash. */
static bool is_request(const char *text)
{
	size_t method = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return method > 0 && text[method] == ' ' && text[method + 1] == '/' &&
	    strpbrk(text + method + 1, " \t") == NULL;
}

static bool set_probe(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	if (strcmp(text, "off") != 0 && !is_request(text))
		return reject(out, "is not a request");
	if (strlen(text) > (size_t)o->max)
		return reject(out, "is too long");
	return set_path(o, field, text, out);
}

const struct value_type value_probe = {.set = set_probe, .print = print_text};

static bool set_log(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct log_conf *log = field;

	(void)o;
	if (strcmp(text, "stderr") == 0)
		log->target = LOG_TO_STDERR;
	else if (strcmp(text, "syslog") == 0)
		log->target = LOG_TO_SYSLOG;
	else if (!strchr(text, '/'))
		return reject(out, "is not known, and no path");
	else
		*log = (struct log_conf){LOG_TO_FILE, text, log->level};
	return true;
}

static void print_log(const struct option *o, const void *field, FILE *to)
{
	const struct log_conf *log = field;

	fprintf(to, "%s %s\n", o->name,
	    log->target == LOG_TO_STDERR       ? "stderr"
		: log->target == LOG_TO_SYSLOG ? "syslog"
					       : log->path);
}

const struct value_type value_log = {.set = set_log, .print = print_log};

/* Copies what stands before `mark`. Returns what follows it, or NULL. */
static const char *cut(const char *text, const char *mark,
    char out_first[SCAN_TEXT_MAX])
{
	const char *at = strstr(text, mark);

	if (!at || at - text >= SCAN_TEXT_MAX)
		return NULL;
	memcpy(out_first, text, (size_t)(at - text));
	out_first[at - text] = '\0';
	return at + strlen(mark);
}

static bool set_backoff(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct device_conf *d = field;
	char first[SCAN_TEXT_MAX];
	const char *last = cut(text, "..", first);
	int64_t min_ms, max_ms;

	if (!last)
		return reject(out, "is not a range");
	if (!judge(o, scan_time(first, &min_ms), &min_ms, no_time, out) ||
	    !judge(o, scan_time(last, &max_ms), &max_ms, no_time, out))
		return false;
	if (min_ms > max_ms)
		return reject(out, "ends before it begins");
	d->probe_min_ms = min_ms;
	d->probe_max_ms = max_ms;
	return true;
}

static void print_backoff(const struct option *o, const void *field, FILE *to)
{
	const struct device_conf *d = field;
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	fprintf(to, "%s %s..%s\n", o->name,
	    scan_print_time(d->probe_min_ms, min),
	    scan_print_time(d->probe_max_ms, max));
}

static void expect_backoff(const struct option *o, FILE *to)
{
	fprintf(to, "FIRST..LONGEST, each ");
	expect_time(o, to);
}

const struct value_type value_backoff = {
    .set = set_backoff, .print = print_backoff, .expect = expect_backoff};

enum { SILENCES_MAX = 1000 };

/* SILENCES, SILENCES,TIME or TIME: a number is silences, a unit makes it a
 * time. */
static bool set_down(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct device_conf *d = field;
	char first[SCAN_TEXT_MAX];
	const char *refused = cut(text, ",", first);
	const char *silences = refused ? first : text;
	int64_t count = 0, ms = 0;

	if (!refused && scan_number(text, &count) == SCAN_MALFORMED) {
		refused = text;
		silences = "0";
	}
	if (scan_number(silences, &count) != SCAN_OK)
		return reject(out, no_number);
	if (count > SILENCES_MAX)
		return reject(out, "is too large");
	if (refused && !judge(o, scan_time(refused, &ms), &ms, no_time, out))
		return false;
	d->down_silences = (unsigned int)count;
	d->down_refused_ms = ms;
	return true;
}

static void print_down(const struct option *o, const void *field, FILE *to)
{
	const struct device_conf *d = field;
	char text[SCAN_TEXT_MAX];

	fprintf(to, "%s %u", o->name, d->down_silences);
	if (d->down_refused_ms > 0)
		fprintf(to, ",%s", scan_print_time(d->down_refused_ms, text));
	putc('\n', to);
}

static void expect_down(const struct option *o, FILE *to)
{
	char max[SCAN_TEXT_MAX];

	fprintf(to,
	    "SILENCES (up to %d), TIME of refusals (up to %s), or "
	    "SILENCES,TIME",
	    SILENCES_MAX, scan_print_time(o->max, max));
}

const struct value_type value_down = {
    .set = set_down, .print = print_down, .expect = expect_down};
