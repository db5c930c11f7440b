/*
 * access_log.c: the line at a connection's end, in three formats.
 *
 * A line is built only if the level lets it through. Writing is left to the
 * end of the turn, so that many ends cost one write.
 */
#include "proxy/access_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/text.h"

enum field {
	FIELD_TIME,
	FIELD_CLIENT,
	FIELD_IN,
	FIELD_OUT,
	FIELD_GATE,
	FIELD_QUEUE,
	FIELD_CONNECT,
	FIELD_FIRST,
	FIELD_TOTAL,
	FIELD_SLOT,
	FIELD_RETRIES,
	FIELD_CAUSE,
	FIELD_STATE,
	FIELD_COUNT
};

/* The same fields in logfmt and in json: what stands before each, quotes
 * included, and at the end. */
struct style {
	const char *before[FIELD_COUNT];
	const char *absent;
	const char *close;
};

static const struct style logfmt = {
    {"time=", " client=", " in=", " out=", " gate_ms=", " queue_ms=",
	" connect_ms=", " first_ms=", " total_ms=", " slot=", " retries=",
	" cause=", " state="},
    "-", ""};

static const struct style json = {
    {"{\"time\":\"", "\",\"client\":\"", "\",\"in\":", ",\"out\":",
	",\"gate_ms\":", ",\"queue_ms\":", ",\"connect_ms\":", ",\"first_ms\":",
	",\"total_ms\":", ",\"slot\":", ",\"retries\":", ",\"cause\":\"",
	"\",\"state\":\""},
    "null", "\"}"};

static void add_word(
    struct text *t, const struct style *s, enum field f, const char *word)
{
	text_add(t, s->before[f]);
	text_add(t, word);
}

static void add_count(
    struct text *t, const struct style *s, enum field f, uint64_t value)
{
	text_add(t, s->before[f]);
	text_add_uint(t, value, 1);
}

/* Below 0: there is none. */
static void add_number(
    struct text *t, const struct style *s, enum field f, int64_t value)
{
	if (value < 0)
		add_word(t, s, f, s->absent);
	else
		add_count(t, s, f, (uint64_t)value);
}

static void format_fields(struct text *t, const struct style *s,
    const struct access_entry *e, int64_t wall_ms)
{
	char client[ADDR_TEXT_MAX];

	text_add(t, s->before[FIELD_TIME]);
	text_add_utc(t, wall_ms);
	add_word(t, s, FIELD_CLIENT, peer_print(&e->client, client));
	add_count(t, s, FIELD_IN, e->in_bytes);
	add_count(t, s, FIELD_OUT, e->out_bytes);
	add_number(t, s, FIELD_GATE, e->gate_ms);
	add_number(t, s, FIELD_QUEUE, e->queue_ms);
	add_number(t, s, FIELD_CONNECT, e->connect_ms);
	add_number(t, s, FIELD_FIRST, e->first_byte_ms);
	add_number(t, s, FIELD_TOTAL, e->total_ms);
	add_number(t, s, FIELD_SLOT, e->slot);
	add_count(t, s, FIELD_RETRIES, e->retries);
	add_word(t, s, FIELD_CAUSE, cause_row(e->cause)->word);
	text_add(t, s->before[FIELD_STATE]);
	text_add_char(t, e->state);
	text_add(t, s->close);
}

/* The second letter says where it ended, in HAProxy's terms. */
static char tcplog_place(const struct access_entry *e)
{
	if (e->cause == CAUSE_DONE)
		return '-';
	switch (e->state) {
	case 'G':
		return 'R';
	case 'S':
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

static void format_tcplog(
    struct text *t, const struct access_entry *e, int64_t wall_ms)
{
	char client[ADDR_TEXT_MAX];
	int n;

	text_add(t, peer_print(&e->client, client));
	text_add_char(t, ' ');
	text_add_local(t, wall_ms - e->total_ms);
	n = snprintf(t->bytes + t->len, t->size - t->len,
	    " front device/%s %" PRId64 "/%" PRId64 "/%" PRId64 " %" PRIu64
	    " %c%c %u/%u/%u/%u/%u 0/0",
	    e->connect_ms < 0 ? "<NOSRV>" : "device",
	    e->connect_ms < 0 ? -1
	    : e->queue_ms < 0 ? 0
			      : e->queue_ms,
	    e->connect_ms, e->total_ms, e->out_bytes,
	    cause_row(e->cause)->tcplog, tcplog_place(e), e->live, e->live,
	    e->live, e->live, e->retries);
	BUG_ON(n < 0 || (size_t)n >= t->size - t->len);
	t->len += (size_t)n;
}

size_t access_format(const struct access_entry *e, enum log_format format,
    int64_t wall_ms, char *out_line)
{
	struct text t = {.bytes = out_line, .size = LOG_LINE_MAX};

	if (format == LOG_JSON)
		format_fields(&t, &json, e, wall_ms);
	else if (format == LOG_TCPLOG)
		format_tcplog(&t, e, wall_ms);
	else
		format_fields(&t, &logfmt, e, wall_ms);
	return text_end(&t);
}

static void flush(struct access *a)
{
	bool behind = log_flush(a->log) < 0;

	/* A regular file is never behind, and epoll, which has none, never
	 * sees one. */
	ev_io_want(a->loop, &a->writable, behind ? EV_OUT : 0);
}

static void on_flush(struct ev_loop *loop, struct ev_later *l)
{
	(void)loop;
	flush(container_of(l, struct access, flush));
}

static void on_writable(
    struct ev_loop *loop, struct ev_io *io, unsigned int events)
{
	(void)loop;
	(void)events;
	flush(container_of(io, struct access, writable));
}

static void on_log_waits(void *arg)
{
	struct access *a = arg;

	ev_later_add(a->loop, &a->flush);
}

void access_start(struct access *a, struct log *log, struct ev_loop *loop)
{
	*a = (struct access){.log = log, .loop = loop};
	ev_later_init(&a->flush, on_flush);
	ev_io_init(&a->writable, log_fd(log), on_writable);
	log->on_waits = on_log_waits;
	log->on_waits_arg = a;
}

void access_stop(struct access *a)
{
	a->log->on_waits = NULL;
}

/* The descriptor of `writable` is the old one still. */
static void watch_anew(struct access *a)
{
	ev_io_close(a->loop, &a->writable);
	ev_io_init(&a->writable, log_fd(a->log), on_writable);
	if (log_waits(a->log))
		ev_later_add(a->loop, &a->flush);
}

int access_reopen(struct access *a)
{
	int old_fd, err = log_reopen(a->log, &old_fd);

	if (err < 0 || old_fd < 0)
		return err;
	watch_anew(a);
	return 0;
}

void access_take_log(struct access *a, int fd)
{
	(void)log_take(a->log, fd);
	watch_anew(a);
}

APART void access_write(struct access *a, const struct access_entry *e)
{
	char line[LOG_LINE_MAX];
	size_t len;

	if (!access_is_wanted(a))
		return;
	len = access_format(e, a->log->conf->format, log_wall_ms(), line);
	log_line(a->log, LOG_LEVEL_INFO, line, len);
}
