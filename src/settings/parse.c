/*
 * parse.c: from arguments and lines to a list of names and values.
 */
#include "settings/parse.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ---- faults ---- */

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

__attribute__((format(printf, 3, 0))) static void tell(struct parse *g,
    const struct given *at, const char *format, va_list args)
{
	g->fault_in_file |= at->in_file;
	g->fault_in_flags |= !at->in_file;
	if (at->line > 0)
		fprintf(g->faults, "%s:%u: ", g->file, at->line);
	else if (at->in_file)
		fprintf(g->faults, "%s: ", g->file);
	if (at->operand)
		fprintf(g->faults, "%s: ", at->operand);
	else if (at->option)
		fprintf(g->faults, "%s%s: ", at->in_file ? "" : "--",
		    at->option->name);
	vfprintf(g->faults, format, args);
	putc('\n', g->faults);
}

void parse_fault(struct parse *g, const struct given *at,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(g, at, format, args);
	va_end(args);
}

void parse_fault_of(struct parse *g, const struct option *o,
    const char *format, ...)
{
	const struct given *at = parse_last(g, o);
	struct given nowhere = {.option = o, .in_file = g->file != NULL};
	va_list args;

	va_start(args, format);
	tell(g, at ? at : &nowhere, format, args);
	va_end(args);
}

int parse_status(const struct parse *g)
{
	if (g->fault_in_file)
		return EX_CONFIG;
	return g->fault_in_flags ? EX_USAGE : EX_OK;
}

/* `shown` is the name as it was written, dashes included. Returns what was
 * perhaps meant, or NULL. */
static const struct option *unknown_name(struct parse *g,
    const char *shown, unsigned int line)
{
	const struct given at = {.in_file = line > 0, .line = line};
	const char *name = shown + strspn(shown, "-");
	const struct option *near = option_table_nearest(name);
	char quoted[PARSE_QUOTE_MAX];
	const char *dashes = line > 0 ? "" : "--";
	const char *renamed = option_table_renamed(name);

	if (renamed) {
		parse_fault(g, &at, "%s is now called %s%s, expected that name",
		    parse_quote(shown, quoted), dashes, renamed);
		return option_table_find(renamed);
	}
	if (near && (line == 0 || near->command == COMMAND_NONE))
		parse_fault(g, &at, "%s is not known, expected perhaps %s%s",
		    parse_quote(shown, quoted), dashes, near->name);
	else
		parse_fault(g, &at,
		    "%s is not known, expected a name that --help lists",
		    parse_quote(shown, quoted));
	return near;
}

static void no_value(struct parse *g, const struct given *at)
{
	parse_fault(g, at, "it has no value, expected %s", at->option->form);
}

/* ---- the list ---- */

static bool make_room(struct parse *g, size_t more)
{
	struct given *all = realloc(g->all, (g->count + more) * sizeof(*all));

	if (!all)
		return false;
	g->all = all;
	g->room = g->count + more;
	return true;
}

void parse_fini(struct parse *g)
{
	free(g->all);
	g->all = NULL;
	g->count = 0;
}

const struct given *parse_last(const struct parse *g,
    const struct option *o)
{
	const struct given *last = NULL;

	for (const struct given *at = g->all; at < g->all + g->count; at++)
		if (at->option == o &&
		    (!last || last->in_file || !at->in_file))
			last = at;
	return last;
}

bool parse_is_faulty(const struct parse *g, const struct option *o)
{
	for (const struct given *at = g->all; at < g->all + g->count; at++)
		if (at->option == o && at->faulty)
			return true;
	return false;
}

/* ---- the command line ---- */

struct arguments {
	char **next; /* NULL-terminated */
	const char *operands[2];
	size_t operand_count;
	bool only_operands; /* after -- */
};

/* A command, or a setting for the list. */
static void take(struct parse *g, const struct given *it)
{
	if (it->option->command == COMMAND_NONE)
		g->all[g->count++] = *it;
	else if (it->option->command == COMMAND_CONFIG && g->file)
		parse_fault(g, it, "given twice, expected one FILE");
	else if (it->option->command == COMMAND_CONFIG)
		g->file = it->value;
	g->asked[it->option->command] = true;
}

/* The option that `word` names, cut off before its `=`. */
static const struct option *find_flag(char *word, char **out_value)
{
	*out_value = NULL;
	if (word[1] != '-')
		return word[2] == '\0' ? option_table_find_letter(word[1]) : NULL;
	*out_value = strchr(word, '=');
	if (*out_value)
		*(*out_value)++ = '\0';
	return option_table_find(word + 2);
}

static void read_flag(struct parse *g, struct arguments *a, char *word)
{
	const struct option *meant;
	struct given it = {0};
	char *value;

	it.option = find_flag(word, &value);
	meant = it.option ? it.option : unknown_name(g, word, 0);
	if (meant && meant->form && !value && *a->next &&
	    strncmp(*a->next, "--", 2) != 0)
		value = *a->next++;
	if (!it.option)
		return;
	it.value = value;
	if (it.option->form && !value)
		no_value(g, &it);
	else if (!it.option->form && value)
		parse_fault(g, &it, "it takes no value, expected none");
	else
		take(g, &it);
}

static void read_operand(struct parse *g, struct arguments *a,
    const char *word)
{
	static const struct given nowhere;
	char quoted[PARSE_QUOTE_MAX];

	if (a->operand_count < 2)
		a->operands[a->operand_count++] = word;
	else
		parse_fault(g, &nowhere,
		    "%s is one word too many, expected LISTEN and DEVICE",
		    parse_quote(word, quoted));
}

static void take_operands(struct parse *g, const struct arguments *a)
{
	static const struct given nowhere;
	char quoted[PARSE_QUOTE_MAX];

	if (a->operand_count == 1)
		parse_fault(g, &nowhere,
		    "%s stands alone, expected LISTEN and DEVICE",
		    parse_quote(a->operands[0], quoted));
	if (a->operand_count < 2)
		return;
	take(g, &(struct given){.option = option_table_find("listen"),
		    .value = a->operands[0],
		    .operand = "LISTEN"});
	take(g, &(struct given){.option = option_table_find("device"),
		    .value = a->operands[1],
		    .operand = "DEVICE"});
}

bool parse_read_flags(struct parse *g, int argc, char **argv)
{
	struct arguments a = {.next = argv + (argc > 0)};
	char *word;

	if (!make_room(g, (size_t)argc + 1))
		return false;
	while ((word = *a.next) != NULL) {
		a.next++;
		if (a.only_operands || word[0] != '-' || word[1] == '\0')
			read_operand(g, &a, word);
		else if (strcmp(word, "--") == 0)
			a.only_operands = true;
		else
			read_flag(g, &a, word);
	}
	take_operands(g, &a);
	return true;
}

/* ---- the file ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Ends `line` before a comment and before trailing blanks. */
static void trim_end(char *line)
{
	char *end = line;

	for (char *c = line; *c != '\0'; c++) {
		if (*c == '#' && (c == line || is_blank(c[-1])))
			break;
		if (!is_blank(*c))
			end = c + 1;
	}
	*end = '\0';
}

static void read_line(struct parse *g, char *line, unsigned int number)
{
	struct given it = {.in_file = true, .line = number};
	char *name = line + strspn(line, " \t\r");
	char *value;

	trim_end(name);
	if (*name == '\0')
		return;
	value = name + strcspn(name, " \t\r");
	if (*value != '\0')
		*value++ = '\0';
	value += strspn(value, " \t\r");
	it.option = option_table_find(name);
	it.value = value;
	if (!it.option)
		unknown_name(g, name, number);
	else if (it.option->command != COMMAND_NONE)
		parse_fault(g, &it, "it is no setting, expected it as a flag");
	else if (*value == '\0')
		no_value(g, &it);
	else
		g->all[g->count++] = it;
}

bool parse_read_file(struct parse *g, char *text, size_t bytes)
{
	char *end = text + bytes;
	unsigned int number = 0;
	size_t lines = 1;

	for (const char *c = text; c < end; c++)
		lines += *c == '\n';
	if (!make_room(g, lines))
		return false;
	while (text < end) {
		char *stop = memchr(text, '\n', (size_t)(end - text));
		struct given it = {.in_file = true, .line = ++number};

		stop = stop ? stop : end;
		*stop = '\0';
		if (memchr(text, '\0', (size_t)(stop - text)))
			parse_fault(g, &it,
			    "the line holds a zero byte, expected text");
		else
			read_line(g, text, number);
		text = stop + 1;
	}
	return true;
}
