/*
 * story.h: commands with their actions, from a command line or a script, and
 * the playing of them on a stage.
 */
#ifndef DEBUG_STORY_H
#define DEBUG_STORY_H

#include "verb.h"
#include "want.h"

struct step {
	struct act act;
	struct want want;
	int within_ms; /* look again for so long until `want` is met */
};

/* Actions on one side: one -c, -s or -l, or one line of a script. */
struct command {
	enum side side;
	int line; /* of the script */
	size_t step_count;
	struct step *steps;
};

struct story {
	bool bare; /* nothing implicit */
	size_t command_count;
	struct command *commands;
};

/* What happened at one step. */
struct event {
	size_t cmd, step; /* from 1; an implicit step is 0 */
	enum side side;
	int fd;
	int line;
	const struct act *act;
	const struct want *want;
	bool met;
	struct outcome out;
};

/*
 * Adds a command: `list` holds actions with commas between, each perhaps with
 * "=WANT" and "@MS" behind it. 0, -ENOMEM, or -EINVAL and a sentence.
 */
int story_add(struct story *story, enum side side, const char *list, int line,
    char out_why[WHY_MAX]);
void story_fini(struct story *story);

/*
 * Plays `story` on an open stage and tells each event. Returns the number of
 * expectations not met, or -1 when a command speaks of a socket that is not
 * there; the commands after it are then not played.
 */
int story_play(const struct story *story, struct stage *st,
    void (*on_event)(void *arg, const struct event *ev), void *arg);

#endif
