/*
 * inside.h: what the files of the keeper share.
 */
#ifndef KEEPER_INSIDE_H
#define KEEPER_INSIDE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "keeper/responder.h"
#include "keeper/sockets.h"
#include "keeper/status.h"
#include "keeper/summary.h"
#include "proxy/stats.h"
#include "settings/conf.h"
#include "sys/line.h"
#include "sys/log.h"
#include "sys/notify.h"
#include "sys/resolver.h"

struct keeper_job;

/* The newest, two that drain, and one that is to replace the newest. */
enum { PROCESS_MAX = STATS_BLOCKS, RETIRED_MAX = 2 };

enum process_phase {
	PROCESS_NONE,
	PROCESS_STARTING, /* not ready yet */
	PROCESS_SERVING,
	PROCESS_RETIRING, /* told to; it has not said what it keeps */
	PROCESS_RETIRED,
};

/* A worker, or the keeper that replaces this one or is replaced by it. */
struct process {
	enum process_phase phase;
	pid_t pid; /* 0: the predecessor, no child of ours */
	int line;
	bool other_device; /* than the settings in force have */
	bool hung_up;	   /* its end of the line is closed: it is ending */
	struct stats_block *stats; /* NULL: no worker */
	uint32_t slots;		   /* it has: taken, in quarantine or free */
	uint32_t wants;		   /* slots, for those who wait there */
	uint32_t given;		   /* number of its last slot; 0: had none */
	int64_t started_ms;
	int64_t deadline_ms; /* it has done what it was told to, or is ended */
	uint32_t pinged;     /* the last ping */
};

/* What a worker is started with, and the sockets that come from it. */
struct settings {
	struct conf *conf;
	char **words; /* that `conf` points into; NULL: the first, not ours */
	struct sockets sockets;
};

struct names {
	struct resolver resolver;
	char name[RESOLVER_NAME_MAX]; /* of the device; "": it has none */
	uint16_t port;
	bool asked;	  /* an answer is due */
	int64_t next_ms;  /* when to ask */
	int64_t pause_ms; /* until the next try, while nothing is known */
};

/* The FIFO of events. */
struct events {
	int fd;		    /* -1: nobody reads */
	int64_t look_ms;    /* when to see next whether somebody does */
	unsigned int state; /* the last told, or that would have been */
	int64_t since_ms;   /* by the wall clock */
	int64_t before_ms;  /* how long the one before lasted; 0: not known */
	bool is_known;
	bool has_failed; /* and that has been said */
};

/* Who looks from outside. */
struct report {
	struct responder control;
	struct responder admin;
	struct status_history *history; /* in the mapping */
	struct summary *summary;	/* likewise */
	struct events events;
	int64_t metrics_ms;		/* when the file is written next */
	bool metrics_failed;		/* and that has been said */
	bool held;			/* by order */
	struct listen_socket passed[2]; /* control and admin, not taken yet */
	pid_t look_pid;			/* the worker asked last who is there */
	uint32_t look;			/* and the number of that */
	int64_t look_ms;
};

/* The mapping. It goes on over an upgrade, if the form is the same. */
struct shared {
	struct stats stats;
	struct status_history history;
	struct summary summary;
};
_Static_assert(sizeof(struct shared) <= 64 * 1024, "it is to stay small");

struct keeper {
	int argc;
	char **argv;		   /* untouched */
	struct settings *settings; /* in force */
	struct settings *next; /* of `coming`, at a reload; NULL: the same */
	struct conf *conf;     /* of `settings` */
	int (*work)(const struct keeper_job *job); /* see keeper.h */
	struct log log;
	struct log next_log;
	struct stats *stats;
	int stats_fd; /* of the mapping; -1: it cannot be passed on */
	struct notify notify;
	struct names names;
	struct report report;
	int signal_fd;
	sigset_t signals_before;

	struct process processes[PROCESS_MAX];
	struct process *predecessor; /* the keeper before; NULL: gone */
	struct sockets before;	     /* its sockets, until we serve */
	struct process *newest;	     /* who serves, or would; NULL: nobody */
	struct process *coming;	     /* replaces the newest once it is ready */
	uint32_t quarantined;	     /* slots of those who died, for the next */
	int64_t quarantined_until_ms;
	int64_t dropped_until_ms; /* of those that a reload took away */
	uint32_t given;		  /* slots so far, to whomsoever */
	int64_t restart_ms;	  /* when another worker is started; 0: not */
	int64_t back_off_ms;

	char status_text[128]; /* the last told */
	int64_t tick_ms;       /* when the service manager hears next */
	bool was_ready;
	bool reload_wanted;
	bool upgrade_wanted;
	bool was_refused; /* the last of them */
	bool takes_over;  /* the keeper before was told to let go */
	bool let_go;	  /* the newest is the keeper that has taken over */
	bool stays;	  /* as long as that one */
	bool ending;
	bool over;
	int exit_status;
};

/* Every place in the table. A name that is declared takes no parentheses. */
/* NOLINTBEGIN(bugprone-macro-parentheses) */
#define for_each_process(k, w)                                                 \
	for (__auto_type w = &(k)->processes[0];                               \
	     (w) < &(k)->processes[PROCESS_MAX]; (w)++)
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- keeper.c ---- */

int64_t keeper_now_ms(void);

/* ---- process.c: workers, from fork to the end ---- */

/* Forks a worker of these settings; NULL: another keeper. 0 with `*out`, or
 * -errno. */
int process_start(
    struct keeper *k, const struct settings *s, struct process **out);

/* Ends those who have not done in time what they were told to; returns when to
 * call again. */
int64_t process_check_all(struct keeper *k, int64_t now_ms);

/* Tells what must not be lost: false, and the end of `m`, if it cannot. */
bool process_tell(
    struct keeper *k, struct process *m, const struct line_message *said);

/* `m` was given what it serves with. */
void process_serves(struct keeper *k, struct process *m);

/* Reads all that a worker has said. */
void process_listen(struct keeper *k, struct process *m);

/* Is it told that, too? Addresses are only for those who have that device. */
bool process_heeds(const struct process *m, const struct line_message *said);

/* Tells all workers that serve or drain. */
void process_tell_all(struct keeper *k, const struct line_message *m);

/* A child has ended, stopped or gone on. */
void process_changed(struct keeper *k, pid_t pid, int status);

/* Starts another worker if it is time to. */
void process_restart(struct keeper *k);

/* No more clients; the second time: the end. */
void process_end_all(struct keeper *k);

bool process_all_gone(const struct keeper *k);

/* ---- handover.c: slots and health, from worker to worker ---- */

/* `m` is ready: it serves with all that nobody else has. */
void handover_go(struct keeper *k, struct process *m);

/* What a worker says of slots and health. */
void handover_said(
    struct keeper *k, struct process *from, const struct line_message *said);

/* `m` has ended, well or not: others get what it had. */
void handover_ended(struct keeper *k, struct process *m);

/* ---- names.c: the addresses of the device's name ---- */

void names_start(struct keeper *k);
void names_stop(struct keeper *k);

/* A worker's probe has failed: are they still the same? */
void names_look_up(struct keeper *k);

/* An answer is there. */
void names_answered(struct keeper *k);

/* Asks if it is time to; returns when to call again. */
int64_t names_run(struct keeper *k, int64_t now_ms);

/* ---- reload.c: other settings ---- */

/* Somebody wants the settings to be read again, or another program. */
void reload_ask(struct keeper *k);
void upgrade_ask(struct keeper *k);

/* Does so if it may be done now. */
void reload_run(struct keeper *k);

/* What became of the worker that was to serve by the next settings, if there
 * was one. */
void reload_succeeded(struct keeper *k);
void reload_failed(struct keeper *k);

void settings_free(struct settings *s);

/* ---- upgrade.c: another program ---- */

/* Starts it. */
void upgrade_begin(struct keeper *k);

/* Puts into its end of `line` what it starts with. 0 or -errno. */
int upgrade_pass(struct keeper *k, int line);
_Noreturn void upgrade_exec(struct keeper *k, int line);

/* It has ended too early. */
void upgrade_failed(struct keeper *k, int status);

/* It is ready, and `newest` from now on. */
void upgrade_let_go(struct keeper *k);

/* Another of our workers has ended: was it the last? */
void upgrade_leave(struct keeper *k);

/* In the one that is started: takes over what was passed, if it was. An exit
 * status, after a message on stderr. */
int upgrade_take(struct keeper *k);

/* It serves. */
void upgrade_taken(struct keeper *k);
void upgrade_predecessor_gone(struct keeper *k);

/* Did that come from another keeper? Then `fd` has been taken, too. */
bool upgrade_hear(struct keeper *k, struct process *m,
    const struct line_message *said, int fd);

/* ---- service.c: what the service manager is told ---- */

void service_ready(struct keeper *k);
void service_stopping(struct keeper *k);
void service_reloading(struct keeper *k);
void service_reloaded(struct keeper *k);

/* Watchdog and status; returns when to call again. */
int64_t service_run(struct keeper *k, int64_t now_ms);

#endif
