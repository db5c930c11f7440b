/*
 * parse.c: the list of items, and how errors in them are reported.
 */
#include "settings/parse.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "settings/option_hint.h"
#include "sys/exit_status.h"

/* ---- the list ---- */

bool parse_make_room(struct parse *p, size_t more)
{
	struct parse_item *items =
	    realloc(p->items, (p->count + more) * sizeof(*items));

	if (!items)
		return false;
	p->items = items;
	p->room = p->count + more;
	return true;
}

void parse_fini(struct parse *p)
{
	free(p->items);
	p->items = NULL;
	p->count = 0;
}

const struct parse_item *parse_last(
    const struct parse *p, const struct option *o)
{
	const struct parse_item *last = NULL;
	const struct parse_item *end = p->items + p->count;

	for (const struct parse_item *it = p->items; it < end; it++)
		if (it->option == o && (!last || last->in_file || !it->in_file))
			last = it;
	return last;
}

bool parse_is_faulty(const struct parse *p, const struct option *o)
{
	const struct parse_item *end = p->items + p->count;

	for (const struct parse_item *it = p->items; it < end; it++)
		if (it->option == o && it->faulty)
			return true;
	return false;
}

/* ---- errors ---- */

const char *parse_quote(const char *text, char out_text[PARSE_QUOTE_MAX])
{
	static const char more[] = "...\"";
	size_t len = 0;

	out_text[len++] = '"';
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (len == PARSE_QUOTE_MAX - sizeof(more)) {
			memcpy(out_text + len, more, sizeof(more));
			return out_text;
		}
		out_text[len++] = c < ' ' || c == 127 ? '?' : (char)c;
	}
	out_text[len++] = '"';
	out_text[len] = '\0';
	return out_text;
}

__attribute__((format(printf, 4, 0))) static void report(struct parse *p,
    const struct parse_item *at, const char *level, const char *format,
    va_list args)
{
	fprintf(p->out, "sallyport: ");
	if (at->line > 0)
		fprintf(p->out, "%s:%u: ", p->file, at->line);
	else if (at->in_file)
		fprintf(p->out, "%s: ", p->file);
	fputs(level, p->out);
	if (at->operand)
		fprintf(p->out, "%s ", at->operand);
	else if (at->option)
		fprintf(
		    p->out, "%s%s ", at->in_file ? "" : "--", at->option->name);
	if (at->profile)
		fprintf(p->out, "(of profile %s) ", at->profile);
	vfprintf(p->out, format, args);
	putc('\n', p->out);
}

void parse_error(
    struct parse *p, const struct parse_item *at, const char *format, ...)
{
	va_list args;

	p->error_in_file |= at->in_file;
	p->error_in_flags |= !at->in_file;
	va_start(args, format);
	report(p, at, "", format, args);
	va_end(args);
}

/* Where the option called `name` was last set, or would be. */
static struct parse_item place_of(const struct parse *p, const char *name)
{
	const struct option *o = option_table_find(name);
	const struct parse_item *at = parse_last(p, o);
	struct parse_item place = {.option = o, .in_file = p->file != NULL};

	if (at)
		return *at;
	if (p->profile && o->value[option_table_profile(p->profile->value)]) {
		place = *p->profile;
		place.option = o;
		place.profile = place.value;
	}
	return place;
}

void parse_error_of(struct parse *p, const char *name, const char *format, ...)
{
	struct parse_item at = place_of(p, name);
	va_list args;

	p->error_in_file |= at.in_file;
	p->error_in_flags |= !at.in_file;
	va_start(args, format);
	report(p, &at, "", format, args);
	va_end(args);
}

void parse_system_error(
    struct parse *p, const char *name, int err, const char *format, ...)
{
	struct parse_item at = place_of(p, name);
	va_list args;

	if (p->system_status == 0)
		p->system_status = exit_status_of(err);
	va_start(args, format);
	report(p, &at, "", format, args);
	va_end(args);
}

void parse_warn(struct parse *p, const char *name, const char *format, ...)
{
	struct parse_item at = place_of(p, name);
	va_list args;

	va_start(args, format);
	report(p, &at, "warning: ", format, args);
	va_end(args);
}

int parse_status(const struct parse *p)
{
	if (p->error_in_file)
		return EX_CONFIG;
	return p->error_in_flags ? EX_USAGE : p->system_status;
}

/* As the name is written here: with dashes on the command line. */
static void report_unknown(struct parse *p, const struct parse_item *at,
    const char *quoted, const struct option *near, const char *others)
{
	const char *what = at->in_file ? "setting" : "option";
	const char *dashes = at->in_file ? "" : "--";

	if (near && (!at->in_file || near->command == COMMAND_NONE))
		parse_error(p, at, "unknown %s %s (did you mean %s%s%s?)", what,
		    quoted, dashes, near->name, others);
	else
		parse_error(p, at,
		    "unknown %s %s: expected one that --help lists", what,
		    quoted);
}

const struct option *parse_unknown(
    struct parse *p, const char *shown, unsigned int line)
{
	const struct parse_item at = {.in_file = line > 0, .line = line};
	const char *name = shown + strspn(shown, "-");
	const char *renamed = option_hint_renamed(name), *others = "";
	const struct option *near;
	char quoted[PARSE_QUOTE_MAX];

	parse_quote(shown, quoted);
	if (renamed) {
		parse_error(p, &at, "%s %s has a new name: expected %s%s",
		    line > 0 ? "setting" : "option", quoted,
		    line > 0 ? "" : "--", renamed);
		return option_table_find(renamed);
	}
	near = option_hint_elsewhere(name, &others);
	if (!near)
		near = option_hint_nearest(name);
	report_unknown(p, &at, quoted, near, others);
	return near;
}
