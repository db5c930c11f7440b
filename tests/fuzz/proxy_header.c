/*
 * Fuzz target: a PROXY header is judged by its own bytes alone, as soon as
 * they are there; and who was read can be written and read again.
 */
#include <string.h>

#include "must.h"
#include "policy/proxy_header.h"

/* In memory of just that size, so that one byte too far is seen. */
static enum proxy_header_verdict decode(
    const uint8_t *data, size_t len, struct proxy_header *out)
{
	uint8_t *exact = malloc(len ? len : 1);
	enum proxy_header_verdict verdict;

	memcpy(exact, data, len);
	verdict = proxy_header_decode(exact, len, out);
	free(exact);
	return verdict;
}

static bool is_ip(const struct peer *p)
{
	return p->family == AF_INET || p->family == AF_INET6;
}

static void must_come_back(const struct proxy_header *h)
{
	char out[PROXY_HEADER_OUT_MAX];
	struct proxy_header back;
	int version;
	size_t len;

	for (version = 1; version <= 2; version++) {
		len = proxy_header_encode(version, &h->src, &h->dst, out);
		MUST(len <= sizeof(out));
		MUST(proxy_header_decode(out, len, &back) == PROXY_HEADER_PASS);
		MUST(back.bytes == len && back.known == is_ip(&h->src));
		if (!back.known)
			continue;
		MUST(memcmp(&back.src, &h->src, sizeof(back.src)) == 0);
		MUST(memcmp(&back.dst, &h->dst, sizeof(back.dst)) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, part;
	enum proxy_header_verdict verdict = decode(data, size, &whole), early;
	size_t len;

	MUST(verdict != PROXY_HEADER_WAIT || size < PROXY_HEADER_IN_MAX);
	for (len = 0; len < size; len++) {
		early = decode(data, len, &part);
		if (early == PROXY_HEADER_WAIT)
			continue;
		MUST(early == verdict);
		MUST(early == PROXY_HEADER_BAD || len == whole.bytes);
		break;
	}
	if (verdict == PROXY_HEADER_PASS) {
		MUST(whole.bytes <= size);
		must_come_back(&whole);
	}
	return 0;
}
