/*
 * parse_flags.c: from arguments to items.
 */
#include "settings/parse.h"

#include <string.h>
#include <strings.h>

#include "settings/value_slip.h"

struct arguments {
	char **next; /* NULL-terminated */
	const char *operands[2];
	size_t operand_count;
	bool only_operands; /* after -- */
	bool lost;	    /* a word may be the value of an option not known */
};

/* A command, or a setting for the list. */
static void take(struct parse *p, const struct parse_item *it)
{
	if (it->option->command == COMMAND_NONE)
		p->items[p->count++] = *it;
	else if (it->option->command == COMMAND_CONFIG && p->file)
		parse_error(p, it, "set twice: expected one FILE");
	else if (it->option->command == COMMAND_CONFIG)
		p->file = it->value;
	p->asked[it->option->command] = true;
}

/* The option that `word` names, cut off before its `=`. */
static const struct option *find_flag(char *word, char **out_value)
{
	*out_value = NULL;
	if (word[1] != '-')
		return word[2] == '\0' ? option_table_find_letter(word[1])
				       : NULL;
	*out_value = strchr(word, '=');
	if (*out_value)
		*(*out_value)++ = '\0';
	return option_table_find(word + 2);
}

/* Is it the next option rather than a value? */
static bool is_flag(const char *word)
{
	return strncmp(word, "--", 2) == 0 ||
	       (word[0] == '-' && word[1] != '\0' && word[2] == '\0' &&
		   option_table_find_letter(word[1]));
}

/* "--idle-timeout 10 s": the unit is no argument of its own. True: it has
 * been reported. */
static bool take_lone_unit(
    struct parse *p, struct arguments *a, const struct parse_item *it)
{
	const struct value_type *t = it->option->type;
	struct value_error e;
	char both[64];

	if (!*a->next)
		return false;
	snprintf(both, sizeof(both), "%s %s", it->value, *a->next);
	if (!(t == &value_time && slip_of_time(both, &e)) &&
	    !(t == &value_size && slip_of_size(both, &e)))
		return false;
	parse_error(p, it, "\"%s\" %s: expected %s", both, e.wrong, e.expected);
	a->next++;
	return true;
}

/* "--profile list" asks which there are. */
static bool asks_for_profiles(const struct parse_item *it)
{
	return it->option->type == &value_word && it->value &&
	       strcasecmp(it->value, "list") == 0;
}

static void read_flag(struct parse *p, struct arguments *a, char *word)
{
	const struct option *meant;
	struct parse_item it = {0};
	char *value;

	it.option = find_flag(word, &value);
	meant = it.option ? it.option : parse_unknown(p, word, 0);
	if (meant && meant->form && !value && *a->next && !is_flag(*a->next))
		value = *a->next++;
	if (!meant && !value)
		a->lost = true;
	if (!it.option)
		return;
	it.value = value;
	if (it.option->form && !value)
		parse_error(
		    p, &it, "has no value: expected %s", it.option->form);
	else if (!it.option->form && value)
		parse_error(p, &it, "takes no value: expected it alone");
	else if (asks_for_profiles(&it))
		p->asked[COMMAND_HELP] = p->asked_profiles = true;
	else if (!it.option->form || !take_lone_unit(p, a, &it))
		take(p, &it);
}

static void read_operand(struct parse *p, struct arguments *a, const char *word)
{
	static const struct parse_item nowhere;
	char quoted[PARSE_QUOTE_MAX];

	if (p->asked[COMMAND_HELP] && strcmp(word, "profiles") == 0)
		p->asked_profiles = true;
	else if (p->asked[COMMAND_HELP] && option_table_find(word))
		p->asked_about = option_table_find(word);
	else if (p->asked[COMMAND_HELP])
		p->asked_about = parse_unknown(p, word, 0);
	else if (a->lost)
		p->missing_operand = true;
	else if (a->operand_count < 2)
		a->operands[a->operand_count++] = word;
	else
		parse_error(p, &nowhere,
		    "unexpected argument %s: expected only LISTEN and DEVICE",
		    parse_quote(word, quoted));
}

/* One alone: `sallyport help`, `sallyport greenhouse.conf`, or a LISTEN. */
static void report_lone_operand(struct parse *p, const char *word)
{
	static const struct parse_item nowhere;
	const struct option *o = option_table_find(word);
	const char *dot = strrchr(word, '.');
	char quoted[PARSE_QUOTE_MAX];

	parse_quote(word, quoted);
	if (o && o->command != COMMAND_NONE)
		parse_error(p, &nowhere,
		    "unexpected argument %s (did you mean --%s?)", quoted,
		    o->name);
	else if (dot && strcmp(dot, ".conf") == 0)
		parse_error(p, &nowhere,
		    "unexpected argument %s: expected -c before a file",
		    quoted);
	else if (parse_last(p, option_table_find("listen")))
		parse_error(p, &nowhere,
		    "unexpected argument %s: expected --device before it, as "
		    "--listen is set",
		    quoted);
	else
		parse_error(p, &nowhere,
		    "missing DEVICE argument: expected it after LISTEN %s",
		    quoted);
}

static void take_operands(struct parse *p, const struct arguments *a)
{
	if (a->operand_count == 1 && !a->lost && !p->asked[COMMAND_HELP]) {
		report_lone_operand(p, a->operands[0]);
		p->missing_operand = true;
	}
	if (a->operand_count < 2)
		return;
	take(p, &(struct parse_item){.option = option_table_find("listen"),
		    .value = a->operands[0],
		    .operand = "LISTEN"});
	take(p, &(struct parse_item){.option = option_table_find("device"),
		    .value = a->operands[1],
		    .operand = "DEVICE"});
}

bool parse_flags(struct parse *p, int argc, char **argv)
{
	struct arguments a = {.next = argv + (argc > 0)};
	char *word;

	if (!parse_make_room(p, (size_t)argc + 1))
		return false;
	while ((word = *a.next) != NULL) {
		a.next++;
		if (a.only_operands || word[0] != '-' || word[1] == '\0')
			read_operand(p, &a, word);
		else if (strcmp(word, "--") == 0)
			a.only_operands = true;
		else
			read_flag(p, &a, word);
	}
	take_operands(p, &a);
	return true;
}
