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
	size_t len;
	enum request_verdict verdict;
	enum request_verdict at_eof;	 /* asked if that is REQUEST_WAIT */
	const struct request_conf *conf; /* NULL: http */
	int answer_status;
	const char *target; /* NULL: neither it nor what follows is looked at */
	unsigned int drop, head;
	unsigned long long body; /* announced */
	const char *host;
	bool shareable, upgrade, is_head, safe;
};

#define GET	       "GET / HTTP/1.1\r\n"
#define POST	       "POST / HTTP/1.1\r\n"
#define BYTES(text)    .bytes = text, .len = sizeof(text) - 1
#define PASS(at, path) .verdict = REQUEST_PASS, .head = at, .target = path
#define SHARE	       .shareable = true
#define SAFE	       .safe = true
#define PLAIN	       SHARE, SAFE /* without a query, ordinary fields only */
#define WORD(text)                                                             \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static const struct request_conf http = {
    .kind = GATE_HTTP, .head_limit_bytes = 200, .body_limit_bytes = 20};

static inline enum request_verdict feed_whole(struct request *g,
    const struct request_conf *conf, const char *bytes, size_t len)
{
	request_init(g);
	return request_feed(g, conf, bytes, len);
}

/* Feeds `first` bytes, then `rest` at a time or, if it is 0, random sizes. */
static inline void feed(
    struct request *g, const struct want *w, size_t first, size_t rest)
{
	const struct request_conf *conf = w->conf ? w->conf : &http;
	size_t piece = first;

	feed_whole(g, conf, NULL, 0);
	for (size_t at = 0; at < w->len; at += piece) {
		if (at > 0)
			piece = rest ? rest : 1 + (size_t)random() % 12;
		if (piece > w->len - at)
			piece = w->len - at;
		request_feed(g, conf, w->bytes + at, piece);
	}
	ck_assert_msg(request_feed(g, conf, NULL, 0) == w->verdict,
	    "%s, cut at %zu: verdict %d", w->name, first, g->verdict);
	ck_assert_int_eq(g->answer_status, w->answer_status);
	if (w->verdict == REQUEST_WAIT)
		ck_assert_msg(request_eof(g, conf) == w->at_eof,
		    "%s: at EOF %d", w->name, request_eof(g, conf));
}

static inline bool is_at(
    const struct want *w, const char *text, unsigned int at, unsigned int bytes)
{
	return bytes == strlen(text) &&
	       memcmp(w->bytes + w->drop + at, text, bytes) == 0;
}

static inline void check_head(const struct request *g, const struct want *w)
{
	ck_assert_msg(g->drop_bytes == w->drop && g->head_bytes == w->head &&
			  g->request_bytes == w->head + w->body,
	    "%s: drop %u head %u request %llu", w->name, g->drop_bytes,
	    g->head_bytes, (unsigned long long)g->request_bytes);
	ck_assert_msg(is_at(w, w->target, g->target_at, g->target_bytes),
	    "%s: target %u+%u", w->name, g->target_at, g->target_bytes);
	ck_assert_msg(
	    is_at(w, w->host ? w->host : "", g->host_at, g->host_bytes),
	    "%s: host %u+%u", w->name, g->host_at, g->host_bytes);
	ck_assert_msg(request_is_shareable(g) == w->shareable &&
			  request_wants_upgrade(g) == w->upgrade &&
			  request_is_head(g) == w->is_head &&
			  request_is_safe(g) == w->safe,
	    "%s: shareable %d upgrade %d head %d safe %d", w->name,
	    request_is_shareable(g), request_wants_upgrade(g),
	    request_is_head(g), request_is_safe(g));
}

static inline void expect(const struct want *w, size_t first, size_t rest)
{
	struct request g;

	feed(&g, w, first, rest);
	if (w->target)
		check_head(&g, w);
}

static inline void expect_any_cut(const struct want *w)
{
	for (size_t cut = 1; cut <= w->len; cut++)
		expect(w, cut, w->len);
	expect(w, 1, 1);
	for (size_t round = 0; round < 100; round++)
		expect(w, 1 + round % 7, 0);
}

#endif
