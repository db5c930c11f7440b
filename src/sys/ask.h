/*
 * ask.h: one line to a Unix socket, and what is answered.
 */
#ifndef SYS_ASK_H
#define SYS_ASK_H

#include <stddef.h>

/* Waits 2 s at most for each part. 0 with the reply, cut at `size` and with a
 * zero byte behind, or -errno; -ETIMEDOUT: nothing came. */
int ask_line(const char *path, const char *line, char *out, size_t size);

#endif
