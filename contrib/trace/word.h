/*
 * word.h: the kernel's constants, by name and by number.
 *
 * strace prints names, and under -X raw numbers; both are read into numbers
 * here, and only names are printed. What is not listed keeps its number.
 */
#ifndef STRACE_WORD_H
#define STRACE_WORD_H

#include <stdint.h>

#include "line.h"

struct word {
	const char *name;
	uint64_t value;
};

/* Each ends with a name of NULL. */
extern const struct word word_family[], word_sock[], word_msg[], word_how[],
    word_poll[], word_epoll[], word_epoll_op[], word_fcntl[], word_open[],
    word_ioctl[], word_clone[], word_level[], word_opt_socket[], word_opt_tcp[],
    word_signal[];

/* "A|B|0x10" as a number; names that `words` does not hold count as 0. */
uint64_t word_value(const struct word *words, struct slice a);

/* The name of just this value, or NULL. */
const char *word_name(const struct word *words, uint64_t value);

#endif
