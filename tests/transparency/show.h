/*
 * show.h: both observations of one sequence, side by side.
 */
#ifndef TRANSPARENCY_SHOW_H
#define TRANSPARENCY_SHOW_H

#include "compare.h"

/* Prints a table to stdout; lines that differ begin with '!'. */
void show(enum mode mode, const struct sequence *s, const struct seen *direct,
    const struct seen *proxied);

#endif
