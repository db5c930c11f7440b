/*
 * control_words.h: what may be asked of a running proxy, one line at a time.
 */
#ifndef KEEPER_CONTROL_WORDS_H
#define KEEPER_CONTROL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum control_word {
	CONTROL_NONE, /* no such word */
	CONTROL_HELP,
	CONTROL_STATUS,
	CONTROL_CONNS,
	CONTROL_METRICS,
	CONTROL_HOLD,
	CONTROL_RELEASE,
	CONTROL_RESET_HEALTH,
	CONTROL_END,
	CONTROL_RELOAD,
	CONTROL_UPGRADE,
	CONTROL_LOG_LEVEL,
};

struct control_order {
	enum control_word word;
	const char *wrong; /* of NONE: what is, and what is expected */
	bool json;
	int level;	    /* of LOG_LEVEL: enum log_level */
	struct peer client; /* of END; port 0: all of its address */
};

/* Reads a line of `len` bytes, its newline not among them. */
struct control_order control_read(const char *line, size_t len);

/* Does it change anything? */
bool control_acts(enum control_word word);

/* All words, with what they do. */
extern const char control_help[];

#endif
