/*
 * Proves that PROXY headers are read strictly, at any length that has come,
 * and written as the two versions say. That what is written reads back, for
 * any peers, is for tests/fuzz/proxy_header.c.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/proxy_header.h"
#include "unit.h"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4  "\xc0\x00\x02\x01\xc0\x00\x02\x02\x04\xd2\x1f\x41"
#define V6  "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define PATH                                                                   \
	"/run/x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"       \
	"\0\0"
#define PATH3	    PATH PATH PATH
#define BYTES(text) text, sizeof(text) - 1
#define BAD(what, text)                                                        \
	{                                                                      \
		what, BYTES(text), PROXY_HEADER_BAD, NULL, NULL                \
	}
#define GOOD(what, text, from, to)                                             \
	{                                                                      \
		what, BYTES(text), PROXY_HEADER_PASS, from, to                 \
	}
#define UNKNOWN(what, text) GOOD(what, text, NULL, NULL)

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	enum proxy_header_verdict verdict;
	const char *src, *dst; /* printed; NULL: not known */
} cases[] = {
    GOOD("v1 TCP4", "PROXY TCP4 192.0.2.1 192.0.2.2 1234 8001\r\n",
	"192.0.2.1:1234", "192.0.2.2:8001"),
    GOOD("v1 TCP6", "PROXY TCP6 2001:db8::1 ::1 65535 0\r\n",
	"[2001:db8::1]:65535", "[::1]:0"),
    GOOD("v1 mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1",
	"[::1]:2"),
    UNKNOWN("v1 UNKNOWN", "PROXY UNKNOWN\r\n"),
    UNKNOWN("v1 UNKNOWN and more", "PROXY UNKNOWN a b  c\r\n"),
    UNKNOWN("v1 longest",
	"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
    BAD("v1 one byte too long",
	"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n"),
    BAD("no header", "GET / HTTP/1.1\r\n\r\n"),
    BAD("nearly", "PROXYTCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("small letters", "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("v1 other protocol", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("v1 UNKNOWNS", "PROXY UNKNOWNS\r\n"),
    BAD("v1 nothing", "PROXY \r\n"),
    BAD("v1 LF alone", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"),
    BAD("v1 LF at once", "PROXY UNKNOWN\n"),
    BAD("v1 two blanks", "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("v1 blank at the end", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"),
    BAD("v1 missing port", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"),
    BAD("v1 missing all", "PROXY TCP4\r\n"),
    BAD("v1 empty port", "PROXY TCP4 192.0.2.1 192.0.2.2  2\r\n"),
    BAD("v1 port too high", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"),
    BAD("v1 leading zero", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"),
    BAD("v1 leading zeros", "PROXY TCP4 192.0.2.1 192.0.2.2 1 00\r\n"),
    BAD("v1 signed port", "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n"),
    BAD("v1 short address", "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n"),
    BAD("v1 zeros in address", "PROXY TCP4 192.0.02.1 192.0.2.2 1 2\r\n"),
    BAD("v1 wrong family", "PROXY TCP4 ::1 ::1 1 2\r\n"),
    BAD("v1 wrong family 6", "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"),
    BAD("v1 bad destination", "PROXY TCP4 192.0.2.1 192.0.2.256 1 2\r\n"),
    BAD("v1 zero byte", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\0\r\n"),
    BAD("v1 zero byte in UNKNOWN", "PROXY UNKNOWN\0\r\n"),

    GOOD(
	"v2 TCP4", SIG "\x21\x11\0\x0c" V4, "192.0.2.1:1234", "192.0.2.2:8001"),
    GOOD("v2 TCP6", SIG "\x21\x21\0\x24" V6 V6 "\0\x07\0\x08",
	"[2001:db8::1]:7", "[2001:db8::1]:8"),
    GOOD("v2 Unix", SIG "\x21\x31\0\xd8" PATH3 PATH3, "unix", "unix"),
    UNKNOWN("v2 LOCAL", SIG "\x20\0\0\0"),
    UNKNOWN("v2 LOCAL, the rest ignored", SIG "\x20\x11\0\x03xyz"),
    UNKNOWN("v2 unspecified", SIG "\x21\0\0\x02yz"),
    GOOD("v2 TLVs", SIG "\x21\x11\0\x14" V4 "\x04\0\x02zz\x03\0\0",
	"192.0.2.1:1234", "192.0.2.2:8001"),
    BAD("v2 version 1", SIG "\x11\x11\0\x0c" V4),
    BAD("v2 version 3", SIG "\x31\x11\0\x0c" V4),
    BAD("v2 command 2", SIG "\x22\x11\0\x0c" V4),
    BAD("v2 UDP", SIG "\x21\x12\0\x0c" V4),
    BAD("v2 family 4", SIG "\x21\x41\0\x0c" V4),
    BAD("v2 short TCP4", SIG "\x21\x11\0\x0b" V4),
    BAD("v2 short TCP6", SIG "\x21\x21\0\x23" V6 V6 "\0\x07\0\x08"),
    BAD("v2 short Unix", SIG "\x21\x31\0\xd7" PATH3 PATH3),
    BAD("v2 half a TLV", SIG "\x21\x11\0\x0e" V4 "\x04\0"),
    BAD("v2 TLV too long", SIG "\x21\x11\0\x10" V4 "\x04\0\x02z"),
    BAD("v2 too long", SIG "\x21\x11\x03\xf1" V4),
    BAD("v2 far too long", SIG "\x20\0\xff\xff"),
    BAD("v2 signature broken", "\r\n\r\n\0\r\nQUIT\r\x20\0\0\0"),
};

static void check_peer(const char *name, const struct peer *p, const char *want)
{
	char text[ADDR_TEXT_MAX];

	ck_assert_msg(
	    strcmp(peer_print(p, text), want) == 0, "%s: %s", name, text);
}

/* In memory of just that size. */
static enum proxy_header_verdict decode(
    const char *bytes, size_t len, struct proxy_header *out)
{
	char *exact = malloc(len ? len : 1);
	enum proxy_header_verdict verdict;

	memcpy(exact, bytes, len);
	verdict = proxy_header_decode(exact, len, out);
	free(exact);
	return verdict;
}

/* Asked with 0, 1, 2 ... bytes, it waits until the last one, or until it is
 * wrong; what follows a header is not part of it. */
TEST_ROWS(a_header_is_judged, cases)
{
	enum proxy_header_verdict verdict = PROXY_HEADER_WAIT;
	char more[512];
	struct proxy_header h;
	size_t len = 0;

	while (len <= row->len && verdict == PROXY_HEADER_WAIT)
		verdict = decode(row->bytes, len++, &h);
	ck_assert_msg(
	    verdict == row->verdict, "%s, at %zu bytes", row->name, len);
	memset(more, 'x', sizeof(more));
	memcpy(more, row->bytes, row->len);
	ck_assert_msg(decode(row->bytes, row->len, &h) == row->verdict &&
			  decode(more, sizeof(more), &h) == row->verdict,
	    "%s, whole and more", row->name);
	if (row->verdict != PROXY_HEADER_PASS)
		return;
	ck_assert_uint_eq(len, row->len + 1);
	ck_assert_uint_eq(h.bytes, row->len);
	ck_assert_int_eq(h.known, row->src != NULL);
	if (row->src) {
		check_peer(row->name, &h.src, row->src);
		check_peer(row->name, &h.dst, row->dst);
	}
}

TEST(the_longest_header_is_read_and_none_that_is_longer)
{
	static const char fixed[] = SIG "\x20\0\x03\xf0";
	char bytes[PROXY_HEADER_IN_MAX] = {0};
	struct proxy_header h;

	memcpy(bytes, fixed, sizeof(fixed) - 1);
	ck_assert_int_eq(
	    decode(bytes, sizeof(bytes) - 1, &h), PROXY_HEADER_WAIT);
	ck_assert_int_eq(decode(bytes, sizeof(bytes), &h), PROXY_HEADER_PASS);
	ck_assert_uint_eq(h.bytes, sizeof(bytes));
	/* A line that never ends: at the length no line may have. */
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, "PROXY UNKNOWN ", 14);
	ck_assert_int_eq(decode(bytes, 106, &h), PROXY_HEADER_WAIT);
	ck_assert_int_eq(decode(bytes, 107, &h), PROXY_HEADER_BAD);
}

static struct peer peer_of(const char *text)
{
	const char *why;
	struct addr a;

	ck_assert_msg(addr_parse(text, NULL, &a, &why) == 0, "%s", why);
	return addr_to_peer(&a);
}

TEST(a_header_is_expected_from_those_who_are_set)
{
	struct proxy_header_conf conf = {0};
	struct peer in = peer_of("10.1.2.3:1"), out = peer_of("11.1.2.3:1");
	struct peer second = peer_of("[::1]:1");
	struct peer local = {.family = AF_UNIX};
	const char *why;

	ck_assert(!proxy_header_expected(&conf, &in));
	ck_assert_int_eq(cidr_parse("10.0.0.0/8", &conf.from[0], &why), 0);
	ck_assert_int_eq(cidr_parse("::1", &conf.from[1], &why), 0);
	conf.count = 2;
	ck_assert(proxy_header_expected(&conf, &in));
	ck_assert(proxy_header_expected(&conf, &second));
	ck_assert(!proxy_header_expected(&conf, &out));
	ck_assert(!proxy_header_expected(&conf, &local));
	conf.from_unix = true;
	ck_assert(proxy_header_expected(&conf, &local));
}

static const struct {
	const char *src, *dst, *v1, *v2;
	size_t v2_len;
} written[] = {
    {"192.0.2.1:1234", "192.0.2.2:8001",
	"PROXY TCP4 192.0.2.1 192.0.2.2 1234 8001\r\n",
	BYTES(SIG "\x21\x11\0\x0c" V4)},
    {"[2001:db8::1]:7", "[2001:db8::1]:8",
	"PROXY TCP6 2001:db8::1 2001:db8::1 7 8\r\n",
	BYTES(SIG "\x21\x21\0\x24" V6 V6 "\0\x07\0\x08")},
    {"192.0.2.1:7", "[2001:db8::1]:8",
	"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 7 8\r\n",
	BYTES(SIG "\x21\x21\0\x24\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02"
		  "\x01" V6 "\0\x07\0\x08")},
    {"/run/x", "192.0.2.1:1", "PROXY UNKNOWN\r\n", BYTES(SIG "\x21\0\0\0")},
    {"192.0.2.1:1", "/run/x", "PROXY UNKNOWN\r\n", BYTES(SIG "\x21\0\0\0")},
};

TEST_ROWS(a_header_is_written, written)
{
	struct peer src = peer_of(row->src), dst = peer_of(row->dst);
	char out[PROXY_HEADER_OUT_MAX];

	ck_assert_uint_eq(
	    proxy_header_encode(1, &src, &dst, out), strlen(row->v1));
	ck_assert_mem_eq(out, row->v1, strlen(row->v1));
	ck_assert_uint_eq(proxy_header_encode(2, &src, &dst, out), row->v2_len);
	ck_assert_mem_eq(out, row->v2, row->v2_len);
}
