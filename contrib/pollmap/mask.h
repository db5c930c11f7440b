/*
 * mask.h: readiness masks as text: "IN OUT RDHUP", lowest bit first.
 *
 * Pure. The bits are those of poll(2); on every architecture but sparc the
 * EPOLL names share their values, so one table serves both.
 */
#ifndef DEBUG_MASK_H
#define DEBUG_MASK_H

#include <poll.h>

/* What a plain "pol" asks for; ERR, HUP and NVAL come unasked. */
#define MASK_USUAL ((unsigned)(POLLIN | POLLOUT | POLLRDHUP))
#define MASK_ALL (MASK_USUAL | (unsigned)POLLPRI)

enum { MASK_TEXT_MAX = 96 };

/* Prints the flags of `mask` with a blank between them; unknown bits come
 * last, as one number. Returns `out_text`. */
const char *mask_print(unsigned mask, char out_text[MASK_TEXT_MAX]);

/* The bit called `name`, upper or lower case; 0 when there is none. */
unsigned mask_bit(const char *name);

#endif
