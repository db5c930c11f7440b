/*
 * option_table.h: the one table of everything that can be set.
 *
 * Flags, the file, --help and --show-config all read it, so they cannot
 * disagree. Where values come from, and which wins, is conf_load.c's matter.
 */
#ifndef SETTINGS_OPTION_TABLE_H
#define SETTINGS_OPTION_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "settings/option.h"
#include "settings/value.h"

struct conf;

/* The rows, in the order in which they are shown; the last has no name. */
extern const struct option options[];

/* The profiles' names, by enum profile. */
extern const char *const option_profile_words[];

/* NULL when there is none. */
const struct option *option_table_find(const char *name);
const struct option *option_table_find_letter(char letter);

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

/* What the help says of one of them, below the title of its group. */
void option_table_print_option(const struct option *o, FILE *to);

/* A line for each profile: what device it is for. */
void option_table_print_profiles(FILE *to);

#endif
