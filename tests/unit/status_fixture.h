/*
 * status_fixture.h: facts to look at, and what is printed of them.
 */
#ifndef STATUS_FIXTURE_H
#define STATUS_FIXTURE_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keeper/status.h"
#include "unit.h"

/* 2026-11-25T12:00:00Z, a day into the machine's life. */
enum { FIXTURE_NOW_MS = 24 * 60 * 60 * 1000 };
static const int64_t fixture_wall_ms = 1795608000000;

static struct stats fixture_stats;
static struct status_history fixture_history;

/* Three slots, up since the start, an hour ago; nobody there. */
static inline struct status_facts facts_new(void)
{
	struct status_facts facts = {
	    .name = "lab",
	    .control = "/tmp/lab",
	    .profile = "w5500",
	    .listen = "127.0.0.1:8001",
	    .device = "192.168.1.10:80",
	    .stats = &fixture_stats,
	    .history = &fixture_history,
	    .queue_places = 64,
	    .has_worker = true,
	    .has_probe = true,
	    .now_ms = FIXTURE_NOW_MS,
	    .wall_ms = fixture_wall_ms,
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	memset(&fixture_history, 0, sizeof(fixture_history));
	fixture_stats = (struct stats){
	    .slots = 3, .started_wall_ms = fixture_wall_ms - 3600000};
	facts.sum.is_protected = true;
	facts.sum.health_since_ms = facts.now_ms - 3600000;
	return facts;
}

static inline void note_ago(
    unsigned int state, enum health_why why, int64_t ago_ms)
{
	status_note(&fixture_history, state, why, fixture_wall_ms - ago_ms);
}

static inline struct peer peer_of(const char *text, uint16_t port)
{
	struct addr a;
	struct peer p;

	ck_assert_int_eq(addr_parse_host(text, &a), 0);
	p = addr_to_peer(&a);
	p.port = port;
	return p;
}

/* The facts that a test looks at. */
static struct status_facts f;

static inline void add_client(
    const char *address, uint16_t port, char state, int64_t for_ms)
{
	f.sum.clients[f.sum.client_count++] = (struct stats_client){
	    .peer = peer_of(address, port),
	    .state = state,
	    .since_ms = f.now_ms - for_ms,
	    .opened_ms = f.now_ms - for_ms - 1000,
	    .in_bytes = 78,
	    .out_bytes = 512,
	};
	f.sum.live++;
	f.sum.queue += state == 'Q';
}

typedef void status_view(const struct status_facts *f, struct text *t);

/* What a view makes of them; good until the next call. */
static inline const char *view(status_view *print)
{
	static char bytes[STATUS_TEXT_MAX];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};

	print(&f, &t);
	(void)text_end(&t);
	return bytes;
}

/* So that JSON and HTML can be read in a test: ' stands for ". */
static inline const char *single_quoted(status_view *print)
{
	static char bytes[STATUS_TEXT_MAX];

	strcpy(bytes, view(print));
	for (char *c = bytes; (c = strchr(c, '"')) != NULL;)
		*c = '\'';
	return bytes;
}

/* Each of them is in the text, or none. */
static inline void check_words(
    const char *text, const char *const *words, bool wanted)
{
	for (; *words; words++)
		ck_assert_msg((strstr(text, *words) != NULL) == wanted,
		    "%s \"%s\" in \"%s\"", wanted ? "no" : "there is", *words,
		    text);
}

#define WORDS(...)		   ((const char *const[]){__VA_ARGS__, NULL})
#define ck_assert_has(text, ...)   check_words(text, WORDS(__VA_ARGS__), true)
#define ck_assert_lacks(text, ...) check_words(text, WORDS(__VA_ARGS__), false)

#endif
