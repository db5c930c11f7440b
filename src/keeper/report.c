/*
 * report.c: opening and serving both responders, and the metrics file.
 */
#include "keeper/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/bug.h"
#include "keeper/events.h"
#include "keeper/facts.h"
#include "sys/exit_status.h"

enum {
	CONTROL_PLACES = 2,
	CONTROL_PATIENCE_MS = 1000,
	CONTROL_MODE = 0660,
	ADMIN_PATIENCE_MS = 2000,
	METRICS_EVERY_MS = 15000,
};

void report_health(struct keeper *k)
{
	const struct stats_block *s = k->newest ? k->newest->stats : NULL;
	int64_t for_ms;

	if (!s || !s->is_protected)
		return;
	for_ms = keeper_now_ms() - s->health_since_ms;
	/* It is stuck from when that is found, and has been down before. */
	status_note(k->report.history, status_device_state(s),
	    (enum health_why)s->health_why,
	    log_wall_ms() - (s->is_stuck ? 0 : for_ms));
	events_changed(k);
}

/* What was ordered holds for a worker that replaces a dead one, too. */
void report_ready(struct keeper *k, struct process *m)
{
	if (k->report.held)
		(void)line_tell(m->line, LINE_HOLD, 1);
	report_health(k);
}

/* ---- the metrics file ---- */

static int write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n = write(fd, bytes, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOSPC;
}

/* Whoever reads it sees the old one or the new one, whole. */
static int replace_file(const char *path, const char *bytes, size_t len)
{
	char fresh[4096];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", path), fd, err;

	if (n < 0 || (size_t)n >= sizeof(fresh))
		return -ENAMETOOLONG;
	fd = open(fresh,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0644);
	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, len);
	close(fd);
	if (err == 0 && rename(fresh, path) < 0)
		err = -errno;
	if (err < 0)
		(void)unlink(fresh);
	return err;
}

static int write_metrics(struct keeper *k)
{
	static char bytes[STATUS_TEXT_MAX];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};
	struct facts_texts texts;
	struct status_facts f;

	facts_gather(k, &f, &texts);
	metrics_text(&f, &t);
	return replace_file(k->conf->status.metrics_path, t.bytes, t.len);
}

/* A disk that is full today need not be so tomorrow. */
static void refresh_metrics(struct keeper *k)
{
	int err = write_metrics(k);

	if (err < 0 && !k->report.metrics_failed)
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "metrics-file: \"%s\" cannot be written: %s; it is tried "
		    "again every %d s",
		    k->conf->status.metrics_path, strerror(-err),
		    METRICS_EVERY_MS / 1000);
	k->report.metrics_failed = err < 0;
}

/* ---- both responders ---- */

/* Port 0 is whichever it has; it stands in the same place in both families. */
static bool is_wanted(const struct addr *bound, const struct addr *wanted)
{
	struct addr a = *wanted;

	if (a.u.sa.sa_family != AF_UNIX && addr_port(&a) == 0)
		a.u.in.sin_port = bound->u.in.sin_port;
	return addr_equal(bound, &a);
}

static int open_responder(struct responder *d, struct listen_socket *passed,
    const char *name, const char *where)
{
	const char *why = "";
	char text[ADDR_TEXT_MAX + 32];
	int err;

	d->fd = -1;
	if (!where)
		return EX_OK;
	err = addr_parse(where, "127.0.0.1", &d->addr, &why);
	BUG_ON(err < 0); /* the settings were looked at */
	if (passed->fd >= 0 && is_wanted(&passed->bound, &d->addr)) {
		responder_adopt(d, passed);
		return EX_OK;
	}
	err = responder_open(d, CONTROL_MODE);
	snprintf(text, sizeof(text), "%s at ", name);
	return err < 0 ? exit_status_fail(text, where, err) : EX_OK;
}

int report_open(struct keeper *k)
{
	const struct status_conf *c = &k->conf->status;
	struct report *r = &k->report;
	char text[ADDR_TEXT_MAX];
	int status, err = events_check(k->conf->health.events_path, stderr);

	if (err < 0)
		return exit_status_of(err);
	tzset();
	r->control = (struct responder){.fd = -1,
	    .places = CONTROL_PLACES,
	    .patience_ms = CONTROL_PATIENCE_MS,
	    .answer = control_answer,
	    .arg = k};
	r->admin = (struct responder){.fd = -1,
	    .places = RESPONDER_PEERS_MAX,
	    .patience_ms = ADMIN_PATIENCE_MS,
	    .evicts = true,
	    .answer = admin_answer,
	    .arg = k};
	status = open_responder(
	    &r->control, &r->passed[0], "control", c->control_path);
	if (status == EX_OK)
		status =
		    open_responder(&r->admin, &r->passed[1], "admin", c->admin);
	if (status == EX_OK && r->admin.fd >= 0)
		log_message(&k->log, LOG_LEVEL_INFO, "admin on %s",
		    addr_print(&r->admin.addr, text));
	return status;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void move_responder(struct keeper *k, struct responder *d,
    const char *name, const char *before, const char *where)
{
	struct responder fresh = *d;
	char text[ADDR_TEXT_MAX];
	const char *why;
	int err = 0;

	if (same_text(before, where))
		return;
	fresh.fd = -1;
	if (where)
		err = addr_parse(where, "127.0.0.1", &fresh.addr, &why);
	/* It may have stayed there when it was to move. */
	if (where && err == 0 && d->fd >= 0 &&
	    addr_equal(&fresh.addr, &d->addr))
		return;
	if (where && err == 0)
		err = responder_open(&fresh, CONTROL_MODE);
	if (err < 0) {
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "%s: \"%s\" cannot be opened: %s%s; %s stays as it was",
		    name, where, strerror(-err), exit_status_expected(err),
		    name);
		return;
	}
	responder_close(d);
	*d = fresh;
	log_message(&k->log, LOG_LEVEL_INFO, "%s %s%s", name,
	    where ? "on " : "off", where ? addr_print(&d->addr, text) : "");
}

void report_reload(struct keeper *k, const struct conf *before)
{
	const struct status_conf *old = &before->status, *c = &k->conf->status;

	move_responder(k, &k->report.control, "control", old->control_path,
	    c->control_path);
	move_responder(k, &k->report.admin, "admin", old->admin, c->admin);
	if (!same_text(before->health.events_path, k->conf->health.events_path))
		events_left(k);
}

static int pass_responder(const struct responder *d, uint32_t which, int line)
{
	const struct listen_socket s = {.bound = d->addr, .path = d->path};
	struct line_message m = {
	    .kind = LINE_RESPONDER, .count = which, .length = sizeof(s)};

	memcpy(m.bytes, &s, sizeof(s));
	return d->fd < 0 ? 0 : line_send(line, &m, d->fd);
}

int report_pass(struct keeper *k, int line)
{
	const struct report *r = &k->report;
	int err = pass_responder(&r->control, 0, line);

	if (err == 0)
		err = pass_responder(&r->admin, 1, line);
	return err < 0 ? err : line_tell(line, LINE_HOLD, r->held);
}

bool report_take(struct keeper *k, const struct line_message *m, int fd)
{
	struct report *r = &k->report;

	if (m->kind == LINE_HOLD)
		r->held = m->count > 0;
	if (m->kind != LINE_RESPONDER || m->length != sizeof(r->passed[0]) ||
	    m->count > 1)
		return false;
	memcpy(&r->passed[m->count], m->bytes, m->length);
	r->passed[m->count].fd = fd;
	return true;
}

void report_taken(struct keeper *k)
{
	for (size_t i = 0; i < 2; i++) {
		struct listen_socket *s = &k->report.passed[i];

		if (s->fd < 0)
			continue;
		if (s->bound.u.sa.sa_family == AF_UNIX)
			sock_path_remove(&s->bound, &s->path);
		close(s->fd);
		s->fd = -1;
	}
}

void report_close(struct keeper *k)
{
	responder_close(&k->report.control);
	responder_close(&k->report.admin);
	events_close(k);
}

void report_drop(struct keeper *k)
{
	responder_drop(&k->report.control);
	responder_drop(&k->report.admin);
	events_close(k);
}

/* While one keeper takes over from another, the newest is a keeper, of which
 * nothing is known: who asks waits until it is clear who answers. */
static bool may_answer(const struct keeper *k)
{
	return !k->newest || k->newest->stats;
}

nfds_t report_poll(const struct keeper *k, struct pollfd out_fds[REPORT_FDS])
{
	responder_poll(&k->report.control, out_fds);
	responder_poll(&k->report.admin, out_fds + RESPONDER_FDS);
	if (!may_answer(k) ||
	    (k->report.control.fd < 0 && k->report.admin.fd < 0))
		return 0;
	return REPORT_FDS;
}

void report_turn(struct keeper *k, const struct pollfd fds[REPORT_FDS])
{
	int64_t now_ms = keeper_now_ms();

	if (!may_answer(k))
		return;
	responder_turn(&k->report.control, fds, now_ms);
	responder_turn(&k->report.admin, fds + RESPONDER_FDS, now_ms);
}

static int64_t run_responders(struct keeper *k, int64_t now_ms)
{
	int64_t next_ms = responder_run(&k->report.control, now_ms);
	int64_t at_ms = responder_run(&k->report.admin, now_ms);

	return at_ms < next_ms ? at_ms : next_ms;
}

static int64_t run_recent(struct keeper *k, int64_t now_ms)
{
	struct stats_block sum;

	if (now_ms < k->report.history->recent.next_ms)
		return k->report.history->recent.next_ms;
	stats_sum(k->stats, NULL, &sum);
	return recent_run(&k->report.history->recent, &sum, now_ms);
}

static int64_t run_summary(struct keeper *k, int64_t now_ms)
{
	struct summary *s = k->report.summary;
	char line[LOG_LINE_MAX];
	struct text t = {.bytes = line, .size = sizeof(line)};
	struct facts_texts texts;
	struct status_facts f;

	if (now_ms < s->next_ms)
		return s->next_ms;
	facts_gather(k, &f, &texts);
	(void)summary_run(s, &f, &t);
	if (text_end(&t) > 0)
		log_message(&k->log, LOG_LEVEL_INFO, "%s", line);
	return s->next_ms;
}

int64_t report_run(struct keeper *k, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX, at_ms;

	if (may_answer(k))
		next_ms = run_responders(k, now_ms);
	if (k->report.control.fd >= 0 || k->report.admin.fd >= 0) {
		at_ms = run_recent(k, now_ms);
		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	at_ms = run_summary(k, now_ms);
	next_ms = at_ms < next_ms ? at_ms : next_ms;
	at_ms = events_run(k, now_ms);
	next_ms = at_ms < next_ms ? at_ms : next_ms;
	if (!k->conf->status.metrics_path || !k->was_ready)
		return next_ms;
	if (now_ms >= k->report.metrics_ms) {
		refresh_metrics(k);
		k->report.metrics_ms = now_ms + METRICS_EVERY_MS;
	}
	return k->report.metrics_ms < next_ms ? k->report.metrics_ms : next_ms;
}
