/*
 * request_fixture.h: what a request should come to, however it is cut.
 */
#ifndef REQUEST_FIXTURE_H
#define REQUEST_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "policy/request.h"
#include "unit.h"

struct want {
	const char *name;
	const char *bytes;
	size_t len; /* 0: bytes is a string */
	enum request_verdict verdict;
	enum request_verdict at_eof; /* asked if that is REQUEST_WAIT */
	const char *target;
	unsigned int drop;
	unsigned int head;
	unsigned long long body; /* announced */
	const char *host;
	bool shareable, upgrade, is_head, safe;
};

#define GET  "GET / HTTP/1.1\r\n"
#define POST "POST / HTTP/1.1\r\n"
#define BAD(what, text)                                                        \
	{                                                                      \
		.name = what, .bytes = text, .len = sizeof(text) - 1,          \
		.verdict = REQUEST_BAD                                         \
	}
#define OPEN(what, text, eof)                                                  \
	{                                                                      \
		.name = what, .bytes = text, .verdict = REQUEST_WAIT,          \
		.at_eof = eof                                                  \
	}

static const struct request_conf http = {
    .kind = GATE_HTTP, .head_limit_bytes = 200, .body_limit_bytes = 20};

/* A GET without a query and with ordinary fields only. */
#define PLAIN .shareable = true, .safe = true

static inline size_t length_of(const struct want *w)
{
	return w->len ? w->len : strlen(w->bytes);
}

/* Feeds w->bytes in pieces: `first` bytes, then `rest` at a time, or, if that
 * is 0, in random sizes. */
static inline enum request_verdict feed(struct request *g,
    const struct request_conf *conf, const struct want *w, size_t first,
    size_t rest)
{
	size_t len = length_of(w), at, piece = first;

	request_init(g);
	request_feed(g, conf, NULL, 0);
	for (at = 0; at < len;
	     at += piece, piece = rest ? rest : 1 + (size_t)random() % 12) {
		if (piece > len - at)
			piece = len - at;
		request_feed(g, conf, w->bytes + at, piece);
	}
	return request_feed(g, conf, NULL, 0);
}

static inline void expect(struct request *g, const struct request_conf *conf,
    const struct want *w, size_t first, size_t rest)
{
	enum request_verdict verdict = feed(g, conf, w, first, rest);

	ck_assert_msg(verdict == w->verdict, "%s, cut at %zu: verdict %d",
	    w->name, first, verdict);
	if (verdict == REQUEST_WAIT)
		ck_assert_msg(request_eof(g, conf) == w->at_eof,
		    "%s: at EOF %d", w->name, request_eof(g, conf));
	if (verdict != REQUEST_PASS || conf->kind != GATE_HTTP)
		return;
	ck_assert_msg(g->drop_bytes == w->drop && g->head_bytes == w->head &&
			  g->request_bytes == w->head + w->body,
	    "%s: drop %u head %u request %llu", w->name, g->drop_bytes,
	    g->head_bytes, (unsigned long long)g->request_bytes);
	ck_assert_msg(g->target_bytes == strlen(w->target) &&
			  memcmp(w->bytes + w->drop + g->target_at, w->target,
			      g->target_bytes) == 0,
	    "%s: target %u+%u", w->name, g->target_at, g->target_bytes);
	ck_assert_msg(g->host_bytes == (w->host ? strlen(w->host) : 0) &&
			  (!w->host || memcmp(w->bytes + w->drop + g->host_at,
					   w->host, g->host_bytes) == 0),
	    "%s: host %u+%u", w->name, g->host_at, g->host_bytes);
	ck_assert_msg(request_is_shareable(g) == w->shareable &&
			  request_wants_upgrade(g) == w->upgrade &&
			  request_is_head(g) == w->is_head &&
			  request_is_safe(g) == w->safe,
	    "%s: shareable %d upgrade %d head %d safe %d", w->name,
	    request_is_shareable(g), request_wants_upgrade(g),
	    request_is_head(g), request_is_safe(g));
}

static inline void expect_any_cut(
    const struct request_conf *conf, const struct want *w)
{
	size_t len = length_of(w), cut;
	struct request g;

	for (cut = 0; cut <= len; cut++)
		expect(&g, conf, w, cut, len);
	expect(&g, conf, w, 1, 1);
	for (cut = 0; cut < 100; cut++)
		expect(&g, conf, w, 1 + cut % 7, 0);
}

#endif
