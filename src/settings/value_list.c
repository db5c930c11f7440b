/*
 * value_list.c: values that are lists of words or pairs, in fixed arrays.
 *
 * A list that may be repeated has a word of its own for "empty", so that a
 * profile's list can be emptied, and --show-config can say so.
 */
#include "settings/value.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/scan.h"
#include "policy/clients.h"
#include "policy/request.h"
#include "settings/option_table.h"

static const char at_most_16[] = "at most 16 of them";

_Static_assert(REQUEST_LIST_MAX == 16, "at_most_16 says how many");

static bool reject(struct value_error *out, const char *wrong,
    const char *expected)
{
	*out = (struct value_error){wrong, expected};
	return false;
}

/* The next word of `*text`, which moves on; no bytes: there is none. */
static struct request_word next_word(const char **text)
{
	const char *start = *text + strspn(*text, " ");
	size_t len = strcspn(start, " ");

	*text = start + len;
	return (struct request_word){start, len};
}

static bool word_is(const struct request_word *w, const char *text)
{
	return strlen(text) == w->bytes &&
	    strncasecmp(w->text, text, w->bytes) == 0;
}

/* A token of RFC 9110, 5.6.2; `letters` are those that may be in it. */
static bool is_token(const struct request_word *w, const char *letters)
{
	for (size_t i = 0; i < w->bytes; i++)
		if (!strchr(letters, w->text[i]))
			return false;
	return w->bytes > 0;
}

/* Appends the words of `text` to `list`, each but once. */
static bool add_words(const char *text, struct request_word *list,
    size_t *count, bool (*check)(const struct request_word *w,
			 struct value_error *out),
    struct value_error *out)
{
	struct request_word w;
	size_t i;

	for (w = next_word(&text); w.bytes > 0; w = next_word(&text)) {
		if (!check(&w, out))
			return false;
		for (i = 0; i < *count; i++)
			if (list[i].bytes == w.bytes &&
			    memcmp(list[i].text, w.text, w.bytes) == 0)
				break;
		if (i == REQUEST_LIST_MAX)
			return reject(out, "is one too many", at_most_16);
		list[i] = w;
		*count += i == *count;
	}
	return true;
}

static void print_words(const struct option *o,
    const struct request_word *list, size_t count, const char *none, FILE *to)
{
	if (count == 0)
		fprintf(to, "%s %s\n", o->name, none);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "%s %.*s\n", o->name, (int)list[i].bytes,
		    list[i].text);
}

/* ---- allow-method ---- */

static void clear_methods(void *field)
{
	((struct request_conf *)field)->method_count = 0;
}

static bool check_method(const struct request_word *w, struct value_error *out)
{
	if (!is_token(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"))
		return reject(out, "is not a method",
		    "methods in capital letters, like GET, or any");
	if (word_is(w, "CONNECT"))
		return reject(out, "cannot be allowed",
		    "a method other than CONNECT");
	return true;
}

static bool set_methods(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct request_conf *r = field;

	(void)o;
	if (strcmp(text, "any") != 0)
		return add_words(text, r->methods, &r->method_count,
		    check_method, out);
	clear_methods(field);
	return true;
}

static void print_methods(const struct option *o, const void *field, FILE *to)
{
	const struct request_conf *r = field;

	print_words(o, r->methods, r->method_count, "any", to);
}

const struct value_type value_methods = {
    .set = set_methods, .print = print_methods, .clear = clear_methods};

/* ---- strip-header ---- */

static void clear_strip(void *field)
{
	((struct request_conf *)field)->strip_count = 0;
}

static bool check_field(const struct request_word *w, struct value_error *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789!#$%&'*+-.^_`|~";
	static const char *const needed[] = {"Host", "Connection",
	    "Content-Length", "Transfer-Encoding"};

	if (!is_token(w, letters))
		return reject(out, "is not a field name",
		    "names without colon, like Cookie, or off");
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (word_is(w, needed[i]))
			return reject(out, "cannot be stripped",
			    "a field other than Host, Connection, "
			    "Content-Length and Transfer-Encoding");
	return true;
}

static bool set_strip(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct request_conf *r = field;

	(void)o;
	if (strcmp(text, "off") != 0)
		return add_words(text, r->strip, &r->strip_count, check_field,
		    out);
	clear_strip(field);
	return true;
}

static void print_strip(const struct option *o, const void *field, FILE *to)
{
	const struct request_conf *r = field;

	print_words(o, r->strip, r->strip_count, "off", to);
}

const struct value_type value_strip = {
    .set = set_strip, .print = print_strip, .clear = clear_strip};

/* ---- answer ---- */

static void clear_answers(void *field)
{
	((struct request_conf *)field)->answer_count = 0;
}

/* Those that make sense without a body or further fields. */
static bool is_status(int64_t n)
{
	return n == 200 || n == 204 || (n >= 400 && n <= 599);
}

static bool add_answer(struct request_conf *r, const char *text,
    struct value_error *out)
{
	struct request_answer a = {.path = next_word(&text)};
	int64_t status;

	if (a.path.text[0] != '/')
		return reject(out, "is not a path and a status",
		    "/PATH STATUS, like /favicon.ico 404");
	text += strspn(text, " ");
	if (scan_number(text, &status) != SCAN_OK || !is_status(status))
		return reject(out, "has no such status",
		    "/PATH STATUS with a status of 200, 204 or 400 to 599");
	a.status = (int)status;
	for (size_t i = 0; i < r->answer_count; i++)
		if (r->answers[i].path.bytes == a.path.bytes &&
		    memcmp(r->answers[i].path.text, a.path.text,
			a.path.bytes) == 0)
			return reject(out, "is answered twice",
			    "each path once");
	if (r->answer_count == REQUEST_LIST_MAX)
		return reject(out, "is one too many", at_most_16);
	r->answers[r->answer_count++] = a;
	return true;
}

static bool set_answers(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	(void)o;
	if (strcmp(text, "off") != 0)
		return add_answer(field, text, out);
	clear_answers(field);
	return true;
}

static void print_answers(const struct option *o, const void *field, FILE *to)
{
	const struct request_conf *r = field;

	if (r->answer_count == 0)
		fprintf(to, "%s off\n", o->name);
	for (size_t i = 0; i < r->answer_count; i++)
		fprintf(to, "%s %.*s %d\n", o->name,
		    (int)r->answers[i].path.bytes, r->answers[i].path.text,
		    r->answers[i].status);
}

const struct value_type value_answers = {
    .set = set_answers, .print = print_answers, .clear = clear_answers};

/* ---- request-limit ---- */

enum { LIMIT_MAX = 1000000 };

static bool set_limit(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	const char *slash = strchr(text, '/');
	struct clients_conf *c = field;
	char number[SCAN_TEXT_MAX];
	int64_t count, ms;

	if (strcmp(text, "0") == 0) {
		c->request_limit = 0;
		return true;
	}
	if (!slash || slash - text >= SCAN_TEXT_MAX)
		return reject(out, "is not a limit", NULL);
	memcpy(number, text, (size_t)(slash - text));
	number[slash - text] = '\0';
	if (scan_number(number, &count) != SCAN_OK || count < 1 ||
	    count > LIMIT_MAX)
		return reject(out, "has no such number", NULL);
	if (scan_time(slash + 1, &ms) != SCAN_OK || ms < o->min || ms > o->max)
		return reject(out, "has no such time", NULL);
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
