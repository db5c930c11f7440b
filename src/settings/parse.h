/*
 * parse.h: what was given, word for word, and where; and the faults in it.
 *
 * Flags and the file become one list of name, value and place. Here it is
 * only known whether a name exists and wants a value; what values mean and
 * which of them wins is conf.c's matter. A fault never stops the reading:
 * all are told in one run.
 */
#ifndef SETTINGS_PARSE_H
#define SETTINGS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "settings/option_table.h"

struct given {
	const struct option *option;
	const char *value;
	bool in_file;        /* else on the command line */
	bool faulty;         /* no such value */
	unsigned int line;   /* of the file; 0: none in particular */
	const char *operand; /* what the command line calls it, or NULL */
};

struct parse {
	struct given *all;
	size_t count;
	size_t room;
	const char *file; /* NULL: none */
	bool file_unread; /* its settings are not known */
	bool asked[COMMAND_VERSION + 1]; /* by enum option_command */

	FILE *faults;
	bool fault_in_flags;
	bool fault_in_file;
};

/* Reads the command line. False: no memory. */
bool parse_read_flags(struct parse *g, int argc, char **argv);

/* Reads `text`, of `bytes` bytes with a zero behind, cutting it into the
 * values; it must outlive them. False: no memory. */
bool parse_read_file(struct parse *g, char *text, size_t bytes);

void parse_fini(struct parse *g);

/* The last that was given of `o`, flags before the file; NULL: none. */
const struct given *parse_last(const struct parse *g,
    const struct option *o);

/* Was any value given of `o` faulty, so that its field says nothing? */
bool parse_is_faulty(const struct parse *g, const struct option *o);

/* Tells a fault in what was given. */
__attribute__((format(printf, 3, 4))) void parse_fault(struct parse *g,
    const struct given *at, const char *format, ...);

/* Tells a fault in the settings as a whole, at the place where `o` was last
 * given, if it was. */
__attribute__((format(printf, 3, 4))) void parse_fault_of(
    struct parse *g, const struct option *o, const char *format, ...);

/* EX_OK without faults, EX_CONFIG with any in the file, else EX_USAGE. */
int parse_status(const struct parse *g);

enum { PARSE_QUOTE_MAX = 80 };

/* `text` in quotes, fit for a terminal, cut short if need be; returns
 * `out_text`. */
const char *parse_quote(const char *text, char out_text[PARSE_QUOTE_MAX]);

#endif
