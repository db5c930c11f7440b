/*
 * Fuzz target: a PROXY header is judged by its own bytes alone, as soon as
 * they are there; and who was read can be written and read again.
 */
#include <string.h>

#include "must.h"
#include "proxy/pphdr.h"

/* In memory of just that size, so that one byte too far is seen. */
static enum pphdr_verdict decode(
    const uint8_t *data, size_t len, struct pphdr *out)
{
	uint8_t *exact = malloc(len ? len : 1);
	enum pphdr_verdict verdict;

	memcpy(exact, data, len);
	verdict = pphdr_decode(exact, len, out);
	free(exact);
	return verdict;
}

static bool is_ip(const struct peer *p)
{
	return p->family == AF_INET || p->family == AF_INET6;
}

static void must_come_back(const struct pphdr *h)
{
	char out[PPHDR_OUT_MAX];
	struct pphdr back;
	int version;
	size_t len;

	for (version = 1; version <= 2; version++) {
		len = pphdr_encode(version, &h->src, &h->dst, out);
		MUST(len <= sizeof(out));
		MUST(pphdr_decode(out, len, &back) == PPHDR_PASS);
		MUST(back.bytes == len && back.known == is_ip(&h->src));
		if (!back.known)
			continue;
		MUST(memcmp(&back.src, &h->src, sizeof(back.src)) == 0);
		MUST(memcmp(&back.dst, &h->dst, sizeof(back.dst)) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pphdr whole, part;
	enum pphdr_verdict verdict = decode(data, size, &whole), early;
	size_t len;

	MUST(verdict != PPHDR_WAIT || size < PPHDR_IN_MAX);
	for (len = 0; len < size; len++) {
		early = decode(data, len, &part);
		if (early == PPHDR_WAIT)
			continue;
		MUST(early == verdict);
		MUST(early == PPHDR_BAD || len == whole.bytes);
		break;
	}
	if (verdict == PPHDR_PASS) {
		MUST(whole.bytes <= size);
		must_come_back(&whole);
	}
	return 0;
}
