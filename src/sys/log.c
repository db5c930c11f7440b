/*
 * log.c: one buffer of lines, how they leave, and what is counted if they do
 * not.
 *
 * The buffer holds whole lines; only its first may have left in part. A line
 * that reports a loss is put into an empty buffer only, so that at most one
 * waits, and it is the first.
 */
#include "sys/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

enum {
	LIMIT_MS = 1000,
	LAST_WAIT_MS = 1000,
	FACILITY_DAEMON = 3 << 3,
	LOSS_BYTES_MAX = 512, /* a line that reports a loss */
};

static const char *const level_words[] = {LOG_LEVEL_WORDS};
static const char priorities[] = {'3', '4', '6', '7'}; /* syslog(3) */

static int64_t clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t log_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

/* ---- the buffer ---- */

/* Room for `len` bytes at the end of what waits. */
static bool make_room(struct log *log, size_t len)
{
	if (log->end - log->start + len > LOG_BUFFER_BYTES)
		return false;
	if (log->end + len <= LOG_BUFFER_BYTES)
		return true;
	memmove(log->buffer, log->buffer + log->start, log->end - log->start);
	log->end -= log->start;
	if (log->reporting > 0)
		log->report_end -= log->start;
	log->start = 0;
	return true;
}

static void put_char(struct log *log, char c)
{
	log->buffer[log->end++] = c;
}

/* What stands before each line: for syslog one digit, its priority. */
static void put_priority(struct log *log, enum log_level level)
{
	if (log->conf->target == LOG_TO_SYSLOG) {
		put_char(log, priorities[level]);
	} else if (log->has_priorities) {
		put_char(log, '<');
		put_char(log, priorities[level]);
		put_char(log, '>');
	}
}

static bool append(
    struct log *log, enum log_level level, const char *line, size_t len)
{
	bool first = !log_waits(log);

	if (first)
		log->start = log->end = 0;
	if (!make_room(log, len + 5))
		return false;
	if (first && log->mid_line)
		put_char(log, '\n');
	put_priority(log, level);
	memcpy(log->buffer + log->end, line, len);
	log->end += len;
	put_char(log, '\n');
	if (first && log->on_waits)
		log->on_waits(log->on_waits_arg);
	return true;
}

/* ---- messages ---- */

static void add_logfmt(struct text *t, const struct log *log,
    enum log_level level, const char *message)
{
	text_add(t, "time=");
	text_add_utc(t, log_wall_ms());
	text_add(t, " level=");
	text_add(t, level_words[level]);
	if (log->conf->name) {
		text_add(t, " name=");
		text_add_quoted(t, log->conf->name, LOG_LINE_MAX / 2);
	}
	text_add(t, " msg=");
	text_add_quoted(t, message, 0);
}

static void add_json(struct text *t, const struct log *log,
    enum log_level level, const char *message)
{
	text_add(t, "{\"time\":\"");
	text_add_utc(t, log_wall_ms());
	text_add(t, "\",\"level\":\"");
	text_add(t, level_words[level]);
	text_add_char(t, '"');
	if (log->conf->name) {
		text_add(t, ",\"name\":");
		text_add_quoted(t, log->conf->name, LOG_LINE_MAX / 2);
	}
	text_add(t, ",\"msg\":");
	text_add_quoted(t, message, 1);
	text_add_char(t, '}');
}

/* syslog adds the time and who it is by itself. */
static void add_plain(struct text *t, const struct log *log,
    enum log_level level, const char *message)
{
	const char *name = log->conf->name ? log->conf->name : "";

	if (log->conf->target != LOG_TO_SYSLOG) {
		text_add_local(t, log_wall_ms());
		text_add(t, " sallyport[");
		text_add_uint(t, (uint64_t)log->pid, 1);
		text_add(t, "]: ");
	}
	t->len += (size_t)snprintf(t->bytes + t->len, t->size - t->len,
	    "%.64s%s%s: %.800s", name, *name != '\0' ? ": " : "",
	    level_words[level], message);
}

static size_t format_message(const struct log *log, enum log_level level,
    const char *message, char *out_line)
{
	struct text t = {.bytes = out_line, .size = LOG_LINE_MAX};

	if (log->conf->format == LOG_JSON)
		add_json(&t, log, level, message);
	else if (log->conf->format == LOG_TCPLOG)
		add_plain(&t, log, level, message);
	else
		add_logfmt(&t, log, level, message);
	return text_end(&t);
}

/* ---- losses ---- */

/* Puts the line that reports the losses so far into the empty buffer. */
static void report_loss(struct log *log)
{
	char message[96], line[LOG_LINE_MAX];
	size_t len;

	snprintf(message, sizeof(message),
	    "the log could not be written: %" PRIu64 " lines lost", log->lost);
	len = format_message(log, LOG_LEVEL_WARN, message, line);
	log->reporting = log->lost;
	log->lost = 0;
	append(log, LOG_LEVEL_WARN, line, len);
	log->report_end = log->end;
}

static void on_left(struct log *log, size_t bytes)
{
	log->start += bytes;
	if (log->reporting > 0 && log->start >= log->report_end)
		log->reporting = 0;
}

/* What waits is lost; if its first line reports losses, they are still to be
 * reported. The newline of a line that has left but for that, or was lost
 * before, is no line: the next brings it along. */
static void drop_waiting(struct log *log)
{
	if (log->mid_line && log->buffer[log->start] == '\n')
		on_left(log, 1);
	if (log->reporting > 0) {
		log->lost += log->reporting;
		log->reporting = 0;
		log->start = log->report_end;
	}
	for (; log->start < log->end; log->start++)
		log->lost += log->buffer[log->start] == '\n';
	log->start = log->end = 0;
	log_sink_forget(&log->sink);
}

void log_line(
    struct log *log, enum log_level level, const char *line, size_t len)
{
	if (!log_wanted(log, level))
		return;
	if (log->lost > 0 && !log_waits(log))
		report_loss(log);
	if (!append(log, level, line, len))
		log->lost++;
}

void log_message(struct log *log, enum log_level level, const char *format, ...)
{
	char message[LOG_LINE_MAX], line[LOG_LINE_MAX];
	va_list args;

	if (!log_wanted(log, level))
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	log_line(log, level, line, format_message(log, level, message, line));
}

/* ---- leaving ---- */

/* syslog takes one line a datagram, with its priority in front. */
static ssize_t put_syslog(struct log *log)
{
	const char *priority = log->buffer + log->start;
	const char *line = priority + 1;
	const char *newline = memchr(line, '\n', log->end - log->start - 1);
	char packet[LOG_LINE_MAX + 64];
	size_t len = (size_t)(newline - line);
	ssize_t n;
	int packed;

	packed = snprintf(packet, sizeof(packet), "<%d>sallyport[%d]: %.*s",
	    FACILITY_DAEMON | (*priority - '0'), (int)log->pid, (int)len, line);
	n = log_sink_put(&log->sink, packet, (size_t)packed);
	if (n < 0 && n != -EAGAIN && log_sink_reconnect_syslog(&log->sink) == 0)
		n = log_sink_put(&log->sink, packet, (size_t)packed);
	return n < 0 ? n : (ssize_t)len + 2;
}

static ssize_t put_waiting(struct log *log)
{
	ssize_t n;

	if (log->conf->target == LOG_TO_SYSLOG)
		return put_syslog(log);
	n = log_sink_put(
	    &log->sink, log->buffer + log->start, log->end - log->start);
	if (n > 0)
		log->mid_line = log->buffer[log->start + (size_t)n - 1] != '\n';
	return n;
}

int log_flush(struct log *log)
{
	ssize_t n;

	while (log_waits(log)) {
		n = put_waiting(log);
		if (n == -EAGAIN)
			return -EAGAIN;
		if (n < 0) {
			drop_waiting(log);
			return 0;
		}
		on_left(log, (size_t)n);
		if (log->lost > 0 && !log_waits(log))
			report_loss(log);
	}
	return 0;
}

bool log_may_report(
    struct log_limit *limit, int64_t now_ms, uint64_t *out_held_back)
{
	if (now_ms < limit->next_ms) {
		limit->held_back++;
		return false;
	}
	*out_held_back = limit->held_back;
	limit->held_back = 0;
	limit->next_ms = now_ms + LIMIT_MS;
	return true;
}

/* ---- the beginning and the end ---- */

const char *log_name(const struct log_conf *conf)
{
	return conf->target == LOG_TO_FILE     ? conf->path
	       : conf->target == LOG_TO_SYSLOG ? "/dev/log"
					       : "on stderr";
}

int log_open(struct log *log, const struct log_conf *conf)
{
	log->conf = conf;
	log->pid = getpid();
	log->level = conf->level;
	log->has_priorities = false;
	log->mid_line = false;
	log->start = log->end = 0;
	log->lost = log->reporting = 0;
	tzset(); /* reads its file now, not at the first line */
	if (conf->target == LOG_TO_SYSLOG)
		return log_sink_open_syslog(&log->sink);
	if (conf->target == LOG_TO_FILE)
		return log_sink_open_file(&log->sink, conf->path);
	log->has_priorities = log_sink_stderr_is_journal();
	return log_sink_open_stderr(&log->sink);
}

/* For a reader who is behind and is no pipe. */
static void flush_for_a_while(struct log *log)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + LAST_WAIT_MS;
	int64_t left_ms = LAST_WAIT_MS;

	while (left_ms > 0 && log_sink_wait(&log->sink, (int)left_ms) &&
	       log_flush(log) == -EAGAIN)
		left_ms = until_ms - clock_ms(CLOCK_MONOTONIC);
}

uint64_t log_close(struct log *log)
{
	if (log->lost > 0 && !log_waits(log))
		report_loss(log);
	if (log_flush(log) == -EAGAIN &&
	    (log_sink_widen(&log->sink,
		 2 * (log->end - log->start) + LOSS_BYTES_MAX) < 0 ||
		log_flush(log) == -EAGAIN))
		flush_for_a_while(log);
	drop_waiting(log);
	log_sink_close(&log->sink);
	return log->lost;
}

int log_take(struct log *log, int fd)
{
	int old_fd = log->sink.fd;

	log_flush(log);
	log->sink = (struct log_sink){.fd = fd, .stage = {-1, -1}};
	return old_fd;
}

int log_reopen(struct log *log, int *out_old_fd)
{
	struct log_sink fresh;
	int err;

	*out_old_fd = -1;
	if (log->conf->target != LOG_TO_FILE)
		return 0;
	err = log_sink_open_file(&fresh, log->conf->path);
	if (err < 0)
		return err;
	*out_old_fd = log_take(log, fresh.fd);
	return 0;
}
