/*
 * option_table.h: the one table of everything that can be set.
 *
 * A row names a setting, says what values it takes, where in struct conf they
 * go and what each profile chooses. Flags, the file, --help and --show-config
 * all read this table, so they cannot disagree. Where values come from, and
 * which wins, is conf.c's matter.
 */
#ifndef SETTINGS_OPTION_TABLE_H
#define SETTINGS_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "settings/value.h"

struct conf;

enum profile {
	PROFILE_RAW,
	PROFILE_W5500,
	PROFILE_ESP,
	PROFILE_PRINTER,
	PROFILE_SERIAL,
	PROFILE_MODBUS,
	PROFILE_COUNT
};

enum option_group {
	GROUP_COMMANDS, /* no settings: only on the command line */
	GROUP_ADDRESSES,
	GROUP_CLIENTS,
	GROUP_GATE,
	GROUP_SLOTS,
	GROUP_DIAL,
	GROUP_CLOCKS,
	GROUP_ENDS,
	GROUP_REPLIES,
	GROUP_BYTES,
	GROUP_HEALTH,
	GROUP_PROCESS,
	GROUP_COUNT
};

enum option_command {
	COMMAND_NONE, /* a setting */
	COMMAND_CONFIG,
	COMMAND_CHECK,
	COMMAND_SHOW,
	COMMAND_SINGLE,
	COMMAND_HELP,
	COMMAND_VERSION,
};

struct option {
	const char *name;
	const char *form; /* of the value; NULL: takes none */
	enum option_group group;
	const struct value_type *type; /* NULL: a command */
	size_t offset;		       /* of the field in struct conf */
	int64_t min;
	int64_t max;
	const char *const *words; /* of the kinds that choose among words */
	/* As one would write it. NULL for a profile: as in raw. NULL in raw:
	 * nothing is set. */
	const char *value[PROFILE_COUNT];
	const char *help;
	char letter; /* 0: none */
	enum option_command command;
};

/* The rows, in the order in which they are shown; the last has no name. */
extern const struct option options[];

/* The profiles' names, by enum profile. */
extern const char *const option_profile_words[];

/* What a setting is called that was once called `name`; NULL: none was. */
const char *option_table_renamed(const char *name);

/* NULL when there is none. */
const struct option *option_table_find(const char *name);
const struct option *option_table_find_letter(char letter);

/* The row whose name is most like `name`; NULL: nothing is. */
const struct option *option_table_nearest(const char *name);

/* The profile of that name, which is one. */
enum profile option_table_profile(const char *name);

/* Reads a value into its field. False with `*out` set, as in struct value_type.
 */
bool option_set(const struct option *o, struct conf *conf, const char *text,
    struct value_error *out);
void option_clear(const struct option *o, struct conf *conf);

/* Says what value the option expects. */
void option_expect(const struct option *o, FILE *to);

/* The profile's choice, as one would write it; NULL: none. */
const char *option_table_default(const struct option *o, enum profile profile);

/* Gives every setting the profile's choice; `conf` is all zero before. */
void option_table_set_profile(struct conf *conf, enum profile profile);

/* All settings in force, as a file that reads back the same. */
void option_table_print_conf(const struct conf *conf, FILE *to);
void option_table_print_help(FILE *to);

/* A line for each profile: what device it is for. */
void option_table_print_profiles(FILE *to);

#endif
