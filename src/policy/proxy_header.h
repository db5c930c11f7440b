/*
 * proxy_header.h: the PROXY protocol, versions 1 and 2, which names the client.
 *
 * Source: proxy-protocol.txt of the HAProxy project. Decoding is strict: one
 * stray byte and the header is bad. Who may send one is the caller's question
 * to proxy_header_expected; from such a peer a missing header is a bad one.
 */
#ifndef POLICY_PROXY_HEADER_H
#define POLICY_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum {
	PROXY_HEADER_FROM_MAX = 64,
	PROXY_HEADER_IN_MAX = 1024, /* the longest accepted, with its TLVs */
	PROXY_HEADER_OUT_MAX = 108, /* the longest made, and a closing zero */
};

/* Headers that are sent are a setting of the device link. */
struct proxy_header_conf {
	struct cidr from[PROXY_HEADER_FROM_MAX]; /* who must send one */
	size_t count;
	bool from_unix; /* so must clients of Unix sockets */
};

enum proxy_header_verdict {
	PROXY_HEADER_WAIT, /* a beginning: ask again with more */
	PROXY_HEADER_PASS,
	PROXY_HEADER_BAD,
};

struct proxy_header {
	size_t bytes; /* length of the header, which the stream drops */
	bool known;   /* false: LOCAL or UNKNOWN, the peer is what it seems */
	struct peer src;
	struct peer dst;
};

bool proxy_header_expected(
    const struct proxy_header_conf *conf, const struct peer *peer);

/*
 * Judges the first `len` bytes of a connection, all of them each time;
 * PROXY_HEADER_IN_MAX bytes are enough for a verdict other than
 * PROXY_HEADER_WAIT. `out` is written only with PROXY_HEADER_PASS.
 */
enum proxy_header_verdict proxy_header_decode(
    const void *data, size_t len, struct proxy_header *out);

/*
 * Writes the header that says `src` connected to `dst` and returns its
 * length. `version` is 1 or 2. Peers that are not both IP give UNKNOWN; an
 * IPv4 beside an IPv6 address is sent v4-mapped.
 */
size_t proxy_header_encode(int version, const struct peer *src,
    const struct peer *dst, char out[PROXY_HEADER_OUT_MAX]);

#endif
