/*
 * sequence.h: what two endpoints of one connection can do, and in what order.
 *
 * Pure: no sockets here. A sequence is a list of actions of either side, in
 * which a side does nothing more once it has closed.
 */
#ifndef TRANSPARENCY_SEQUENCE_H
#define TRANSPARENCY_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEPTH_MAX = 8, SEQUENCE_TEXT_MAX = DEPTH_MAX * 6 + 1 };

enum side {
	CLIENT, /* the side that connected */
	SERVER, /* the side that accepted */
	SIDES
};

enum verb {
	SND, /* send the side's next three letters */
	RCV, /* receive up to ten letters */
	SHW, /* end the sending direction */
	CLO, /* close */
	RST, /* close with a reset */
	VERBS
};

struct action {
	uint8_t side;
	uint8_t verb;
};

struct sequence {
	struct action act[DEPTH_MAX];
	uint8_t len;
};

extern const char side_letter[SIDES]; /* c and s */

static inline bool verb_closes(enum verb v)
{
	return v == CLO || v == RST;
}

/*
 * Lists every sequence of `depth` actions, and every shorter one after which
 * both sides have closed: all others of at most `depth` begin one of these.
 * Returns how many; with `out` NULL it only counts.
 */
size_t sequence_list(unsigned int depth, struct sequence *out);

/* The index after the last action of the turn that begins at `start`: a turn
 * is all that one side does before the other does something. */
unsigned int sequence_turn_end(const struct sequence *s, unsigned int start);

/* Reads what sequence_print() wrote: "c:snd,s:clo". Checks the rule too. */
bool sequence_parse(const char *text, struct sequence *out);
const char *sequence_print(
    const struct sequence *s, char out_text[SEQUENCE_TEXT_MAX]);

/* Prints one action, as "c:snd". */
const char *action_print(const struct action *a, char out_text[6]);

#endif
