/*
 * events.c: a record for each event, in the form of the log.
 */
#include "keeper/events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/facts.h"

enum { LOOK_EVERY_MS = 500, RECORD_MAX = 1024 };

/* ---- one record ---- */

static bool is_json(const struct keeper *k)
{
	return k->conf->log.format == LOG_JSON;
}

static void put_word(
    struct text *t, bool json, const char *name, const char *value)
{
	text_printf(t, json ? ",\"%s\":\"%s\"" : " %s=%s", name, value);
}

static void put_words(
    struct text *t, bool json, const char *name, const char *value)
{
	text_printf(t, json ? ",\"%s\":" : " %s=", name);
	text_add_quoted(t, value, RECORD_MAX / 4);
}

static void put_number(
    struct text *t, bool json, const char *name, int64_t value)
{
	text_printf(t, json ? ",\"%s\":%" PRId64 : " %s=%" PRId64, name,
	    value > 0 ? value : 0);
}

static const char *event_word(const struct events *e, bool was_held)
{
	return e->state == HEALTH_UP && was_held ? "released"
						 : status_state_word(e->state);
}

static void put_record(
    struct keeper *k, const char *word, bool attached, struct text *t)
{
	const struct events *e = &k->report.events;
	struct facts_texts texts;
	struct status_facts f;
	bool json = is_json(k);
	char line[512];
	struct text headline = {.bytes = line, .size = sizeof(line)};

	facts_gather(k, &f, &texts);
	status_headline(&f, &headline);
	(void)text_end(&headline);
	text_printf(t, json ? "{\"time\":\"" : "time=");
	text_add_utc(t, f.wall_ms);
	text_printf(t, json ? "\"" : "");
	put_word(t, json, "level", e->state == STATUS_STUCK ? "error" : "warn");
	put_words(t, json, "name", f.name);
	put_word(t, json, "event", word);
	put_words(t, json, "why", status_why(f.sum.health_why));
	put_number(t, json, "for_ms", f.wall_ms - e->since_ms);
	put_number(t, json, "after_ms", e->before_ms);
	if (f.sum.health == HEALTH_DOWN)
		put_number(
		    t, json, "next_probe_ms", f.sum.next_probe_ms - f.now_ms);
	text_printf(t, json ? ",\"attached\":%s" : " attached=%s",
	    attached ? "true" : "false");
	put_words(t, json, "msg", line);
	text_printf(t, json ? "}\n" : "\n");
}

/* A pipe takes a line whole or not at all. */
static void tell(struct keeper *k, const char *word, bool attached)
{
	struct events *e = &k->report.events;
	char bytes[RECORD_MAX];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};

	if (e->fd < 0)
		return;
	put_record(k, word, attached, &t);
	if (write(e->fd, t.bytes, t.len) >= 0)
		return;
	if (errno != EPIPE)
		log_message(&k->log, LOG_LEVEL_WARN,
		    "events: %s: the line \"%s\" is lost", strerror(errno),
		    word);
	else
		events_close(k);
}

/* ---- who reads ---- */

#define EXPECTED "expected a FIFO made with mkfifo(1)"

/* Opens the FIFO. A file would have its beginning written over. */
static int open_fifo(const char *path, int mode)
{
	int fd = open(path, mode | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	return -EEXIST;
}

/* Both ways, so that a FIFO without a reader is no error. */
int events_check(const char *path, FILE *errors)
{
	int fd = path ? open_fifo(path, O_RDWR) : 0;

	if (fd < 0)
		fprintf(errors,
		    "sallyport: cannot open events %s: %s: " EXPECTED "\n",
		    path, strerror(-fd));
	else if (path)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void look(struct keeper *k, const char *path)
{
	struct events *e = &k->report.events;

	if (e->fd >= 0)
		return;
	e->fd = open_fifo(path, O_WRONLY);
	if (e->fd < 0 && e->fd != -ENXIO && !e->has_failed) {
		e->has_failed = true;
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "events: \"%s\": %s: " EXPECTED "; it is tried again", path,
		    strerror(-e->fd));
	}
	if (e->fd < 0)
		return;
	e->has_failed = false;
	tell(k, event_word(e, false), true);
}

int64_t events_run(struct keeper *k, int64_t now_ms)
{
	const char *path = k->conf->health.events_path;
	struct events *e = &k->report.events;

	if (!path) {
		events_close(k);
		return INT64_MAX;
	}
	if (!e->is_known)
		return INT64_MAX;
	if (now_ms >= e->look_ms) {
		look(k, path);
		e->look_ms = now_ms + LOOK_EVERY_MS;
	}
	return e->look_ms;
}

/* ---- what happens ---- */

void events_changed(struct keeper *k)
{
	struct events *e = &k->report.events;
	unsigned int state, before = e->state;
	bool was_known = e->is_known;
	struct facts_texts texts;
	struct status_facts f;

	facts_gather(k, &f, &texts);
	state = status_device_state(&f.sum);
	/* What is only suspected is served all the same. */
	if (state == HEALTH_SUSPECTED)
		state = HEALTH_UP;
	if (was_known && state == before)
		return;
	e->before_ms = was_known ? f.wall_ms - e->since_ms : 0;
	e->since_ms = was_known
			  ? f.wall_ms
			  : f.wall_ms - (f.now_ms - f.sum.health_since_ms);
	e->state = state;
	e->is_known = true;
	if (was_known)
		tell(k, event_word(e, before == HEALTH_HELD), false);
}

void events_left(struct keeper *k)
{
	events_close(k);
	k->report.events.look_ms = 0;
}

void events_close(struct keeper *k)
{
	if (k->report.events.fd >= 0)
		close(k->report.events.fd);
	k->report.events.fd = -1;
}
