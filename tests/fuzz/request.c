/*
 * Fuzz target: wherever the pieces are cut, the gate says the same of the
 * same bytes; and what it passes is one whole request.
 *
 * The first three bytes choose the kind, the limits and the cut.
 */
#include <string.h>

#include "must.h"
#include "policy/request.h"

static enum request_verdict in_pieces(struct request *g,
    const struct request_conf *conf, const char *bytes, size_t len, size_t piece)
{
	enum request_verdict verdict;
	size_t at, n;

	request_init(g);
	verdict = request_feed(g, conf, NULL, 0);
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		verdict = request_feed(g, conf, bytes + at, n);
	}
	return verdict;
}

static void must_be_same(const struct request *a, const struct request *b)
{
	MUST(a->drop_bytes == b->drop_bytes);
	MUST(a->head_bytes == b->head_bytes);
	MUST(a->request_bytes == b->request_bytes);
	MUST(a->target_at == b->target_at);
	MUST(a->target_bytes == b->target_bytes);
	MUST(request_is_head(a) == request_is_head(b));
	MUST(request_wants_upgrade(a) == request_wants_upgrade(b));
	MUST(request_is_shareable(a) == request_is_shareable(b));
}

static void must_be_request(const struct request *g,
    const struct request_conf *conf, const char *bytes, size_t len)
{
	const char *head = bytes + g->drop_bytes;
	const char *end = head + g->head_bytes;
	const char *target = head + g->target_at;

	MUST(g->drop_bytes + g->head_bytes <= len);
	MUST(g->drop_bytes + g->head_bytes <= conf->head_limit_bytes);
	MUST(g->head_bytes >= sizeof("X / HTTP/1.1\n\n") - 1);
	MUST(head[0] != '\r' && head[0] != '\n');
	MUST(memcmp(end - 2, "\n\n", 2) == 0 || memcmp(end - 3, "\n\r\n", 3) == 0);
	MUST(!memmem(head, g->head_bytes - 1, "\n\n", 2));
	MUST(!memmem(head, g->head_bytes - 1, "\n\r\n", 3));
	MUST(!memchr(head, '\0', g->head_bytes));
	MUST(target[-1] == ' ' && target[g->target_bytes] == ' ');
	MUST(memcmp(target + g->target_bytes, " HTTP/1.", 8) == 0);
	MUST(g->request_bytes >= g->head_bytes);
	if (g->request_bytes - g->head_bytes <= conf->body_limit_bytes)
		MUST(len - g->drop_bytes >= g->request_bytes);
	MUST(request_is_head(g) == (memcmp(head, "HEAD ", 5) == 0));
	if (request_is_shareable(g))
		MUST(memcmp(head, "GET ", 4) == 0 &&
		    g->request_bytes == g->head_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_conf conf;
	struct request whole, cut;
	enum request_verdict verdict;
	const char *bytes;

	if (size < 3)
		return 0;
	conf = (struct request_conf){.kind = data[0] % 5 < 3 ? GATE_HTTP
							  : GATE_LINE,
	    .head_limit_bytes = 1 + data[1] * 8u,
	    .body_limit_bytes = data[1]};
	bytes = (const char *)data + 3;
	size -= 3;
	verdict = in_pieces(&whole, &conf, bytes, size, size);
	MUST(in_pieces(&cut, &conf, bytes, size, 1) == verdict);
	must_be_same(&whole, &cut);
	MUST(in_pieces(&cut, &conf, bytes, size, data[2] + 1u) == verdict);
	must_be_same(&whole, &cut);
	if (conf.kind == GATE_HTTP && verdict == REQUEST_PASS)
		must_be_request(&whole, &conf, bytes, size);
	MUST(request_eof(&whole, &conf) != REQUEST_WAIT);
	return 0;
}
