/*
 * Fuzz target: wherever the pieces are cut, the gate says the same of the
 * same bytes; what it passes is one whole request; and a filter takes out
 * lines or words, never adds, never changes, and not twice.
 *
 * The first three bytes choose the kind, the limits and the cut.
 */
#include <stddef.h>
#include <string.h>

#include "must.h"
#include "policy/request.h"

#define WORD(s)                                                                \
	{                                                                      \
		s, sizeof(s) - 1                                               \
	}

static enum request_verdict in_pieces(struct request *g,
    const struct request_conf *conf, const char *bytes, size_t len,
    size_t piece)
{
	request_init(g);
	request_feed(g, conf, NULL, 0);
	for (; len > piece; len -= piece, bytes += piece)
		request_feed(g, conf, bytes, piece);
	return request_feed(g, conf, bytes, len);
}

static void must_be_same(const struct request *a, const struct request *b,
    const struct request_conf *conf)
{
	/* The numbers for the caller, which stand first. */
	MUST(memcmp(a, b, offsetof(struct request, answer_status)) == 0);
	MUST(a->answer_status == b->answer_status);
	MUST(request_is_head(a) == request_is_head(b));
	MUST(request_wants_upgrade(a) == request_wants_upgrade(b));
	MUST(request_is_safe(a) == request_is_safe(b));
	MUST(request_is_shareable(a) == request_is_shareable(b));
	MUST(request_needs_filter(a, conf) == request_needs_filter(b, conf));
}

/* Is `part` what remains of `whole` when bytes are taken out? */
static bool is_left_of(
    const char *part, size_t part_len, const char *whole, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at < part_len; i++)
		at += whole[i] == part[at];
	return at == part_len;
}

static void must_be_filtered(
    const struct request *g, const struct request_conf *conf, const char *head)
{
	static char once[4096], twice[4096];
	struct request_conf wide = *conf;
	struct request left = *g, again;
	size_t len;

	memcpy(once, head, g->head_bytes);
	request_filter(&left, conf, once);
	len = left.head_bytes;
	MUST(len <= g->head_bytes);
	MUST(is_left_of(once, len, head, g->head_bytes));
	if (!request_needs_filter(g, conf) && conf->upgrade)
		MUST(len == g->head_bytes);
	memcpy(twice, once, len);
	request_filter(&left, conf, twice);
	MUST(left.head_bytes == len);
	MUST(memcmp(once, twice, len) == 0);
	/* Still the same request, and without an upgrade. */
	wide.body_limit_bytes = 0;
	in_pieces(&again, &wide, once, len, len);
	MUST(again.verdict == REQUEST_PASS);
	MUST(again.head_bytes == len);
	MUST(again.target_at == g->target_at);
	MUST(again.target_bytes == g->target_bytes);
	MUST(again.host_at == left.host_at);
	MUST(again.host_bytes == g->host_bytes);
	MUST(again.request_bytes - len == g->request_bytes - g->head_bytes);
	MUST(memcmp(once + again.host_at, head + g->host_at,
		 again.host_bytes) == 0);
	MUST(conf->upgrade || !request_wants_upgrade(&again));
	MUST(!conf->upgrade ||
	     request_wants_upgrade(&again) == request_wants_upgrade(g));
}

static void must_be_request(const struct request *g,
    const struct request_conf *conf, const char *bytes, size_t len)
{
	const char *head = bytes + g->drop_bytes;
	const char *end = head + g->head_bytes;
	const char *target = head + g->target_at;
	bool query = memchr(target, '?', g->target_bytes);
	bool is_head = memcmp(head, "HEAD ", 5) == 0;
	bool is_get = memcmp(head, "GET ", 4) == 0;

	MUST(g->drop_bytes + g->head_bytes <= len);
	MUST(g->drop_bytes + g->head_bytes <= conf->head_limit_bytes);
	MUST(g->head_bytes >= sizeof("X / HTTP/1.1\n\n") - 1);
	MUST(head[0] != '\r' && head[0] != '\n');
	MUST(memcmp(end - 2, "\n\n", 2) == 0 ||
	     memcmp(end - 3, "\n\r\n", 3) == 0);
	MUST(!memmem(head, g->head_bytes - 1, "\n\n", 2));
	MUST(!memmem(head, g->head_bytes - 1, "\n\r\n", 3));
	MUST(!memchr(head, '\0', g->head_bytes));
	MUST(target[-1] == ' ' && target[g->target_bytes] == ' ');
	MUST(memcmp(target + g->target_bytes, " HTTP/1.", 8) == 0);
	MUST(g->request_bytes >= g->head_bytes);
	MUST(g->request_bytes - g->head_bytes <= UINT64_C(1) << 53);
	if (g->request_bytes - g->head_bytes <= conf->body_limit_bytes)
		MUST(len - g->drop_bytes >= g->request_bytes);
	if (conf->body_max_bytes > 0)
		MUST(g->request_bytes - g->head_bytes <= conf->body_max_bytes);
	MUST(memcmp(head, "CONNECT ", 8) != 0);
	MUST(conf->method_count == 0 || is_get || is_head);
	MUST(request_is_head(g) == is_head);
	MUST(request_is_safe(g) == ((is_get || is_head) && !query));
	MUST(!request_is_shareable(g) ||
	     (is_get && g->request_bytes == g->head_bytes));
	if (g->host_bytes > 0)
		MUST(memchr("\t\n :", head[g->host_at - 1], 4) &&
		     g->host_at + g->host_bytes < g->head_bytes);
	must_be_filtered(g, conf, head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request_conf conf;
	struct request whole, cut;
	enum request_verdict verdict;
	const char *bytes;

	if (size < 3)
		return 0;
	conf = (struct request_conf){
	    .kind = data[0] % 5 < 3 ? GATE_HTTP : GATE_LINE,
	    .head_limit_bytes = 1 + data[1] * 8u,
	    .body_limit_bytes = data[1],
	    .body_max_bytes = data[0] & 8 ? data[1] * 2u : 0,
	    .upgrade = data[0] & 16,
	    .method_count = data[0] & 32 ? 2 : 0,
	    .methods = {WORD("GET"), WORD("HEAD")},
	    .strip_count = data[0] & 64 ? 3 : 0,
	    .strip = {WORD("Cookie"), WORD("A"), WORD("Host")},
	    .answer_count = data[0] & 128 ? 2 : 0,
	    .answers = {{WORD("/"), 404}, {WORD("/a"), 204}}};
	bytes = (const char *)data + 3;
	size -= 3;
	verdict = in_pieces(&whole, &conf, bytes, size, size);
	for (int i = 0; i < 2; i++) {
		size_t piece = i == 0 ? 1 : data[2] + 1u;

		MUST(in_pieces(&cut, &conf, bytes, size, piece) == verdict);
		must_be_same(&whole, &cut, &conf);
	}
	if (conf.kind == GATE_HTTP && verdict == REQUEST_PASS)
		must_be_request(&whole, &conf, bytes, size);
	MUST(request_eof(&whole, &conf) != REQUEST_WAIT);
	return 0;
}
