/*
 * addr.h: socket addresses as values: parse, print, compare.
 *
 * `struct addr` is an address one can bind or connect to. `struct peer` is
 * the 20-byte identity of a client, small enough to live in every connection.
 * Names are not looked up here: that asks the system. The scope of an IPv6
 * address does so when it is parsed, and is remembered for printing.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Room for any printed address, the closing zero included. */
enum { ADDR_TEXT_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) + 2 };

enum { ADDR_SCOPE_MAX = 16 }; /* IFNAMSIZ */

struct addr {
	socklen_t len;		    /* 0: no address */
	char scope[ADDR_SCOPE_MAX]; /* as it was written, to be printed */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} u;
};

/* Who is at the other end. IPv4 is kept in its v4-mapped IPv6 form, so that
 * one comparison serves both; `family` keeps the truth. */
struct peer {
	uint8_t ip[16];
	uint16_t port;	 /* host order */
	uint16_t family; /* AF_INET, AF_INET6 or AF_UNIX; AF_UNSPEC: unknown */
};

/*
 * Parses PORT, :PORT, A.B.C.D:PORT, [V6]:PORT, [V6%SCOPE]:PORT (SCOPE: an
 * interface's name or number) or a path (it has a slash).
 * `any_host` is the address a bare port stands for: NULL for all interfaces
 * (IPv6 and IPv4 in one socket where the system has both: "::"), or a
 * numeric host such as "127.0.0.1". Returns 0, or -EINVAL with `*out_why`
 * a constant phrase that goes on from "expected"; `out` is then untouched.
 */
int addr_parse(const char *text, const char *any_host, struct addr *out,
    const char **out_why);

/* Parses A.B.C.D or an IPv6 address (%SCOPE) without brackets; port 0. 0 or
 * -EINVAL. */
int addr_parse_host(const char *text, struct addr *out);

/* Parses a port number, 0 to 65535. 0 or -EINVAL. */
int addr_parse_port(const char *text, uint16_t *out_port);

/* Prints `a` as A.B.C.D:PORT, [V6%SCOPE]:PORT or the path; returns
 * `out_text`. */
const char *addr_print(const struct addr *a, char out_text[ADDR_TEXT_MAX]);

uint16_t addr_port(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);

/* The identity of `a`. */
struct peer addr_to_peer(const struct addr *a);

/* Prints A.B.C.D:PORT, [V6]:PORT, "unix" or "unknown"; returns `out_text`. */
const char *peer_print(const struct peer *p, char out_text[ADDR_TEXT_MAX]);

/* A network: `bits` leading bits of `ip` count (v4-mapped: 96 + the prefix). */
struct cidr {
	uint8_t ip[16];
	uint8_t bits;
};

/* Parses A.B.C.D[/N] or V6[/N]. 0, or -EINVAL with `*out_why` as above. */
int cidr_parse(const char *text, struct cidr *out, const char **out_why);

/* Clears the bits of the address beyond the network's. Were there any? */
bool cidr_mask(struct cidr *c);

/* Prints what cidr_parse reads back the same; returns `out_text`. */
const char *cidr_print(const struct cidr *c, char out_text[ADDR_TEXT_MAX]);

bool cidr_contains(const struct cidr *c, const struct peer *p);

#endif
