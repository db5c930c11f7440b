/*
 * proxy_header.c: one header, judged from all of its bytes so far.
 *
 * The two versions share nothing on the wire but their purpose; the first
 * byte tells them apart. Section numbers are those of proxy-protocol.txt.
 */
#include "policy/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* 2.1: the longest version 1 line, CRLF included. */
enum { V1_MAX = 107 };

/* 2.2: signature, version and command, family, length. */
enum { V2_SIGNATURE = 12, V2_FIXED = 16 };

static const char v1_start[] = "PROXY ";
static const char v2_start[] = "\r\n\r\n\0\r\nQUIT\n";

bool proxy_header_expected(
    const struct proxy_header_conf *conf, const struct peer *peer)
{
	size_t i;

	if (peer->family == AF_UNIX)
		return conf->from_unix;
	for (i = 0; i < conf->count; i++)
		if (cidr_contains(&conf->from[i], peer))
			return true;
	return false;
}

/* `ip` is 4 or 16 bytes in network order. */
static struct peer make_peer(int family, const void *ip, uint16_t port)
{
	struct addr a = {0};

	if (family == AF_INET) {
		a.u.in.sin_family = AF_INET;
		a.u.in.sin_port = htons(port);
		memcpy(&a.u.in.sin_addr, ip, 4);
	} else {
		a.u.in6.sin6_family = AF_INET6;
		a.u.in6.sin6_port = htons(port);
		memcpy(&a.u.in6.sin6_addr, ip, 16);
	}
	return addr_to_peer(&a);
}

/* Both must be in the one form that a sender may write. */
static bool parse_peer(
    int family, const char *host, const char *port_text, struct peer *out)
{
	uint8_t ip[16];
	uint16_t port;

	if (!host || !port_text || inet_pton(family, host, ip) != 1)
		return false;
	if (port_text[0] == '0' && port_text[1] != '\0')
		return false;
	if (addr_parse_port(port_text, &port) < 0)
		return false;
	*out = make_peer(family, ip, port);
	return true;
}

/* `rest` is what follows "PROXY ", without CRLF; it is cut to pieces. */
static bool parse_v1(char *rest, struct proxy_header *out)
{
	char *protocol = strsep(&rest, " ");
	char *src = strsep(&rest, " ");
	char *dst = strsep(&rest, " ");
	char *src_port = strsep(&rest, " ");
	char *dst_port = strsep(&rest, " ");
	int family = strcmp(protocol, "TCP4") == 0 ? AF_INET : AF_INET6;

	/* 2.1: whatever follows UNKNOWN is to be ignored. */
	if (strcmp(protocol, "UNKNOWN") == 0)
		return true;
	if (family == AF_INET6 && strcmp(protocol, "TCP6") != 0)
		return false;
	out->known = true;
	return !rest && parse_peer(family, src, src_port, &out->src) &&
	       parse_peer(family, dst, dst_port, &out->dst);
}

static enum proxy_header_verdict decode_v1(
    const char *data, size_t len, struct proxy_header *out)
{
	const char *lf = memchr(data, '\n', len < V1_MAX ? len : V1_MAX);
	struct proxy_header found = {0};
	char line[V1_MAX];
	size_t text;

	if (!lf)
		return len < V1_MAX ? PROXY_HEADER_WAIT : PROXY_HEADER_BAD;
	found.bytes = (size_t)(lf - data) + 1;
	text = found.bytes - 2;
	memcpy(line, data, text);
	line[text] = '\0';
	if (data[text] != '\r' || strlen(line) != text ||
	    !parse_v1(line + sizeof(v1_start) - 1, &found))
		return PROXY_HEADER_BAD;
	*out = found;
	return PROXY_HEADER_PASS;
}

static unsigned int get16(const uint8_t *b)
{
	return (unsigned int)b[0] << 8 | b[1];
}

/* 2.2.7: type, length, value, to the last byte. */
static bool tlvs_fit(const uint8_t *b, size_t len)
{
	size_t one;

	for (; len > 0; b += one, len -= one) {
		if (len < 3)
			return false;
		one = 3 + get16(b + 1);
		if (one > len)
			return false;
	}
	return true;
}

/* 2.2: `b` is what follows the fixed part. */
static bool parse_v2(
    uint8_t kind, const uint8_t *b, size_t len, struct proxy_header *out)
{
	size_t need;

	switch (kind) {
	case 0x00: /* unspecified: nothing to be learnt */
		return true;
	case 0x11: /* TCP over IPv4 */
		need = 12;
		if (len < need)
			return false;
		out->src = make_peer(AF_INET, b, (uint16_t)get16(b + 8));
		out->dst = make_peer(AF_INET, b + 4, (uint16_t)get16(b + 10));
		break;
	case 0x21: /* TCP over IPv6 */
		need = 36;
		if (len < need)
			return false;
		out->src = make_peer(AF_INET6, b, (uint16_t)get16(b + 32));
		out->dst = make_peer(AF_INET6, b + 16, (uint16_t)get16(b + 34));
		break;
	case 0x31: /* Unix stream: two paths */
		need = 216;
		if (len < need)
			return false;
		out->src.family = out->dst.family = AF_UNIX;
		break;
	default:
		return false;
	}
	out->known = true;
	return tlvs_fit(b + need, len - need);
}

static enum proxy_header_verdict decode_v2(
    const uint8_t *b, size_t len, struct proxy_header *out)
{
	struct proxy_header found = {0};
	bool is_local;
	size_t rest;

	if (len < V2_FIXED)
		return PROXY_HEADER_WAIT;
	if (b[12] != 0x20 && b[12] != 0x21)
		return PROXY_HEADER_BAD;
	is_local = b[12] == 0x20;
	rest = get16(b + 14);
	found.bytes = V2_FIXED + rest;
	if (found.bytes > PROXY_HEADER_IN_MAX)
		return PROXY_HEADER_BAD;
	if (len < found.bytes)
		return PROXY_HEADER_WAIT;
	if (!is_local && !parse_v2(b[13], b + V2_FIXED, rest, &found))
		return PROXY_HEADER_BAD;
	*out = found;
	return PROXY_HEADER_PASS;
}

static bool starts(
    const void *data, size_t len, const char *start, size_t start_len)
{
	return memcmp(data, start, len < start_len ? len : start_len) == 0;
}

enum proxy_header_verdict proxy_header_decode(
    const void *data, size_t len, struct proxy_header *out)
{
	if (len == 0)
		return PROXY_HEADER_WAIT;
	if (starts(data, len, v2_start, V2_SIGNATURE))
		return decode_v2(data, len, out);
	if (!starts(data, len, v1_start, sizeof(v1_start) - 1))
		return PROXY_HEADER_BAD;
	return decode_v1(data, len, out);
}

static bool is_ip(const struct peer *p)
{
	return p->family == AF_INET || p->family == AF_INET6;
}

static size_t encode_v1(int family, const struct peer *src,
    const struct peer *dst, char out[PROXY_HEADER_OUT_MAX])
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	size_t skip = family == AF_INET ? 12 : 0;

	if (family == AF_UNSPEC)
		return (size_t)snprintf(
		    out, PROXY_HEADER_OUT_MAX, "%sUNKNOWN\r\n", v1_start);
	inet_ntop(family, src->ip + skip, from, sizeof(from));
	inet_ntop(family, dst->ip + skip, to, sizeof(to));
	return (size_t)snprintf(out, PROXY_HEADER_OUT_MAX,
	    "%sTCP%c %s %s %u %u\r\n", v1_start, family == AF_INET ? '4' : '6',
	    from, to, src->port, dst->port);
}

static size_t encode_v2(int family, const struct peer *src,
    const struct peer *dst, char out[PROXY_HEADER_OUT_MAX])
{
	size_t skip = family == AF_INET ? 12 : 0;
	size_t ip_len = family == AF_UNSPEC ? 0 : 16 - skip;
	uint16_t ports[2] = {htons(src->port), htons(dst->port)};
	size_t rest = ip_len > 0 ? 2 * ip_len + sizeof(ports) : 0;
	char *b = out + V2_FIXED;

	memcpy(out, v2_start, V2_SIGNATURE);
	out[12] = 0x21;
	out[13] = 0x00;
	if (family != AF_UNSPEC)
		out[13] = family == AF_INET ? 0x11 : 0x21;
	out[14] = 0;
	out[15] = (char)rest;
	if (ip_len > 0) {
		memcpy(b, src->ip + skip, ip_len);
		memcpy(b + ip_len, dst->ip + skip, ip_len);
		memcpy(b + 2 * ip_len, ports, sizeof(ports));
	}
	return V2_FIXED + rest;
}

size_t proxy_header_encode(int version, const struct peer *src,
    const struct peer *dst, char out[PROXY_HEADER_OUT_MAX])
{
	int family = AF_UNSPEC;

	if (is_ip(src) && is_ip(dst))
		family = src->family == dst->family ? src->family : AF_INET6;
	return version == 1 ? encode_v1(family, src, dst, out)
			    : encode_v2(family, src, dst, out);
}
