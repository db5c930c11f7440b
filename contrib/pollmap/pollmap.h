/*
 * pollmap.h: the explorer: every sequence of actions on a pair of sockets, as
 * a table, and what can be learned from tables. It shares nothing with the
 * probe: its few actions have no arguments, and it makes half a million
 * connections a run. Read walk.c first, then table.c, reduce.c, race.c.
 */
#ifndef POLLMAP_H
#define POLLMAP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	ENDS = 2,	  /* ends that are watched */
	ACTIONS_MAX = 24, /* of both ends together */
	SEQUENCE_MAX = 32,
	NAME_MAX_BYTES = 16,
	EXTRA_MAX = 64,
	TEXT_MAX = 512,
	MASK_CLOSED = 0xffff
};

/* What is asked for. PRI does not show unless an urgent byte was sent. */
#define MASK_ASKED (POLLIN | POLLOUT | POLLRDHUP | POLLPRI)

/* ---- walk.c: sequences on fresh sockets ---- */

enum side { SIDE_L, SIDE_C, SIDE_S, SIDES };

/* What was seen after an action. A result is what the call returned, or
 * -errno; masks and TCP states are those of the two ends watched. */
struct seen {
	int32_t result;
	uint16_t mask[ENDS]; /* MASK_CLOSED for a closed end */
	uint16_t edge[ENDS]; /* reported in edge mode; 0: nothing */
	uint8_t state[ENDS];
};

struct walk;
typedef int action_fn(struct walk *w, enum side side);

struct verb {
	const char *name;
	action_fn *run;
	bool closes;
	bool counts; /* the result is a count: only whether it is 0 tells */
};

struct action {
	int end; /* 0 or 1 */
	enum side side;
	const struct verb *verb;
};

/* What is explored: the sockets at the start, which ends are watched, and
 * which actions there are. */
struct subject {
	int kind;   /* index of its name */
	int family; /* index of its name */
	bool edges;
	char text[TEXT_MAX]; /* the actions as written */
	int action_count;
	struct action action[ACTIONS_MAX];
};

struct walk {
	const struct subject *subject;
	int fd[SIDES];	      /* -1: closed, or not there */
	int extra[EXTRA_MAX]; /* further clients and accepted sockets */
	int extra_count;
	int epoll;	 /* in edge mode, else -1 */
	uint32_t walked; /* sequences, to move the listener */
	struct sockaddr_storage addr;
	socklen_t addr_len;
};

/* Names are checked; NULL `actions` means the usual ones. 0, or -1 and a
 * sentence. */
int subject_init(struct subject *s, const char *kind, const char *family,
    bool edges, const char *actions, char out_why[TEXT_MAX]);
/* The ends that actions act on, as bits. */
unsigned subject_ends(const struct subject *s);
const char *kind_name(const struct subject *s);
const char *family_name(const struct subject *s);
/* All names, with blanks between. */
const char *kind_names(void);
const char *family_names(void);
/* "c.snd"; and back, -1 if there is none. */
const char *action_print(
    const struct subject *s, int action, char out_text[NAME_MAX_BYTES]);
int action_find(const struct subject *s, const char *text);

/* Ties the process to one processor, for loopback is orderly only there, and
 * opens what all sequences share. 0 or -errno. */
int walk_open(struct walk *w, const struct subject *s);
void walk_close(struct walk *w);
/* Opens the sockets of the start, closing those of the last sequence. */
int walk_start(struct walk *w);
/* Runs `sequence` and notes `len + 1` observations, the first before any
 * action; of those before number `from` only the results. 0, or -errno when no
 * connection could be had. */
int walk_sequence(struct walk *w, const uint8_t *sequence, int len, int from,
    struct seen *out_seen);

int walk_socket(const struct walk *w); /* a new one of the family */

/* ---- actions.c ---- */

const struct verb *verb_find(const char *name); /* or NULL */
action_fn do_cli, do_rst;

/* ---- table_text.c: names ---- */

const char *mask_print(unsigned mask, char out_text[64]);
/* Flags by name ("IN OUT", "in,out") or in hexadecimal; -1: neither. */
int mask_parse(const char *text);
const char *error_name(int number);
int error_find(const char *name);
const char *tcp_state_name(unsigned state);

/* ---- table.c, and table_text.c for its text form: what was seen after every
 * sequence ---- */

enum { VARIANTS = 2, DEPTH_MAX = 9, RELEASE_MAX = 65 };

/* A tree: the children of a node are its sequence and one action more. Each
 * walk of a long sequence is one vote for every prefix of it. A node that was
 * not always seen alike is racy; what most votes say counts. */
struct node {
	struct seen seen[VARIANTS]; /* the one with most votes first */
	uint32_t votes[VARIANTS];
	uint32_t total;
	uint32_t first; /* index of the first child, 0: none */
	uint8_t open;	/* ends that can still act, as bits */
};

struct table {
	struct subject subject;
	char release[RELEASE_MAX]; /* of the kernel */
	int depth;		   /* of the longest sequence */
	int lookahead; /* 0: all sequences of that depth are there */
	int votes;
	struct node *nodes; /* 0 is the empty sequence */
	uint32_t count, room;
};

/* An empty table. 0 or -ENOMEM. */
int table_init(struct table *t, const struct subject *s, int depth, int votes);
void table_fini(struct table *t);
/* The child of `node` by `action`; 0 if there is none, because that end is
 * closed or the table ends there. */
uint32_t table_child(const struct table *t, uint32_t node, int action);
/* Gives `node` children, if it has none. 0 or -ENOMEM. */
int table_grow(struct table *t, uint32_t node);
/* How many of the first observations of `sequence` have been made often enough,
 * and were always the same; never the last one. With edges none: to look at
 * them takes them. */
int table_known(const struct table *t, const uint8_t *sequence, int len);
/* Adds one walk, of `len + 1` observations, those before number `from` left
 * out. 0 or -ENOMEM. */
int table_vote(struct table *t, const uint8_t *sequence, int len, int from,
    const struct seen *seen);
bool node_is_racy(const struct node *n);
bool seen_equal(const struct seen *a, const struct seen *b);
/* What a program may count on: counts are folded to 1. */
int seen_fold(const struct table *t, int action, int result);
/* "3 4 5 ESTABLISHED ESTABLISHED", "EAGAIN ..." */
enum { SEEN_TEXT_MAX = 96 };
const char *seen_print(const struct seen *s, char out_text[SEEN_TEXT_MAX]);
/* Calls `on_node` for every node but the empty sequence, prefixes first; a
 * false return leaves out what follows. */
typedef bool node_fn(
    void *arg, const uint8_t *sequence, int len, uint32_t node);
void table_each(const struct table *t, node_fn *on_node, void *arg);
/* The text form. 0, or -1 and a sentence. */
int table_write(const struct table *t, FILE *f);
int table_read(struct table *t, const char *path, char out_why[TEXT_MAX]);

/* ---- reduce.c, automaton.c: a table reduced to its automaton ---- */

/* Two sequences lead to the same state if both ends look alike after them and
 * after whatever may follow. No table shows all that may follow, so sequences
 * are told apart by the next `lookahead` actions; that those suffice is for
 * automaton_check() to try on longer ones. */
enum { STATES_MAX = 256 };

struct state {
	uint16_t mask[ENDS];
	uint8_t path[SEQUENCE_MAX]; /* a shortest way there */
	int len;
	uint32_t node; /* that path's */
	int32_t result[ACTIONS_MAX];
	uint16_t edge[ACTIONS_MAX][ENDS];
	int next[ACTIONS_MAX]; /* -1: that end is closed */
};

struct automaton {
	const struct table *table;
	int count;
	struct state state[STATES_MAX]; /* 0: the start */
};

/* `walk_on`, if not NULL, is called for each sequence that leads out of a
 * state, to grow the table under it by `lookahead` actions. 0, -errno of that,
 * -ENOMEM, or -ERANGE: the table ends too early, or there are too many states.
 */
typedef int walk_on_fn(
    void *arg, const uint8_t *sequence, int len, int lookahead);
int reduce_table(const struct table *t, int lookahead, walk_on_fn *walk_on,
    void *arg, struct automaton *out);
/* Runs `count` random sequences of `len` actions and compares. Returns in how
 * many the kernel did otherwise, printing the first, or -errno. */
int automaton_check(
    const struct automaton *a, int count, int len, unsigned seed);
/* The form called `form` (md, dot, c, csv, json) on stdout, or -1. */
int automaton_print(const struct automaton *a, const char *form);

/* ---- race.c: masks seen while another processor acts ---- */

/* "pollmap race ...". Returns the exit status. */
int race_main(int argc, char **argv);

#endif
