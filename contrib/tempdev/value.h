/*
 * value.h: numbers and words as they are written in arguments.
 */
#ifndef TEMPDEV_VALUE_H
#define TEMPDEV_VALUE_H

#include <stdint.h>

/* A whole number from `min` to `max`, nothing after it. 0 or -EINVAL. */
int value_whole(const char *text, int64_t min, int64_t max, int64_t *out);

/* A decimal number from `min` to `max`, nothing after it. 0 or -EINVAL. */
int value_decimal(const char *text, double min, double max, double *out);

/* Seconds as a decimal number, in microseconds. */
int value_seconds(const char *text, int64_t *out_us);

/* Index of `text` in the `words` separated by '|'; -EINVAL: not there. */
int value_word(const char *text, const char *words);

#endif
