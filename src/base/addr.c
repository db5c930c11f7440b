/*
 * addr.c: addresses to text and back. inet_pton and inet_ntop do the work;
 * what is ours is the choice of forms and the words for what is wrong.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

/* An IPv6 address with its scope, and the zero. */
enum { HOST_TEXT_MAX = INET6_ADDRSTRLEN + ADDR_SCOPE_MAX };

static const char why_forms[] = "PORT, ADDRESS:PORT, [IPV6]:PORT or a "
				"path with a slash";

static const char why_scope[] = "[LINK-LOCAL%INTERFACE]:PORT, where there is "
				"such an interface";

int addr_parse_port(const char *text, uint16_t *out_port)
{
	unsigned long port = 0;

	if (*text == '\0' || strlen(text) > 5)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		port = port * 10 + (unsigned long)(*text - '0');
	}
	if (port > 65535)
		return -EINVAL;
	*out_port = (uint16_t)port;
	return 0;
}

/* An interface's number stands for itself. */
static bool parse_index(const char *text, struct addr *out)
{
	uint32_t index = 0;

	for (; *text >= '0' && *text <= '9' && index < UINT32_MAX / 20; text++)
		index = index * 10 + (uint32_t)(*text - '0');
	out->u.in6.sin6_scope_id = index;
	return *text == '\0' && index > 0;
}

static int parse_unix(const char *path, struct addr *out, const char **out_why)
{
	struct addr a = {.len = sizeof(a.u.un)};

	if (strlen(path) >= sizeof(a.u.un.sun_path)) {
		*out_why = "a path of at most 107 bytes";
		return -EINVAL;
	}
	a.u.un.sun_family = AF_UNIX;
	strcpy(a.u.un.sun_path, path);
	*out = a;
	return 0;
}

/* Takes "%SCOPE" off `host`; 0 with none. -EINVAL: no such interface. */
static int take_scope(char *host, struct addr *out)
{
	char *scope = strchr(host, '%');

	if (!scope)
		return 0;
	*scope++ = '\0';
	if (*scope == '\0' || strlen(scope) >= sizeof(out->scope))
		return -EINVAL;
	out->u.in6.sin6_scope_id = if_nametoindex(scope);
	if (out->u.in6.sin6_scope_id == 0 && !parse_index(scope, out))
		return -EINVAL;
	strcpy(out->scope, scope);
	return 0;
}

/* Elsewhere the system ignores it. */
static bool takes_scope(const struct in6_addr *ip)
{
	return IN6_IS_ADDR_LINKLOCAL(ip) || IN6_IS_ADDR_MC_LINKLOCAL(ip);
}

/* `host` is a numeric address of either family, without brackets. */
static int from_host(const char *text, uint16_t port, struct addr *out)
{
	char host[HOST_TEXT_MAX];
	struct addr a = {0};

	if (strlen(text) >= sizeof(host))
		return -EINVAL;
	strcpy(host, text);
	if (take_scope(host, &a) < 0)
		return -EINVAL;
	if (*a.scope == '\0' &&
	    inet_pton(AF_INET, host, &a.u.in.sin_addr) == 1) {
		a.len = sizeof(a.u.in);
		a.u.in.sin_family = AF_INET;
		a.u.in.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, host, &a.u.in6.sin6_addr) == 1) {
		if (*a.scope != '\0' && !takes_scope(&a.u.in6.sin6_addr))
			return -EINVAL;
		a.len = sizeof(a.u.in6);
		a.u.in6.sin6_family = AF_INET6;
		a.u.in6.sin6_port = htons(port);
	} else {
		return -EINVAL;
	}
	*out = a;
	return 0;
}

int addr_parse_host(const char *text, struct addr *out)
{
	return from_host(text, 0, out);
}

int addr_parse(const char *text, const char *any_host, struct addr *out,
    const char **out_why)
{
	const char *colon = strrchr(text, ':');
	const char *port_text = colon ? colon + 1 : text;
	char host[HOST_TEXT_MAX + 2];
	size_t host_len = colon ? (size_t)(colon - text) : 0;
	uint16_t port;

	if (strchr(text, '/'))
		return parse_unix(text, out, out_why);
	*out_why = why_forms;
	if (host_len >= sizeof(host))
		return -EINVAL;
	if (addr_parse_port(port_text, &port) < 0) {
		if (*port_text >= '0' && *port_text <= '9')
			*out_why = "a port from 0 to 65535";
		return -EINVAL;
	}
	if (host_len == 0)
		return from_host(any_host ? any_host : "::", port, out);
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (host[0] == '[' && host[host_len - 1] == ']') {
		host[host_len - 1] = '\0';
		if (strchr(host, '%'))
			*out_why = why_scope;
		return strchr(host, ':') ? from_host(host + 1, port, out)
					 : -EINVAL;
	}
	if (strchr(host, ':')) {
		*out_why = "brackets around an IPv6 address: [IPV6]:PORT";
		return -EINVAL;
	}
	return from_host(host, port, out);
}

const char *addr_print(const struct addr *a, char out_text[ADDR_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN];
	struct peer p;

	if (a->u.sa.sa_family == AF_UNIX) {
		snprintf(out_text, ADDR_TEXT_MAX, "%s", a->u.un.sun_path);
		return out_text;
	}
	if (a->u.sa.sa_family != AF_INET6 || a->u.in6.sin6_scope_id == 0) {
		p = addr_to_peer(a);
		return peer_print(&p, out_text);
	}
	inet_ntop(AF_INET6, &a->u.in6.sin6_addr, host, sizeof(host));
	if (*a->scope != '\0')
		snprintf(out_text, ADDR_TEXT_MAX, "[%s%%%s]:%u", host, a->scope,
		    addr_port(a));
	else
		snprintf(out_text, ADDR_TEXT_MAX, "[%s%%%u]:%u", host,
		    a->u.in6.sin6_scope_id, addr_port(a));
	return out_text;
}

static uint32_t scope_id(const struct addr *a)
{
	return a->u.sa.sa_family == AF_INET6 ? a->u.in6.sin6_scope_id : 0;
}

uint16_t addr_port(const struct addr *a)
{
	return addr_to_peer(a).port;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	struct peer pa, pb;

	if (a->u.sa.sa_family == AF_UNIX && b->u.sa.sa_family == AF_UNIX)
		return strcmp(a->u.un.sun_path, b->u.un.sun_path) == 0;
	pa = addr_to_peer(a);
	pb = addr_to_peer(b);
	return pa.family == pb.family && pa.port == pb.port &&
	       scope_id(a) == scope_id(b) &&
	       memcmp(pa.ip, pb.ip, sizeof(pa.ip)) == 0;
}

struct peer addr_to_peer(const struct addr *a)
{
	struct peer p = {.family = a->u.sa.sa_family};

	if (p.family == AF_INET) {
		memcpy(p.ip, v4_prefix, sizeof(v4_prefix));
		memcpy(p.ip + sizeof(v4_prefix), &a->u.in.sin_addr, 4);
		p.port = ntohs(a->u.in.sin_port);
	} else if (p.family == AF_INET6) {
		memcpy(p.ip, &a->u.in6.sin6_addr, sizeof(p.ip));
		p.port = ntohs(a->u.in6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
			p.family = AF_INET;
	}
	return p;
}

const char *peer_print(const struct peer *p, char out_text[ADDR_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN];

	if (p->family == AF_INET) {
		inet_ntop(
		    AF_INET, p->ip + sizeof(v4_prefix), host, sizeof(host));
		snprintf(out_text, ADDR_TEXT_MAX, "%s:%u", host, p->port);
	} else if (p->family == AF_INET6) {
		inet_ntop(AF_INET6, p->ip, host, sizeof(host));
		snprintf(out_text, ADDR_TEXT_MAX, "[%s]:%u", host, p->port);
	} else {
		strcpy(out_text, p->family == AF_UNIX ? "unix" : "unknown");
	}
	return out_text;
}

int cidr_parse(const char *text, struct cidr *out, const char **out_why)
{
	const char *slash = strchr(text, '/');
	size_t host_len = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	uint16_t bits, most;
	struct addr a;
	struct peer p;

	*out_why = "ADDRESS or ADDRESS/BITS";
	if (host_len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (strchr(host, '%') || from_host(host, 0, &a) < 0)
		return -EINVAL;
	p = addr_to_peer(&a);
	most = a.u.sa.sa_family == AF_INET ? 32 : 128;
	bits = most;
	if (slash && (addr_parse_port(slash + 1, &bits) < 0 || bits > most)) {
		*out_why = "at most 32 bits for IPv4, 128 for IPv6";
		return -EINVAL;
	}
	memcpy(out->ip, p.ip, sizeof(out->ip));
	out->bits = (uint8_t)(bits + (most == 32 ? 96 : 0));
	return 0;
}

bool cidr_mask(struct cidr *c)
{
	bool had_any = false;

	for (unsigned int i = c->bits / 8; i < sizeof(c->ip); i++) {
		unsigned int kept = i == c->bits / 8 ? c->bits % 8 : 0;
		uint8_t beyond = (uint8_t)(0xff >> kept);

		had_any |= (c->ip[i] & beyond) != 0;
		c->ip[i] &= (uint8_t)~beyond;
	}
	return had_any;
}

const char *cidr_print(const struct cidr *c, char out_text[ADDR_TEXT_MAX])
{
	bool is_v4 =
	    c->bits >= 96 && memcmp(c->ip, v4_prefix, sizeof(v4_prefix)) == 0;
	char host[INET6_ADDRSTRLEN];

	if (is_v4)
		inet_ntop(
		    AF_INET, c->ip + sizeof(v4_prefix), host, sizeof(host));
	else
		inet_ntop(AF_INET6, c->ip, host, sizeof(host));
	snprintf(out_text, ADDR_TEXT_MAX, "%s/%d", host,
	    is_v4 ? c->bits - 96 : c->bits);
	return out_text;
}

bool cidr_contains(const struct cidr *c, const struct peer *p)
{
	size_t whole = c->bits / 8;
	unsigned int rest = c->bits % 8;

	if (p->family != AF_INET && p->family != AF_INET6)
		return false;
	/* ::/0 means IPv6; the mapped form is our own affair. */
	if (p->family == AF_INET && whole < sizeof(v4_prefix))
		return false;
	if (memcmp(c->ip, p->ip, whole) != 0)
		return false;
	return rest == 0 || ((c->ip[whole] ^ p->ip[whole]) >> (8 - rest)) == 0;
}
