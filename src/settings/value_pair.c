/*
 * value_pair.c: two numbers in one value.
 */
#include "settings/value.h"

#include <string.h>

#include "policy/clients.h"
#include "policy/health.h"
#include "settings/option.h"

const char *value_cut(
    const char *text, const char *mark, char out_first[SCAN_TEXT_MAX])
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
	struct health_conf *d = field;
	char first[SCAN_TEXT_MAX];
	const char *last = value_cut(text, "..", first);
	int64_t min_ms, max_ms;

	if (!last)
		return value_reject(out, "is not a range");
	if (!value_read_time(o, first, &min_ms, out) ||
	    !value_read_time(o, last, &max_ms, out))
		return false;
	if (min_ms > max_ms)
		return value_reject(out, "ends before it begins");
	d->probe_min_ms = min_ms;
	d->probe_max_ms = max_ms;
	return true;
}

static void print_backoff(const struct option *o, const void *field, FILE *to)
{
	const struct health_conf *d = field;
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	fprintf(to, "%s %s..%s\n", o->name,
	    scan_print_time(d->probe_min_ms, min),
	    scan_print_time(d->probe_max_ms, max));
}

static void expect_backoff(const struct option *o, FILE *to)
{
	fputs("FIRST..LONGEST, each ", to);
	value_expect_time(o, to);
}

const struct value_type value_backoff = {
    .set = set_backoff, .print = print_backoff, .expect = expect_backoff};

enum { SILENCES_MAX = 1000 };

/* SILENCES, SILENCES,TIME or TIME: a number is silences, a unit makes it a
 * time. */
static bool set_down(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct health_conf *d = field;
	char first[SCAN_TEXT_MAX];
	const char *refused = value_cut(text, ",", first);
	const char *silences = refused ? first : text;
	int64_t count = 0, ms = 0;

	if (!refused && scan_number(text, &count) == SCAN_MALFORMED) {
		refused = text;
		silences = "0";
	}
	if (scan_number(silences, &count) != SCAN_OK)
		return value_reject(out, "is not a number");
	if (count > SILENCES_MAX)
		return value_reject(out, "is too large");
	if (refused && !value_read_time(o, refused, &ms, out))
		return false;
	d->down_silences = (unsigned int)count;
	d->down_refused_ms = ms;
	return true;
}

static void print_down(const struct option *o, const void *field, FILE *to)
{
	const struct health_conf *d = field;
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

/* ---- request-limit ---- */

enum { LIMIT_MAX = 1000000 };

static bool set_limit(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct clients_conf *c = field;
	char number[SCAN_TEXT_MAX];
	const char *time = value_cut(text, "/", number);
	int64_t count, ms;

	if (strcmp(text, "0") == 0) {
		c->request_limit = 0;
		return true;
	}
	if (!time)
		return value_reject(out, "is not a limit");
	if (scan_number(number, &count) != SCAN_OK || count < 1 ||
	    count > LIMIT_MAX)
		return value_reject(out, "has a bad number");
	if (!value_read_time(o, time, &ms, out))
		return false;
	c->request_limit = (unsigned int)count;
	c->request_limit_ms = ms;
	return true;
}

static void print_limit(const struct option *o, const void *field, FILE *to)
{
	const struct clients_conf *c = field;
	char time[SCAN_TEXT_MAX];

	if (c->request_limit == 0)
		fprintf(to, "%s 0\n", o->name);
	else
		fprintf(to, "%s %u/%s\n", o->name, c->request_limit,
		    scan_print_time(c->request_limit_ms, time));
}

static void expect_limit(const struct option *o, FILE *to)
{
	char min[SCAN_TEXT_MAX], max[SCAN_TEXT_MAX];

	fprintf(to,
	    "0, or NUMBER/TIME with a number from 1 to %d and a time from %s "
	    "to %s, like 30/1m",
	    LIMIT_MAX, scan_print_time(o->min, min),
	    scan_print_time(o->max, max));
}

const struct value_type value_limit = {
    .set = set_limit, .print = print_limit, .expect = expect_limit};
