/*
 * bug.h: what happens when the program itself is wrong.
 *
 * BUG_ON is for our own mistakes only, never for anything a peer, a file or
 * the kernel can cause: those are errors and are handled.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

#include <stdio.h>
#include <stdlib.h>

/* Of a function that is kept out of its callers, whose frames and registers
 * stay those of what is common; SELDOM: and few connections come to it. */
#define APART  __attribute__((noinline))
#define SELDOM __attribute__((noinline, cold))

/* Ends the process with the place and the broken condition when `cond`
 * holds. */
#define BUG_ON(cond)                                                           \
	do {                                                                   \
		if (__builtin_expect(!!(cond), 0))                             \
			bug(__FILE__, __LINE__, #cond);                        \
	} while (0)

_Noreturn SELDOM __attribute__((unused)) static void bug(
    const char *file, int line, const char *cond)
{
	fprintf(stderr, "bug at %s:%d: %s\n", file, line, cond);
	abort();
}

/* Of a function that every byte or connection comes to: what it calls becomes
 * part of it, but what is APART or SELDOM. A call costs a dozen instructions,
 * most of which save registers. Not where the program is to be small. */
#ifdef __OPTIMIZE_SIZE__
#define OFTEN
#else
#define OFTEN __attribute__((flatten))
#endif

/* The structure that holds `member` at address `ptr`. */
#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
