/*
 * line.h: one line of strace output, taken apart.
 *
 * Knows strace's syntax, old (2017) and new, under any of its options, and
 * nothing of descriptors or of what a call means. All text is borrowed from
 * the line; nothing is copied, so a `struct line` lives as long as the text
 * it was made from.
 */
#ifndef STRACE_LINE_H
#define STRACE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_ARGS_MAX = 8 };

struct slice {
	const char *s;
	size_t len;
};

enum line_kind {
	LINE_CALL,	 /* name(args) = result */
	LINE_UNFINISHED, /* the call's beginning only; a `resumed` line ends it
			  */
	LINE_RESUMED,	 /* `rest` holds what follows "resumed>" */
	LINE_EXIT,	 /* +++ exited with N +++ : ret */
	LINE_KILLED,	 /* +++ killed by SIG... +++ : name */
	LINE_SIGNAL,	 /* --- SIG... --- : name */
	LINE_NOTHING,	 /* blank, a stack frame, strace about itself */
};

enum line_clock {
	CLOCK_NONE,
	CLOCK_ABSOLUTE, /* -t, -tt, -ttt */
	CLOCK_RELATIVE, /* -r: since the line before */
};

struct line {
	enum line_kind kind;
	int64_t pid; /* 0: the line does not say */
	enum line_clock clock;
	int64_t time_us;
	struct slice name;
	struct slice arg[LINE_ARGS_MAX];
	size_t arg_count; /* arguments beyond LINE_ARGS_MAX are dropped */
	bool has_ret;	  /* false for "= ?" */
	int64_t ret;
	struct slice err;  /* symbolic errno; empty: none */
	bool injected;	   /* strace made the result up */
	struct slice tail; /* what follows the result: poll's and select's */
	struct slice head; /* LINE_UNFINISHED: everything before the mark */
	struct slice rest;
};

/* Copies a line without what -y, -yy, -Y and -X verbose add to it: 3<TCP:[1]>
 * is 3, 0x1 with a comment is 0x1. Returns the length, at most `len`. */
size_t line_clean(const char *text, size_t len, char *out);

/* Takes a clean line, without its newline, apart. 0, or -EINVAL when it is
 * no line strace would print; `out` then has what its beginning says. */
int line_parse(const char *text, size_t len, struct line *out);

bool slice_is(struct slice a, const char *text);
bool slice_has(struct slice a, const char *part);
bool slice_starts(struct slice a, const char *text);
struct slice slice_skip(struct slice a, size_t n);
struct slice slice_trim(struct slice a);

/* The whole number at the start of `a`: decimal, or hexadecimal after 0x.
 * Returns false when there is none or it does not fit. */
bool slice_number(struct slice a, int64_t *out);

/* The part of `a` after `mark`; empty when `mark` is not in it. */
struct slice slice_after(struct slice a, const char *mark);

/*
 * Undoes C escapes of the string literal that `a` begins with ("..." with or
 * without strace's trailing dots). Returns the number of bytes written, at
 * most `size`; 0 when `a` is no literal.
 */
size_t slice_unquote(struct slice a, char *out, size_t size);

/* The length of the bracketed or quoted element, or plain word, that `a`
 * begins with: up to the next comma at its own level, or the end. */
size_t slice_element(struct slice a);

#endif
