/*
 * verb.h: the verbs of the probe: one table, their arguments, running one.
 *
 * An action is a verb with its arguments, as written in a comma list: "snd",
 * "snd(100)", "pol(in,pri)", "arm(et)". Actions are parsed and checked before
 * any of them runs. The implementations live by meaning: verb_io.c moves and
 * ends things, verb_see.c looks, verb_opt.c sets and reads options.
 */
#ifndef DEBUG_VERB_H
#define DEBUG_VERB_H

#include <stdbool.h>
#include <stdio.h>

#include "ready.h"
#include "scene.h"

/* What a run shares. */
struct stage {
	struct scene scene;
	enum poller poller;
	int limit_ms; /* for whatever could wait for ever */
};

struct call;

/* Returns what the system call returned, errno set on -1; fills in of
 * `call->out` only what is more than that. */
typedef int verb_fn(struct call *call);

enum verb_args {
	ARGS_NONE,
	ARGS_NUMBER, /* perhaps a number */
	ARGS_WORD,   /* perhaps a word out of `words` */
	ARGS_MASK,   /* perhaps readiness flags */
	ARGS_WAIT,   /* perhaps a number, perhaps flags */
	ARGS_ARM,    /* an epoll mode out of `words`, perhaps flags */
	ARGS_OPTION  /* the name of an option, perhaps a value */
};

enum {
	VERB_WAITS = 1, /* ends with ETIME when the limit has passed */
	VERB_LOOSE = 2  /* what it returns depends on the machine */
};

struct verb {
	const char *name;
	verb_fn *run;
	enum verb_args args;
	const char *words; /* for ARGS_WORD and ARGS_ARM, between blanks */
	int number;        /* the default */
	int preset;        /* tells verbs apart that share a function */
	unsigned traits;
	const char *help;
};

enum { ACT_ARGS_MAX = 40, WHY_MAX = 512, NO_NUMBER = -2, NO_WORD = -1 };

struct act {
	const struct verb *verb;
	char args[ACT_ARGS_MAX]; /* as written, without the brackets */
	int number;              /* NO_NUMBER: none given, and no default */
	int word;                /* index in the verb's words, or NO_WORD */
	int option;              /* enum sockopt */
	unsigned mask;           /* what to ask for */
};

struct outcome {
	int ret;
	int err;          /* errno, if ret is -1 */
	const char *name; /* ECONNRESET, ESTABLISHED and the like, or NULL */
	const char *text; /* the same for people, or NULL */
	bool has_mask;
	bool sigpipe;     /* the call raised it */
	unsigned mask;
};

/* One verb being run; `fd` is the descriptor of `side`. */
struct call {
	struct stage *st;
	struct scene *sc;
	enum side side;
	int fd;
	const struct act *act;
	struct outcome *out;
};

/* How many bytes of `list` its first action takes: up to a comma that stands
 * outside brackets, or all. */
size_t act_span(const char *list);

/* Parses the action in the first `len` bytes of `text`. 0, or -1 and a
 * sentence saying what is wrong and what was expected. */
int act_parse(const char *text, size_t len, struct act *out,
    char out_why[WHY_MAX]);

/* Sets the dispositions of signals; once, before the first act_run(). */
void act_init(void);

/* Runs `act`. Never waits for much longer than the stage's limit. */
void act_run(struct stage *st, enum side side, const struct act *act,
    struct outcome *out);

/* Prints the table of verbs. */
void verbs_help(FILE *f);

verb_fn do_con, do_dis, do_acc, do_lis, do_shut, do_clo, do_rst, do_dup;
verb_fn do_snd, do_zcp, do_fil, do_rcv, do_drn, do_erq, do_spl, do_spo;
verb_fn do_pol, do_wai, do_pau, do_arm, do_del, do_wev;
verb_fn do_queue, do_inf, do_err, do_opt, do_buf;
verb_fn do_drop, do_pass, do_ctm;

/* The name of a TCP state, NULL if it has none. */
const char *tcp_state_name(unsigned state);

/* The options that "opt" knows. */
enum sockopt {
	OPTION_NODELAY,
	OPTION_CORK,
	OPTION_KEEPALIVE,
	OPTION_USER_TIMEOUT,
	OPTION_NOTSENT_LOWAT,
	OPTION_DEFER_ACCEPT,
	OPTION_OOBINLINE,
	OPTION_RCVLOWAT,
	OPTION_RCVBUF,
	OPTION_SNDBUF,
	OPTION_LINGER, /* seconds; -1 turns it off */
	OPTION_NONBLOCK,
	OPTIONS
};
const char *option_name(enum sockopt option);

#endif
