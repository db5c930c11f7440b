/*
 * value_text.c: names, modes, paths, and the few texts with a form of their
 * own.
 */
#include "settings/value.h"

#include <string.h>

#include "settings/option.h"
#include "settings/value_slip.h"
#include "sys/log.h"

static void print_text(const struct option *o, const void *field, FILE *to)
{
	const char *text = *(const char *const *)field;

	fprintf(to, "%s %s\n", o->name, text ? text : "off");
}

enum { NAME_MAX_BYTES = 100 };

/* It stands in log lines, and in labels of metrics. */
static bool set_name(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	(void)o;
	if (strlen(text) > NAME_MAX_BYTES)
		return value_reject(out, "is too long");
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 127 || strchr("\"=\\", *c))
			return value_reject(out, "is not a name");
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
		return value_reject(out, "is not a mode");
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
		return !slip_of_request(text, out) &&
		       value_reject(out, "is not a request");
	if (strlen(text) > (size_t)o->max)
		return value_reject(out, "is too long");
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
		return value_reject_for(out, "is not known, and no path",
		    "stderr, syslog, or a path with a slash, like ./%s", text);
	else
		log->target = LOG_TO_FILE;
	log->path = text;
	return true;
}

static void print_log(const struct option *o, const void *field, FILE *to)
{
	const struct log_conf *log = field;

	fprintf(to, "%s %s\n", o->name,
	    log->target == LOG_TO_STDERR   ? "stderr"
	    : log->target == LOG_TO_SYSLOG ? "syslog"
					   : log->path);
}

const struct value_type value_log = {.set = set_log, .print = print_log};
