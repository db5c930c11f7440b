/*
 * coalesce.h: one reply for all who ask the same.
 *
 * The first shareable GET for a target leads; GETs for the same target that
 * arrive before it is served follow it instead of queueing. A complete,
 * public 200 that was held whole is copied to every follower. Any other end
 * sends the followers to the line as usual. If the leader's client leaves,
 * the oldest follower takes its place, and the device notices nothing; before
 * the device was asked, that follower stands in line itself and leads the
 * others.
 */
#ifndef PROXY_COALESCE_H
#define PROXY_COALESCE_H

#include <stdbool.h>

struct conn;

/* Follows a leader with the same target, or becomes one. Returns whether it
 * follows: then it only waits. Does nothing unless share is on. */
bool share_join(struct conn *c);

/* The leader's reply is complete and still held whole. */
void share_deliver(struct conn *leader);

/* The leader can serve nobody else: followers queue for themselves. Safe on
 * any connection with a guard. */
void share_release(struct conn *leader);

/* The leader's client is gone: true if a follower's has replaced it, and the
 * connection goes on. */
bool share_inherit(struct conn *leader);

#endif
