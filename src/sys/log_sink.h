/*
 * log_sink.h: the descriptor behind the log; it takes bytes or says -EAGAIN,
 * whatever it is.
 *
 * stderr is shared with others (a shell, another process of a container), so
 * its file status is never changed. It is opened anew through /proc, which
 * makes a description of our own that may be nonblocking. Where that is
 * refused (no /proc, a pipe that belongs to another user) a way is taken that
 * does not wait: a socket is sent to with DONTWAIT; bytes for a pipe are
 * spliced from one of our own, which never waits (splice(2)); a terminal is
 * asked with poll(2) and given little at a time.
 */
#ifndef SYS_LOG_SINK_H
#define SYS_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum log_sink_kind {
	LOG_SINK_OWN,	   /* nonblocking, or a file: write */
	LOG_SINK_SOCKET,   /* send */
	LOG_SINK_PIPE,	   /* another's: splice */
	LOG_SINK_TERMINAL, /* another's: poll, then write */
};

struct log_sink {
	enum log_sink_kind kind;
	int fd;	       /* -1: closed */
	int stage[2];  /* LOG_SINK_PIPE: our own pipe */
	size_t staged; /* bytes in it, the first of those to be written */
};

/* Each opens one: 0 or -errno. */
int log_sink_open_stderr(struct log_sink *s);
int log_sink_open_file(struct log_sink *s, const char *path);
int log_sink_open_syslog(struct log_sink *s);

void log_sink_close(struct log_sink *s);

/* Is stderr the journal's (systemd.exec(5), JOURNAL_STREAM)? */
bool log_sink_stderr_is_journal(void);

/*
 * Writes some of `bytes` without waiting: how many, or -errno. After -EAGAIN
 * the same bytes must come first again, or log_sink_forget.
 */
ssize_t log_sink_put(struct log_sink *s, const char *bytes, size_t len);

/* What the last put left behind is not wanted any more. */
void log_sink_forget(struct log_sink *s);

/* Connects the socket to syslog's again, after the daemon has restarted. */
int log_sink_reconnect_syslog(struct log_sink *s);

/* Makes room for `bytes` more in a pipe whose reader is behind: 0 or -errno.
 * Only for the end: room that is given is not taken back. */
int log_sink_widen(struct log_sink *s, size_t bytes);

/* Waits until more can be put, at most `timeout_ms`; false: still not. */
bool log_sink_wait(struct log_sink *s, int timeout_ms);

#endif
