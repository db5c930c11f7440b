/*
 * conf_load.h: from the command line, and the file that it names, to one
 * struct conf.
 */
#ifndef SETTINGS_CONF_LOAD_H
#define SETTINGS_CONF_LOAD_H

#include <stdbool.h>
#include <stdio.h>

struct conf;
struct parse;

/*
 * Fills `*out` from the command line and the file it names: flags win over
 * the file, the file over the profile. True: run. False: end with
 * `*out_status`; all errors have been written to `errors`, or what was asked
 * for (--help, --show-config, ...) to stdout. `argv` must outlive `*out`;
 * its words are cut at `=`.
 */
bool conf_load(
    int argc, char **argv, FILE *errors, struct conf *out, int *out_status);

/* Gives back what conf_load allocated, also after it returned false. */
void conf_free(struct conf *conf);

/* ---- for conf_load.c only; errors go to `p` ---- */

/* conf_look.c: brings in what settings refer to: addresses of a name, a
 * group's number, bytes of a file. */
void conf_fetch(struct conf *conf, struct parse *p);

/* conf_look.c: for -t, looks at what will be opened. */
void conf_look(const struct conf *conf, struct parse *p);

/* conf_check.c: settings, each good by itself, that do not go together. */
void conf_check(const struct conf *conf, struct parse *p);

/* conf_warn.c: for -t, settings without effect. */
void conf_warn(const struct conf *conf, struct parse *p);

#endif
