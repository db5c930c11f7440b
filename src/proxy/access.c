/*
 * access.c: the line at a connection's end, in three formats.
 *
 * A line is built only if the level lets it through. Writing is left to the
 * end of the turn, so that many ends cost one write.
 */
#include "proxy/access.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bug.h"

struct text {
	char *bytes;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
    const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->bytes + t->len, LOG_LINE_MAX - t->len, format, args);
	va_end(args);
	BUG_ON(n < 0 || (size_t)n >= LOG_LINE_MAX - t->len);
	t->len += (size_t)n;
}

static void add_time(struct text *t, int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	add(t, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(wall_ms % 1000));
}

static void add_number(struct text *t, const char *key, int64_t value,
    const char *absent)
{
	if (value < 0)
		add(t, "%s%s", key, absent);
	else
		add(t, "%s%" PRId64, key, value);
}

static void format_logfmt(struct text *t, const struct access_entry *e,
    int64_t wall_ms)
{
	char client[ADDR_TEXT_MAX];

	add(t, "time=");
	add_time(t, wall_ms);
	add(t, " client=%s in=%" PRIu64 " out=%" PRIu64,
	    peer_print(&e->client, client), e->in_bytes, e->out_bytes);
	add_number(t, " gate_ms=", e->gate_ms, "-");
	add_number(t, " queue_ms=", e->queue_ms, "-");
	add_number(t, " connect_ms=", e->connect_ms, "-");
	add_number(t, " first_ms=", e->first_byte_ms, "-");
	add_number(t, " total_ms=", e->total_ms, "-");
	add_number(t, " slot=", e->slot, "-");
	add(t, " retries=%u cause=%s state=%c", e->retries,
	    cause_row(e->cause)->word, e->state);
}

static void format_json(struct text *t, const struct access_entry *e,
    int64_t wall_ms)
{
	char client[ADDR_TEXT_MAX];

	add(t, "{\"time\":\"");
	add_time(t, wall_ms);
	add(t, "\",\"client\":\"%s\",\"in\":%" PRIu64 ",\"out\":%" PRIu64,
	    peer_print(&e->client, client), e->in_bytes, e->out_bytes);
	add_number(t, ",\"gate_ms\":", e->gate_ms, "null");
	add_number(t, ",\"queue_ms\":", e->queue_ms, "null");
	add_number(t, ",\"connect_ms\":", e->connect_ms, "null");
	add_number(t, ",\"first_ms\":", e->first_byte_ms, "null");
	add_number(t, ",\"total_ms\":", e->total_ms, "null");
	add_number(t, ",\"slot\":", e->slot, "null");
	add(t, ",\"retries\":%u,\"cause\":\"%s\",\"state\":\"%c\"}",
	    e->retries, cause_row(e->cause)->word, e->state);
}

/* The second letter says where it ended, in HAProxy's terms. */
static char tcplog_place(const struct access_entry *e)
{
	if (e->cause == CAUSE_DONE)
		return '-';
	switch (e->state) {
	case 'G':
		return 'R';
	case 'Q':
		return 'Q';
	case 'D':
		return 'C';
	case 'L':
		return 'L';
	default:
		return 'D';
	}
}

static void format_tcplog(struct text *t, const struct access_entry *e,
    int64_t wall_ms)
{
	time_t s = (time_t)((wall_ms - e->total_ms) / 1000);
	char client[ADDR_TEXT_MAX], date[32];
	struct tm tm;

	localtime_r(&s, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	add(t, "%s [%s.%03d] front device/%s ", peer_print(&e->client, client),
	    date, (int)((wall_ms - e->total_ms) % 1000),
	    e->connect_ms < 0 ? "<NOSRV>" : "device");
	add(t, "%" PRId64 "/%" PRId64 "/%" PRId64 " %" PRIu64 " %c%c ",
	    e->connect_ms < 0 ? -1 : e->queue_ms < 0 ? 0 : e->queue_ms,
	    e->connect_ms, e->total_ms, e->out_bytes,
	    cause_row(e->cause)->tcplog, tcplog_place(e));
	add(t, "%u/%u/%u/%u/%u 0/0", e->live, e->live, e->live, e->live,
	    e->retries);
}

size_t access_format(const struct access_entry *e, enum log_format format,
    int64_t wall_ms, char *out_line)
{
	struct text t = {.bytes = out_line};

	if (format == LOG_JSON)
		format_json(&t, e, wall_ms);
	else if (format == LOG_TCPLOG)
		format_tcplog(&t, e, wall_ms);
	else
		format_logfmt(&t, e, wall_ms);
	return t.len;
}

static void flush(struct access *a)
{
	bool behind = log_flush(a->log) < 0;

	if (a->writable.fd >= 0)
		ev_io_want(a->loop, &a->writable, behind ? EV_OUT : 0);
}

static void on_flush(struct ev_loop *loop, struct ev_later *l)
{
	(void)loop;
	flush(container_of(l, struct access, flush));
}

static void on_writable(struct ev_loop *loop, struct ev_io *io,
    unsigned int events)
{
	(void)loop;
	(void)events;
	flush(container_of(io, struct access, writable));
}

void access_start(struct access *a, const struct access_conf *conf,
    struct log *log, struct ev_loop *loop)
{
	*a = (struct access){
	    .log = log,
	    .loop = loop,
	    .format = conf->format,
	};
	tzset(); /* reads its file now, not at the first line */
	ev_later_init(&a->flush, on_flush);
	ev_io_init(&a->writable, log->target == LOG_TO_FILE ? -1 : log->fd,
	    on_writable);
}

void access_write(struct access *a, const struct access_entry *e)
{
	char line[LOG_LINE_MAX];
	struct timespec now;
	size_t len;

	if (!log_wanted(a->log, LOG_LEVEL_INFO))
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	len = access_format(e, a->format,
	    (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, line);
	log_line(a->log, LOG_LEVEL_INFO, line, len);
	access_flush_soon(a);
}

void access_flush_soon(struct access *a)
{
	ev_later_add(a->loop, &a->flush);
}
