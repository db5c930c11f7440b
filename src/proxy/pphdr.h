/*
 * pphdr.h: the PROXY protocol, versions 1 and 2: who the client really is.
 *
 * Source: proxy-protocol.txt of the HAProxy project. Decoding is strict: one
 * stray byte and the header is bad. Who may send one is the caller's question
 * to pphdr_expected; from such a peer a missing header is a bad one.
 */
#ifndef PROXY_PPHDR_H
#define PROXY_PPHDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum {
	PPHDR_FROM_MAX = 64,
	PPHDR_IN_MAX = 1024, /* longest header accepted, its TLVs included */
	PPHDR_OUT_MAX = 108, /* longest header made, and a closing zero */
};

/* PROXY headers out are a setting of the dial. */
struct pphdr_conf {
	struct cidr from[PPHDR_FROM_MAX]; /* peers that must send a header */
	size_t count;
};

enum pphdr_verdict {
	PPHDR_WAIT, /* a beginning: ask again with more */
	PPHDR_PASS,
	PPHDR_BAD,
};

struct pphdr {
	size_t bytes; /* length of the header, which the stream drops */
	bool known;   /* false: LOCAL or UNKNOWN, the peer is what it seems */
	struct peer src;
	struct peer dst;
};

bool pphdr_expected(const struct pphdr_conf *conf, const struct peer *peer);

/*
 * Judges the first `len` bytes of a connection, all of them each time;
 * PPHDR_IN_MAX bytes are enough for a verdict other than PPHDR_WAIT. `out`
 * is written only with PPHDR_PASS.
 */
enum pphdr_verdict pphdr_decode(const void *data, size_t len,
    struct pphdr *out);

/*
 * Writes the header that says `src` connected to `dst` and returns its
 * length. `version` is 1 or 2. Peers that are not both IP give UNKNOWN; an
 * IPv4 beside an IPv6 address is sent v4-mapped.
 */
size_t pphdr_encode(int version, const struct peer *src,
    const struct peer *dst, char out[PPHDR_OUT_MAX]);

#endif
