/*
 * option_hint.h: what a name that is not in the table was perhaps meant for.
 */
#ifndef SETTINGS_OPTION_HINT_H
#define SETTINGS_OPTION_HINT_H

struct option;

/* What a setting is called that was once called `name`; NULL: none was. */
const char *option_hint_renamed(const char *name);

/* The row that other programs call `name`; NULL: none is known. `*out_others`
 * goes on with what else it may be, as in " or NAME". */
const struct option *option_hint_elsewhere(
    const char *name, const char **out_others);

/* The row whose name is most like `name`; NULL: none is. */
const struct option *option_hint_nearest(const char *name);

#endif
