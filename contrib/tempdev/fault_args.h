/*
 * fault_args.h: the arguments of a fault, KEY:VALUE,KEY:VALUE or VALUE alone.
 */
#ifndef TEMPDEV_FAULT_ARGS_H
#define TEMPDEV_FAULT_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "strikes.h"

enum { ARG_MAX_LEN = 32, ARG_COUNT_MAX = 1000000000 };

/* Takes KEY:VALUE (or KEY alone) off the front of `*text`. False at the end,
 * or when an item is too long, which leaves `*text` standing. */
bool args_next(
    const char **text, char out_key[ARG_MAX_LEN], char out_value[ARG_MAX_LEN]);

/* Each reads a whole text. 0 or -EINVAL. */
int args_count(const char *text, unsigned int *out);
int args_ms(const char *text, int64_t *out_us);
int args_none(const char *text);

/* [VALUE][,nth:N|nth:A-B|every:N]: a value from `min` on (NULL: there is
 * none) and which requests it concerns, all if that is not said. */
int args_which(
    const char *text, int64_t min, int64_t *out_value, struct strikes *out);

#endif
