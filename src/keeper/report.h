/*
 * report.h: who may look at the proxy from outside: the control socket, the
 * admin address and the metrics file. All of it is served by the keeper.
 */
#ifndef KEEPER_REPORT_H
#define KEEPER_REPORT_H

#include <poll.h>

#include "keeper/responder.h"
#include "keeper/events.h"
#include "keeper/sockets.h"
#include "keeper/status.h"
#include "keeper/status_conf.h"

struct keeper;
struct process;
struct line_message;

struct report {
	struct responder control;
	struct responder admin;
	struct status_history *history; /* in the mapping */
	struct events events;
	int64_t metrics_ms;		/* when the file is written next */
	bool metrics_failed;		/* and that has been said */
	bool held;			/* by order */
	struct listen_socket passed[2]; /* control and admin, not taken yet */
	pid_t look_pid;			/* the worker asked last who is there */
	uint32_t look;			/* and the number of that */
	int64_t look_ms;
};

enum { REPORT_FDS = 2 * RESPONDER_FDS };

/* As the settings want it. An exit status, after a message on stderr. */
int report_open(struct keeper *k);
void report_close(struct keeper *k);

/* Other settings are in force: what is at another place is opened there; what
 * cannot be is left where it was, and that is said. */
void report_reload(struct keeper *k, const struct status_conf *before);

/* Closes descriptors only, in a worker. */
void report_drop(struct keeper *k);

/* Returns how many: none while both are off. poll(2) refuses more than the
 * descriptor limit, -1 or not. */
nfds_t report_poll(const struct keeper *k, struct pollfd out_fds[REPORT_FDS]);
void report_turn(struct keeper *k, const struct pollfd fds[REPORT_FDS]);

/* Returns when to call again. */
int64_t report_run(struct keeper *k, int64_t now_ms);

/* For another keeper: the first puts sockets and history into its `line`, the
 * second takes what came, the third closes what the settings do not want. */
int report_pass(struct keeper *k, int line);
bool report_take(struct keeper *k, const struct line_message *m, int fd);
void report_taken(struct keeper *k);

/* `m` serves from now on. */
void report_ready(struct keeper *k, struct process *m);

/* The newest worker says that the device's state is another. */
void report_health(struct keeper *k);

/* ---- for the files of this part ---- */

/* What there is to be told, with `texts` to point into. */
struct report_texts {
	char listen[512];
	char device[ADDR_TEXT_MAX];
};
void report_gather(
    struct keeper *k, struct status_facts *out, struct report_texts *texts);

/* Is what is known of clients fresh? Else the worker is asked, and says
 * LINE_LOOKED. */
bool report_looks(struct keeper *k);

/* Asks in any case, so that report_looks is true only when the worker has done
 * all that it was told before; false: there is none to ask. */
bool report_look_anew(struct keeper *k);

enum responder_verdict control_answer(
    void *keeper, struct responder_peer *p, struct text *reply);
enum responder_verdict admin_answer(
    void *keeper, struct responder_peer *p, struct text *reply);

#endif
