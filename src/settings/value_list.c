/*
 * value_list.c: values that are lists of words or pairs, in fixed arrays.
 *
 * A list that may be repeated has a word of its own for "empty", so that a
 * profile's list can be emptied, and --show-config can say so.
 */
#include "settings/value.h"

#include <string.h>
#include <strings.h>

#include "policy/request.h"
#include "settings/option.h"

static bool too_many(struct value_error *out)
{
	return value_reject_for(
	    out, "is one too many", "at most %d of them", REQUEST_LIST_MAX);
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
    size_t *count,
    bool (*check)(const struct request_word *w, struct value_error *out),
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
			return too_many(out);
		list[i] = w;
		*count += i == *count;
	}
	return true;
}

static void print_words(const struct option *o, const struct request_word *list,
    size_t count, const char *none, FILE *to)
{
	if (count == 0)
		fprintf(to, "%s %s\n", o->name, none);
	for (size_t i = 0; i < count; i++)
		fprintf(
		    to, "%s %.*s\n", o->name, (int)list[i].bytes, list[i].text);
}

/* ---- allow-method ---- */

static void clear_methods(void *field)
{
	((struct request_conf *)field)->method_count = 0;
}

static bool check_method(const struct request_word *w, struct value_error *out)
{
	if (!is_token(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"))
		return value_reject_for(out, "is not a method",
		    "methods in capital letters, like GET, or any");
	if (w->bytes >= FIELD_MAX)
		return value_reject_for(out, "is too long",
		    "a method of at most %d letters", FIELD_MAX - 1);
	if (word_is(w, "CONNECT"))
		return value_reject_for(
		    out, "cannot be allowed", "a method other than CONNECT");
	return true;
}

static bool set_methods(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct request_conf *r = field;

	(void)o;
	if (strcmp(text, "any") != 0)
		return add_words(
		    text, r->methods, &r->method_count, check_method, out);
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
	static const char *const needed[] = {
	    "Host", "Connection", "Content-Length", "Transfer-Encoding"};

	if (!is_token(w, letters))
		return value_reject_for(out, "is not a field name",
		    "names without colon, like Cookie, or off");
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (word_is(w, needed[i]))
			return value_reject_for(out, "cannot be stripped",
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
		return add_words(
		    text, r->strip, &r->strip_count, check_field, out);
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

static bool add_answer(
    struct request_conf *r, const char *text, struct value_error *out)
{
	struct request_answer a = {.path = next_word(&text)};
	int64_t status;

	if (a.path.text[0] != '/')
		return value_reject_for(out, "is not a path and a status",
		    "/PATH STATUS, like /favicon.ico 404");
	text += strspn(text, " ");
	if (scan_number(text, &status) != SCAN_OK || !is_status(status))
		return value_reject_for(out, "has no valid status",
		    "/PATH STATUS with a status of 200, 204 or 400 to 599");
	a.status = (int)status;
	for (size_t i = 0; i < r->answer_count; i++)
		if (r->answers[i].path.bytes == a.path.bytes &&
		    memcmp(r->answers[i].path.text, a.path.text,
			a.path.bytes) == 0)
			return value_reject_for(
			    out, "is answered twice", "each path once");
	if (r->answer_count == REQUEST_LIST_MAX)
		return too_many(out);
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
