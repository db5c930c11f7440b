/*
 * report.h: who may look at the proxy from outside: the control socket, the
 * admin address and the metrics file. All of it is served by the keeper.
 */
#ifndef KEEPER_REPORT_H
#define KEEPER_REPORT_H

#include <poll.h>

#include "keeper/inside.h"

enum { REPORT_FDS = 2 * RESPONDER_FDS };

/* As the settings want it. An exit status, after a message on stderr. */
int report_open(struct keeper *k);
void report_close(struct keeper *k);

/* Other settings are in force: what is at another place is opened there; what
 * cannot be is left where it was, and that is said. */
void report_reload(struct keeper *k, const struct conf *before);

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

enum responder_verdict control_answer(
    void *keeper, struct responder_peer *p, struct text *reply);
enum responder_verdict admin_answer(
    void *keeper, struct responder_peer *p, struct text *reply);

#endif
