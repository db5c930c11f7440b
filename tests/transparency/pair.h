/*
 * pair.h: the two endpoints of one connection, and what they see of it.
 *
 * Every call is nonblocking and its outcome is recorded whole. Whether a
 * proxy stands between the two endpoints is known only to whoever opened
 * them.
 */
#ifndef TRANSPARENCY_PAIR_H
#define TRANSPARENCY_PAIR_H

#include <netinet/in.h>

#include "sequence.h"

enum { SEND_LETTERS = 3, RECV_LETTERS = 10, NO_MASK = -1 };

/* A letter stands for so many bytes of the wire: 1, or enough to make a proxy
 * read or send more than once. All that one side sends has to fit into the
 * other's receive buffer: what a stopped reader leaves queued differs. */
enum { LETTER_BYTES_MAX = 8192 };

struct outcome {
	int ret; /* what the call returned, in letters, or -errno */
	char bytes[DEPTH_MAX * SEND_LETTERS + 1]; /* received; ends with 0 */
};

/* All that can be seen while a sequence runs. */
struct seen {
	struct outcome step[DEPTH_MAX];
	/* poll() after each step, where the mode looks; NO_MASK once closed */
	short mask[DEPTH_MAX][SIDES];
	/* When all is done, for a side still open. */
	struct ending {
		short mask;	      /* poll() with IN OUT RDHUP PRI */
		struct outcome drain; /* what was left, and how it ended */
		int so_error;
	} end[SIDES];
};

struct pair {
	int fd[SIDES]; /* -1 once closed */
	unsigned int sends[SIDES];
	size_t letter_bytes;
};

/*
 * Connects to `to` and accepts the other end from `listener`, waiting at most
 * ten seconds for it. 0 or -errno.
 */
int pair_open(const struct sockaddr_in *to, int listener, size_t letter_bytes,
    struct pair *out);

/* Does one action and records its outcome. */
void pair_act(struct pair *p, const struct action *a, struct outcome *out);

/* poll() on both sides. */
void pair_look(const struct pair *p, short out_mask[SIDES]);

/* The last look: masks, then all bytes left, then SO_ERROR. */
void pair_end(const struct pair *p, struct ending out_end[SIDES]);

/* Closes what is open, with resets, so that nothing lingers in the kernel. */
void pair_drop(struct pair *p);

/* A nonblocking listener on a loopback port of the kernel's choice.
 * Returns the descriptor or -errno. */
int pair_listen(struct sockaddr_in *out_addr);

#endif
