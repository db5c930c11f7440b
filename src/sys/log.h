/*
 * log.h: where lines go: stderr, a file or syslog; never a wait.
 *
 * Lines gather in a fixed buffer and leave in one nonblocking write when
 * log_flush is called, once a turn. A reader who stalls costs lines, never
 * time: what does not fit is lost and counted, and the count is reported in a
 * line of its own as soon as all that waited has left.
 *
 * A message is a line in the log's format: logfmt `time= level= name= msg=`,
 * json the same fields, tcplog as syslog(3) writes its lines. The lines of
 * connections are built elsewhere, with base/text.h, too.
 */
#ifndef SYS_LOG_H
#define SYS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/log_sink.h"

enum log_target { LOG_TO_STDERR, LOG_TO_SYSLOG, LOG_TO_FILE };
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};
#define LOG_LEVEL_WORDS "error", "warn", "info", "debug"

enum log_format { LOG_LOGFMT, LOG_JSON, LOG_TCPLOG };

struct log_conf {
	enum log_target target;
	const char *path; /* LOG_TO_FILE */
	const char *name; /* of the proxy, in messages; NULL: left out */
	enum log_level level;
	enum log_format format;
};

enum { LOG_BUFFER_BYTES = 64 * 1024, LOG_LINE_MAX = 1024 };

struct log {
	struct log_sink sink;
	const struct log_conf *conf;
	enum log_level level;
	pid_t pid;
	bool has_priorities; /* `<N>` before each line, for the journal */
	bool mid_line;	     /* the last line that left was cut short */
	size_t start;	     /* waiting: buffer[start..end) */
	size_t end;
	uint64_t lost;	    /* lines, not yet reported */
	uint64_t reporting; /* of them, by the first line that waits */
	size_t report_end;  /* where that line ends */
	/* Called when the first line begins to wait; the owner sees to it that
	 * log_flush follows. May be NULL. */
	void (*on_waits)(void *arg);
	void *on_waits_arg;
	char buffer[LOG_BUFFER_BYTES];
};

/* What the target is called in an error message. */
const char *log_name(const struct log_conf *conf);

/* Opens the target. 0 or -errno; before it succeeds nothing is written. `conf`
 * stays the caller's, and must stay. */
int log_open(struct log *log, const struct log_conf *conf);

/*
 * Writes what waits and closes. A pipe is given room for all of it, even if
 * nobody reads; for other readers that are behind it waits, at most a second.
 * Returns how many lines were lost and could not be reported.
 */
uint64_t log_close(struct log *log);

/*
 * Opens a LOG_TO_FILE again by its name, as after logrotate(8); what waits
 * goes to the old file. 0 with `*out_old_fd` the old descriptor, which the
 * caller closes (it may be watched), -1 where the target is no file; or
 * -errno, and the old file is kept.
 */
int log_reopen(struct log *log, int *out_old_fd);

/* The same with a file that somebody else has opened; `fd` is the log's now.
 * Returns the old descriptor. */
int log_take(struct log *log, int fd);

/* What a watcher of the reader waits for: EV_OUT on this descriptor. */
static inline int log_fd(const struct log *log)
{
	return log->sink.fd;
}

static inline bool log_wanted(const struct log *log, enum log_level level)
{
	return level <= log->level;
}

/* Queues one line of `len` bytes, without its newline. */
void log_line(
    struct log *log, enum log_level level, const char *line, size_t len);

/* Queues a message: what happened and what happens next. */
__attribute__((format(printf, 3, 4))) void log_message(
    struct log *log, enum log_level level, const char *format, ...);

/* Their names until all callers have moved. */
#define log_say	    log_message
#define log_may_say log_may_report

/* The time of lines: ms since the epoch. */
int64_t log_wall_ms(void);

/* Is anything queued? */
static inline bool log_waits(const struct log *log)
{
	return log->end > log->start;
}

/* Writes what waits, without waiting. 0 when everything left, -EAGAIN when the
 * reader is behind (log_fd can be watched for EV_OUT); with other failures
 * what waits is lost, and counted. */
int log_flush(struct log *log);

/* Lets one message a second through; counts the others. */
struct log_limit {
	int64_t next_ms;
	uint64_t held_back;
};

/* May it be reported at `now_ms`? Then `*out_held_back` is how many were
 * not. */
bool log_may_report(
    struct log_limit *limit, int64_t now_ms, uint64_t *out_held_back);

#endif
