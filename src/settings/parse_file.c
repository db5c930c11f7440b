/*
 * parse_file.c: from the lines of a file to items.
 */
#include "settings/parse.h"

#include <string.h>

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

/* "slots=1" or "slots: 1". True: it has been reported. */
static bool is_assignment(struct parse *p, char *name, unsigned int line)
{
	const struct parse_item at = {.in_file = true, .line = line};
	char *mark = name + strcspn(name, "=:");
	char wrong = *mark;
	const struct option *o;

	*mark = '\0';
	o = option_table_find(name);
	if (o && wrong != '\0')
		parse_error(p, &at,
		    "%s is followed by %s: expected a blank, then its value",
		    o->name, wrong == '=' ? "an equals sign" : "a colon");
	*mark = wrong;
	return o && wrong != '\0';
}

static void read_line(struct parse *p, char *line, unsigned int number)
{
	struct parse_item it = {.in_file = true, .line = number};
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
	if (!it.option && !is_assignment(p, name, number))
		parse_unknown(p, name, number);
	if (!it.option)
		return;
	if (it.option->command != COMMAND_NONE)
		parse_error(p, &it,
		    "is only allowed on the command line: expected a setting");
	else if (*value == '\0')
		parse_error(
		    p, &it, "has no value: expected %s", it.option->form);
	else
		p->items[p->count++] = it;
}

/* What editors of other systems write. True: there is no reading it. */
static bool is_foreign(struct parse *p, const char *text, size_t bytes)
{
	const struct parse_item at = {.in_file = true};

	if (bytes >= 2 && (memcmp(text, "\377\376", 2) == 0 ||
			      memcmp(text, "\376\377", 2) == 0 ||
			      (text[0] != '\0') != (text[1] != '\0')))
		parse_error(p, &at, "is UTF-16: expected UTF-8");
	else if (bytes >= 3 && memcmp(text, "\357\273\277", 3) == 0)
		parse_error(p, &at,
		    "begins with a byte order mark: expected UTF-8 without "
		    "it");
	else
		return false;
	p->file_unread = true;
	return true;
}

bool parse_file(struct parse *p, char *text, size_t bytes)
{
	char *end = text + bytes;
	unsigned int number = 0;
	size_t lines = 1;

	if (is_foreign(p, text, bytes))
		return true;
	for (const char *c = text; c < end; c++)
		lines += *c == '\n';
	if (!parse_make_room(p, lines))
		return false;
	while (text < end) {
		char *stop = memchr(text, '\n', (size_t)(end - text));
		struct parse_item it = {.in_file = true, .line = ++number};

		stop = stop ? stop : end;
		*stop = '\0';
		if (memchr(text, '\0', (size_t)(stop - text)))
			parse_error(
			    p, &it, "the line has a NUL byte: expected text");
		else
			read_line(p, text, number);
		text = stop + 1;
	}
	return true;
}
