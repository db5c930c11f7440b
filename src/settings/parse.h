/*
 * parse.h: what was set, word for word, and where; and the errors in it.
 *
 * Flags and the file become one list of option, value and place. Here it is
 * only known whether a name exists and wants a value; what values mean and
 * which of them wins is conf_load.c's matter. An error never stops the reading:
 * all are reported in one run, as
 *
 *   sallyport: FILE:LINE: what is wrong: what is expected
 */
#ifndef SETTINGS_PARSE_H
#define SETTINGS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "settings/option_table.h"

struct parse_item {
	const struct option *option;
	const char *value;
	bool in_file;	     /* else on the command line */
	bool faulty;	     /* no such value */
	unsigned int line;   /* of the file; 0: none in particular */
	const char *profile; /* whose choice it is; NULL: it was set */
	const char *operand; /* what the command line calls it, or NULL */
};

struct parse {
	struct parse_item *items;
	size_t count;
	size_t room;
	const char *file;		  /* NULL: none */
	const struct parse_item *profile; /* whose choices hold; NULL: raw's */
	bool file_unread;		  /* its settings are not known */
	bool missing_operand;		  /* reported, or not to be told */
	bool asked[COMMAND_VERSION + 1];  /* by enum option_command */
	bool asked_profiles;		  /* the help is to be about them */
	const struct option *asked_about; /* or about this one */

	FILE *out; /* where errors go */
	bool error_in_flags;
	bool error_in_file;
	int system_status; /* of the first error that is the system's; or 0 */
};

/* Reads the command line. False: no memory. */
bool parse_flags(struct parse *p, int argc, char **argv);

/* Reads `text`, of `bytes` bytes with a zero behind, cutting it into the
 * values; it must outlive them. False: no memory. */
bool parse_file(struct parse *p, char *text, size_t bytes);

void parse_fini(struct parse *p);

/* The last item of `o`, flags before the file; NULL: none. */
const struct parse_item *parse_last(
    const struct parse *p, const struct option *o);

/* Was any value of `o` faulty, so that its field says nothing? */
bool parse_is_faulty(const struct parse *p, const struct option *o);

/* Reports an error in one item; its name stands before the text. */
__attribute__((format(printf, 3, 4))) void parse_error(
    struct parse *p, const struct parse_item *at, const char *format, ...);

/* Reports an error in the settings as a whole, at the place where the option
 * called `name` was last set, if it was. */
__attribute__((format(printf, 3, 4))) void parse_error_of(
    struct parse *p, const char *name, const char *format, ...);

/* The same of what is not the settings' fault; `err` is -errno. */
__attribute__((format(printf, 4, 5))) void parse_system_error(
    struct parse *p, const char *name, int err, const char *format, ...);

/* The same of what is no error. */
__attribute__((format(printf, 3, 4))) void parse_warn(
    struct parse *p, const char *name, const char *format, ...);

/* EX_OK without errors, EX_CONFIG with any in the file, else EX_USAGE with
 * any on the command line, else what the system's error calls for. */
int parse_status(const struct parse *p);

enum { PARSE_QUOTE_MAX = 80 };

/* `text` in quotes, fit for a terminal, cut short if need be; returns
 * `out_text`. */
const char *parse_quote(const char *text, char out_text[PARSE_QUOTE_MAX]);

/* ---- for the parse_*.c only ---- */

bool parse_make_room(struct parse *p, size_t more);

/* Reports a name that no option has; `shown` is as it was written, dashes
 * included. Returns what was perhaps meant, or NULL. */
const struct option *parse_unknown(
    struct parse *p, const char *shown, unsigned int line);

#endif
