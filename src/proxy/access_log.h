/*
 * access_log.h: one line for every connection, at its end; and when lines
 * leave.
 *
 * The fields and their order are described in doc/log-format.txt.
 */
#ifndef PROXY_ACCESS_LOG_H
#define PROXY_ACCESS_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "evloop/evloop.h"
#include "policy/cause.h"
#include "sys/log.h"

/* What is known of a connection at its end. Waits in ms, -1: not reached. */
struct access_entry {
	struct peer client;
	uint64_t in_bytes;  /* from the client */
	uint64_t out_bytes; /* from the device */
	int64_t gate_ms;
	int64_t queue_ms;
	int64_t connect_ms;
	int64_t first_byte_ms;
	int64_t total_ms;
	int slot; /* -1: none */
	unsigned int retries;
	unsigned int live; /* connections open, this one included */
	enum cause cause;
	char state; /* letter of the state it ended in */
};

/* Formats `e`, at `wall_ms` since the epoch, as `format` wants it; returns
 * the length. `out_line` holds LOG_LINE_MAX bytes. */
size_t access_format(const struct access_entry *e, enum log_format format,
    int64_t wall_ms, char *out_line);

/* Brings the log's lines, whoever wrote them, out once a turn, and again when
 * a reader who was behind has caught up. */
struct access {
	struct log *log;
	struct ev_loop *loop;
	struct ev_later flush;
	struct ev_io writable;
};

void access_start(struct access *a, struct log *log, struct ev_loop *loop);

/* Before `loop` is freed: the log outlives it, and may have more to say. */
void access_stop(struct access *a);

/* Opens the log's file again by its name. 0 or -errno: the old one is kept. */
int access_reopen(struct access *a);

/* The same with a file that was opened elsewhere; takes over `fd`. */
void access_take_log(struct access *a, int fd);

/* Does the log's level let them through? */
static inline bool access_is_wanted(const struct access *a)
{
	return log_wanted(a->log, LOG_LEVEL_INFO);
}

/* Queues the line of `e` at level info. */
void access_write(struct access *a, const struct access_entry *e);

#endif
