/*
 * events.h: one JSON line for each change of a slot's state.
 *
 *   {"t":3.25,"slot":0,"from":"Listen","to":"SynRecv","why":"syn","peer":...}
 */
#ifndef TEMPDEV_EVENTS_H
#define TEMPDEV_EVENTS_H

#include <stdio.h>

#include "chip.h"

/* Opens the file for --events. 0 or -errno. */
int events_open(FILE **out_file, const char *path);

void events_write(FILE *file, const struct chip *chip, unsigned int slot,
    uint8_t from, const char *why);

#endif
