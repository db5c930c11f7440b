/*
 * option_print.c: the table as a reader sees it: --help and --show-config.
 */
#include "settings/option_table.h"

#include <string.h>

#include "settings/conf.h"

enum { HELP_WIDTH = 70 };

static const char *const group_titles[GROUP_COUNT] = {
    [GROUP_COMMANDS] = "Commands",
    [GROUP_ADDRESSES] = "Addresses",
    [GROUP_CLIENTS] = "Clients",
    [GROUP_GATE] = "Gate",
    [GROUP_SLOTS] = "Slots and queue",
    [GROUP_DIAL] = "Connecting to the device",
    [GROUP_CLOCKS] = "Timeouts and rates (0: no limit)",
    [GROUP_ENDS] = "Ends of connections",
    [GROUP_REPLIES] = "Replies",
    [GROUP_BYTES] = "Memory and speed",
    [GROUP_HEALTH] = "Health of the device",
    [GROUP_PROCESS] = "Process",
};

static const char *const profile_texts[PROFILE_COUNT] = {
    [PROFILE_RAW] = "a plain relay that protects nothing; the default",
    [PROFILE_W5500] = "an HTTP device with one or few sockets, such as one "
		      "with a WIZnet chip",
    [PROFILE_ESP] = "ESP8266 and ESP32: pages, event streams, WebSockets, "
		    "uploads",
    [PROFILE_PRINTER] = "a printer on port 9100: one job at a time, the "
			"others wait",
    [PROFILE_SERIAL] = "a console that speaks first (ser2net): one client at "
		       "a time",
    [PROFILE_MODBUS] = "a Modbus/TCP unit or gateway: many masters over one "
		       "connection",
};

void option_table_print_profiles(FILE *to)
{
	for (enum profile p = PROFILE_RAW; p < PROFILE_COUNT; p++)
		fprintf(
		    to, "%-8s %s\n", option_profile_words[p], profile_texts[p]);
}

void option_table_print_conf(const struct conf *conf, FILE *to)
{
	enum option_group group = GROUP_COMMANDS;
	const void *field;

	for (const struct option *o = options; o->name; o++) {
		if (!o->type)
			continue;
		if (o->group != group)
			fprintf(to, "%s# %s\n",
			    group == GROUP_COMMANDS ? "" : "\n",
			    group_titles[o->group]);
		group = o->group;
		field = (const char *)conf + o->offset;
		if (o->type->is_unset && o->type->is_unset(field))
			fprintf(to, "# %s %s\n", o->name, o->form);
		else
			o->type->print(o, field, to);
	}
}

/* Prints `text` indented, broken between words. */
static void print_wrapped(const char *text, FILE *to)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column > 0 && column + 1 + len > HELP_WIDTH) {
			putc('\n', to);
			column = 0;
		}
		fprintf(to, "%s%.*s", column == 0 ? "        " : " ", (int)len,
		    text);
		column += len + (column > 0);
		text += len + (text[len] == ' ');
	}
	putc('\n', to);
}

/* "Default: 5s, w5500 1s." */
static void print_defaults(const struct option *o, FILE *to)
{
	if (!o->value[PROFILE_RAW])
		return;
	fprintf(to, "        Default: %s", o->value[PROFILE_RAW]);
	for (enum profile p = PROFILE_RAW + 1; p < PROFILE_COUNT; p++)
		if (o->value[p] && o->type != &value_word)
			fprintf(to, ", %s %s", option_profile_words[p],
			    o->value[p]);
	fputs(".\n", to);
}

static void print_option(const struct option *o, FILE *to)
{
	fputs("  ", to);
	if (o->letter)
		fprintf(to, "-%c, ", o->letter);
	fprintf(to, "--%s%s%s\n", o->name, o->form ? " " : "",
	    o->form ? o->form : "");
	print_wrapped(o->help, to);
	print_defaults(o, to);
}

void option_table_print_option(const struct option *o, FILE *to)
{
	fprintf(to, "%s\n", group_titles[o->group]);
	print_option(o, to);
}

void option_table_print_help(FILE *to)
{
	enum option_group group = GROUP_COUNT;

	fputs("usage: sallyport [OPTION]... LISTEN DEVICE\n"
	      "       sallyport [OPTION]... -c FILE\n"
	      "       sallyport status [NAME|PATH] [--json] [--watch]\n"
	      "       sallyport control NAME|PATH [--json] WORD...\n"
	      "\n"
	      "Protects one TCP device with few sockets. Options are "
	      "`--name VALUE` or\n`--name=VALUE`; without dashes they are the "
	      "lines of FILE, see\nsallyport.conf(5). `--help profiles` says "
	      "what each profile is for, `--help NAME`\nwhat that setting "
	      "does.\n"
	      "TIME has its unit: ms, s, m, h or d; SIZE is in bytes, or with "
	      "k, m or g.\n"
	      "`status` and `control` ask a proxy with the option --control; "
	      "`control NAME help`\nlists the WORDs.\n",
	    to);
	for (const struct option *o = options; o->name; o++) {
		if (o->group != group)
			fprintf(to, "\n%s\n", group_titles[o->group]);
		group = o->group;
		print_option(o, to);
	}
}
