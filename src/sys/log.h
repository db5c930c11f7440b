/*
 * log.h: where lines go: stderr, a file or syslog; never a wait.
 *
 * Lines gather in a fixed buffer and leave in one nonblocking write when
 * log_flush is called, once a turn. A reader who stalls costs lines, never
 * time: what does not fit is dropped, counted, and the count is said when
 * there is room again.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_FILE };
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

struct log_conf {
	enum log_target target;
	const char *path; /* LOG_TO_FILE */
	enum log_level level;
};

enum { LOG_BUFFER_BYTES = 64 * 1024, LOG_LINE_MAX = 1024 };

struct log {
	int fd;
	enum log_target target;
	enum log_level level;
	bool is_socket;
	size_t start; /* waiting: buffer[start..end) */
	size_t end;
	uint64_t dropped; /* lines, not yet said */
	uint64_t saying;  /* lines lost, of which a waiting line tells */
	/* Called when the first line begins to wait; the owner sees to it that
	 * log_flush follows. May be NULL. */
	void (*on_waits)(void *arg);
	void *on_waits_arg;
	char buffer[LOG_BUFFER_BYTES];
};

/* Opens the target. 0 or -errno; before it succeeds nothing is written. */
int log_open(struct log *log, const struct log_conf *conf);

/* Writes what waits, as far as that goes without waiting, and closes. */
void log_close(struct log *log);

static inline bool log_wanted(const struct log *log, enum log_level level)
{
	return level <= log->level;
}

/* Queues one line of `len` bytes, without its newline. */
void log_line(struct log *log, enum log_level level, const char *line,
    size_t len);

/* Queues a message; what happened and what happens next. */
__attribute__((format(printf, 3, 4))) void log_say(struct log *log,
    enum log_level level, const char *format, ...);

/* Is anything queued? */
static inline bool log_waits(const struct log *log)
{
	return log->end > log->start;
}

/* One nonblocking write. 0 when everything left, -EAGAIN when the reader is
 * behind (log->fd can be watched for EV_OUT); other failures drop what
 * waits, and count it. */
int log_flush(struct log *log);

/* Lets one message a second through; counts the others. */
struct log_limit {
	int64_t next_ms;
	uint64_t held_back;
};

/* May it be said at `now_ms`? Then `*out_held_back` is how many were not. */
bool log_may_say(struct log_limit *limit, int64_t now_ms,
    uint64_t *out_held_back);

#endif
