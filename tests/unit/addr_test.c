/*
 * Proves that addresses and networks are read in every form they may have
 * and in no other, print as they read, and compare by what they mean.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/addr.h"
#include "unit.h"

struct reading {
	const char *text;
	const char *printed; /* NULL: no address */
};

static struct addr parsed(const char *text, const char *any_host)
{
	struct addr a;
	const char *why;

	ck_assert_msg(
	    addr_parse(text, any_host, &a, &why) == 0, "'%s': %s", text, why);
	return a;
}

TEST(reads_every_form_and_no_other)
{
	static const struct reading t[] = {
	    {"8001", "127.0.0.1:8001"},
	    {":8001", "127.0.0.1:8001"},
	    {"0", "127.0.0.1:0"},
	    {"65535", "127.0.0.1:65535"},
	    {"10.0.0.1:80", "10.0.0.1:80"},
	    {"[::1]:80", "[::1]:80"},
	    {"[::]:80", "[::]:80"},
	    {"[::ffff:10.0.0.1]:80", "10.0.0.1:80"},
	    {"/run/proxy", "/run/proxy"},
	    {"./proxy:80", "./proxy:80"},
	    {"", NULL},
	    {":", NULL},
	    {"65536", NULL},
	    {"000080", NULL},
	    {"+80", NULL},
	    {"-1", NULL},
	    {"80 ", NULL},
	    {"10.0.0.1", NULL},
	    {"10.0.0.1:", NULL},
	    {"10.0.0.256:80", NULL},
	    {"10.0.1:80", NULL},
	    {"010.0.0.1:80", NULL},
	    {"::1:80", NULL},
	    {"[::1]80", NULL},
	    {"[::1]", NULL},
	    {"[]:80", NULL},
	    {"[:80", NULL},
	    {"]:80", NULL},
	    {"[::1:80", NULL},
	    {"::1]:80", NULL},
	    {"[10.0.0.1]:80", NULL},
	    {"localhost:80", NULL},
	    {"[fe80::1%lo]:80", "[fe80::1%lo]:80"},
	    {"[fe80::1%1]:80", "[fe80::1%1]:80"},
	    {"[fe80::1%no-such]:80", NULL},
	    {"[fe80::1%]:80", NULL},
	    {"[fe80::1%0]:80", NULL},
	    {"[fe80::1%99999999999]:80", NULL},
	    {"[fe80::1%an-interface-name-too-long]:80", NULL},
	    {"[2001:db8::1%lo]:80", NULL},
	    {"10.0.0.1%lo:80", NULL},
	    {"[10.0.0.1%lo]:80", NULL},
	    {"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80",
		NULL},
	    {"no-host-of-any-kind-is-ever-as-long-as-this-one-which-has-more-"
	     "than-sixty-four-letters-and-then-some-more-for-good-measure:80",
		NULL},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct addr a = {.len = 77};
		const char *why = NULL;
		char text[ADDR_TEXT_MAX];
		int err = addr_parse(t[i].text, "127.0.0.1", &a, &why);

		ck_assert_msg(
		    (err == 0) == (t[i].printed != NULL), "'%s'", t[i].text);
		if (t[i].printed) {
			ck_assert_str_eq(addr_print(&a, text), t[i].printed);
		} else {
			ck_assert_msg(why && a.len == 77, "'%s'", t[i].text);
		}
	}
}

TEST(a_bare_port_is_any_address)
{
	char text[ADDR_TEXT_MAX];
	struct addr a = parsed("8001", NULL);

	ck_assert_str_eq(addr_print(&a, text), "[::]:8001");
	ck_assert_uint_eq(addr_port(&a), 8001);
}

TEST(a_path_fits_or_is_refused)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	char text[ADDR_TEXT_MAX];
	const char *why;
	struct addr a;

	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 2] = '\0';
	ck_assert_int_eq(addr_parse(path, NULL, &a, &why), 0);
	ck_assert_str_eq(addr_print(&a, text), path);
	path[sizeof(path) - 2] = 'p';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_lt(addr_parse(path, NULL, &a, &why), 0);
}

TEST(hosts_stand_without_port)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	ck_assert_int_eq(addr_parse_host("10.1.2.3", &a), 0);
	ck_assert_str_eq(addr_print(&a, text), "10.1.2.3:0");
	ck_assert_int_eq(addr_parse_host("fe80::1", &a), 0);
	ck_assert_str_eq(addr_print(&a, text), "[fe80::1]:0");
	ck_assert_int_eq(addr_parse_host("fe80::1%lo", &a), 0);
	ck_assert_uint_eq(a.u.in6.sin6_scope_id, 1);
	/* The kernel's own tell only the number. */
	*a.scope = '\0';
	ck_assert_str_eq(addr_print(&a, text), "[fe80::1%1]:0");
	ck_assert_int_lt(addr_parse_host("10.1.2.3:80", &a), 0);
	ck_assert_int_lt(addr_parse_host("[fe80::1]", &a), 0);
}

TEST(equal_is_what_means_the_same)
{
	static const char *const same[][2] = {
	    {"10.0.0.1:80", "[::ffff:10.0.0.1]:80"},
	    {"[::1]:80", "[0:0:0:0:0:0:0:1]:80"},
	    {"/run/proxy", "/run/proxy"},
	    {"[fe80::1%lo]:80", "[fe80::1%1]:80"},
	};
	static const char *const different[][2] = {
	    {"[fe80::1%lo]:80", "[fe80::1%2]:80"},
	    {"[fe80::1%lo]:80", "[fe80::1]:80"},
	    {"10.0.0.1:80", "10.0.0.1:81"},
	    {"10.0.0.1:80", "10.0.0.2:80"},
	    {"[::1]:80", "127.0.0.1:80"},
	    {"/run/proxy", "/run/gate"},
	    {"/run/proxy", "127.0.0.1:0"},
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct addr a = parsed(same[i][0], NULL);
		struct addr b = parsed(same[i][1], NULL);

		ck_assert_msg(addr_equal(&a, &b), "%s", same[i][0]);
	}
	for (size_t i = 0; i < sizeof(different) / sizeof(*different); i++) {
		struct addr a = parsed(different[i][0], NULL);
		struct addr b = parsed(different[i][1], NULL);

		ck_assert_msg(!addr_equal(&a, &b), "%s", different[i][0]);
	}
}

TEST(peers_of_other_families_have_names)
{
	struct peer nobody = {0}, local = {.family = AF_UNIX};
	char text[ADDR_TEXT_MAX];

	ck_assert_str_eq(peer_print(&nobody, text), "unknown");
	ck_assert_str_eq(peer_print(&local, text), "unix");
}

TEST(reads_networks)
{
	static const struct reading t[] = {
	    {"10.0.0.0/8", "10.0.0.0/8"},
	    {"10.0.0.1", "10.0.0.1/32"},
	    {"0.0.0.0/0", "0.0.0.0/0"},
	    {"::/0", "::/0"},
	    {"2001:db8::/32", "2001:db8::/32"},
	    {"::1", "::1/128"},
	    {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
	    {"10.0.0.0/33", NULL},
	    {"::/129", NULL},
	    {"10.0.0.0/", NULL},
	    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8", NULL},
	    {"10.0.0.0/-1", NULL},
	    {"10.0.0.0/8/8", NULL},
	    {"10.0.0/8", NULL},
	    {"/8", NULL},
	    {"", NULL},
	    {"any", NULL},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct cidr c, back;
		const char *why = NULL;
		char text[ADDR_TEXT_MAX];
		int err = cidr_parse(t[i].text, &c, &why);

		ck_assert_msg(
		    (err == 0) == (t[i].printed != NULL), "'%s'", t[i].text);
		if (err < 0)
			continue;
		ck_assert_str_eq(cidr_print(&c, text), t[i].printed);
		ck_assert_int_eq(cidr_parse(text, &back, &why), 0);
		ck_assert_int_eq(back.bits, c.bits);
		ck_assert_mem_eq(back.ip, c.ip, sizeof(c.ip));
	}
}

/* The first `bits` bits, looked at one by one. */
static bool model_contains(const struct cidr *c, const struct peer *p)
{
	for (unsigned int i = 0; i < c->bits; i++)
		if (((c->ip[i / 8] ^ p->ip[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

TEST(networks_contain_by_their_leading_bits)
{
	uint64_t state = 3;

	for (int i = 0; i < 200000; i++) {
		struct cidr c = {.bits = (uint8_t)chance_below(&state, 129)};
		struct peer p = {.family = AF_INET6};

		for (int k = 0; k < 16; k++)
			c.ip[k] = (uint8_t)chance(&state);
		memcpy(p.ip, c.ip, sizeof(p.ip));
		p.ip[chance_below(&state, 16)] ^=
		    (uint8_t)(1 << chance_below(&state, 8));
		ck_assert_int_eq(cidr_contains(&c, &p), model_contains(&c, &p));
	}
}

TEST(a_rule_for_ipv6_leaves_ipv4_alone)
{
	const char *why;
	struct cidr v6, v4;
	struct addr a;
	struct peer p;

	ck_assert_int_eq(cidr_parse("::/0", &v6, &why), 0);
	ck_assert_int_eq(cidr_parse("0.0.0.0/0", &v4, &why), 0);
	ck_assert_int_eq(addr_parse("10.0.0.1:80", NULL, &a, &why), 0);
	p = addr_to_peer(&a);
	ck_assert(!cidr_contains(&v6, &p));
	ck_assert(cidr_contains(&v4, &p));
	ck_assert_int_eq(addr_parse("[2001:db8::1]:80", NULL, &a, &why), 0);
	p = addr_to_peer(&a);
	ck_assert(cidr_contains(&v6, &p));
	ck_assert(!cidr_contains(&v4, &p));
}

TEST(unix_clients_are_in_no_network)
{
	struct peer local = {.family = AF_UNIX};
	struct cidr all = {.bits = 0};

	ck_assert(!cidr_contains(&all, &local));
}
