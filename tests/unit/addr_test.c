/*
 * Proves that addresses and networks are read in every form they may have
 * and in no other, print as they read, and compare by what they mean.
 */
#include <arpa/inet.h>
#include <string.h>

#include "addr_fixture.h"

static const struct reading {
	const char *text, *printed;
} addresses[] = {
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
    {"[fe80::1%lo]:80", "[fe80::1%lo]:80"},
    {"[fe80::1%1]:80", "[fe80::1%1]:80"},
};

static const char *const no_addresses[] = {"", ":", "65536", "000080", "+80",
    "-1", "80 ", "10.0.0.1", "10.0.0.1:", "10.0.0.256:80", "10.0.1:80",
    "010.0.0.1:80", "::1:80", "[::1]80", "[::1]", "[]:80", "[:80", "]:80",
    "[::1:80", "::1]:80", "[10.0.0.1]:80", "localhost:80",
    "[fe80::1%no-such]:80", "[fe80::1%]:80", "[fe80::1%0]:80",
    "[fe80::1%99999999999]:80", "[fe80::1%an-interface-name-too-long]:80",
    "[2001:db8::1%lo]:80", "10.0.0.1%lo:80", "[10.0.0.1%lo]:80",
    "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:80",
    "no-host-is-as-long-as-this-one-which-has-more-than-sixty-four-letters:80"};

TEST_ROWS(reads_every_form, addresses)
{
	char text[ADDR_TEXT_MAX];
	const char *why;
	struct addr a;

	ck_assert_int_eq(addr_parse(row->text, "127.0.0.1", &a, &why), 0);
	ck_assert_str_eq(addr_print(&a, text), row->printed);
}

TEST_ROWS(reads_no_other_form, no_addresses)
{
	struct addr a = {.len = 77};
	const char *why = NULL;

	ck_assert_int_lt(addr_parse(*row, "127.0.0.1", &a, &why), 0);
	ck_assert(why && a.len == 77);
}

TEST(a_bare_port_is_any_address)
{
	char text[ADDR_TEXT_MAX];
	struct addr a = addr_of("8001");

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

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
    {"10.0.0.1:80", "[::ffff:10.0.0.1]:80", true},
    {"[::1]:80", "[0:0:0:0:0:0:0:1]:80", true},
    {"/run/proxy", "/run/proxy", true},
    {"[fe80::1%lo]:80", "[fe80::1%1]:80", true},
    {"[fe80::1%lo]:80", "[fe80::1%2]:80", false},
    {"[fe80::1%lo]:80", "[fe80::1]:80", false},
    {"10.0.0.1:80", "10.0.0.1:81", false},
    {"10.0.0.1:80", "10.0.0.2:80", false},
    {"[::1]:80", "127.0.0.1:80", false},
    {"/run/proxy", "/run/gate", false},
    {"/run/proxy", "127.0.0.1:0", false},
};

TEST_ROWS(equal_is_what_means_the_same, pairs)
{
	struct addr a = addr_of(row->a), b = addr_of(row->b);

	ck_assert_int_eq(addr_equal(&a, &b), row->same);
}

TEST(peers_of_other_families_have_names)
{
	struct peer nobody = {0}, local = {.family = AF_UNIX};
	char text[ADDR_TEXT_MAX];

	ck_assert_str_eq(peer_print(&nobody, text), "unknown");
	ck_assert_str_eq(peer_print(&local, text), "unix");
}

static const struct reading networks[] = {
    {"10.0.0.0/8", "10.0.0.0/8"},
    {"10.0.0.1", "10.0.0.1/32"},
    {"0.0.0.0/0", "0.0.0.0/0"},
    {"::/0", "::/0"},
    {"2001:db8::/32", "2001:db8::/32"},
    {"::1", "::1/128"},
    {"::ffff:10.0.0.0/104", "10.0.0.0/8"},
};

static const char *const no_networks[] = {"10.0.0.0/33", "::/129", "10.0.0.0/",
    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8", "10.0.0.0/-1",
    "10.0.0.0/8/8", "10.0.0/8", "/8", "", "any"};

TEST_ROWS(reads_networks, networks)
{
	struct cidr c, back;
	const char *why;
	char text[ADDR_TEXT_MAX];

	ck_assert_int_eq(cidr_parse(row->text, &c, &why), 0);
	ck_assert_str_eq(cidr_print(&c, text), row->printed);
	ck_assert_int_eq(cidr_parse(text, &back, &why), 0);
	ck_assert_int_eq(back.bits, c.bits);
	ck_assert_mem_eq(back.ip, c.ip, sizeof(c.ip));
}

TEST_ROWS(reads_no_other_network, no_networks)
{
	const char *why = NULL;
	struct cidr c;

	ck_assert_int_lt(cidr_parse(*row, &c, &why), 0);
	ck_assert_ptr_nonnull(why);
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

static const struct {
	const char *network, *client;
	bool contained;
} clients[] = {
    {"0.0.0.0/0", "10.0.0.1:80", true},
    {"0.0.0.0/0", "[2001:db8::1]:80", false},
    {"0.0.0.0/0", "/run/x", false},
    {"::/0", "10.0.0.1:80", false},
    {"::/0", "[2001:db8::1]:80", true},
    {"::/0", "/run/x", false},
};

TEST_ROWS(a_network_holds_its_own_family_alone, clients)
{
	struct peer p = peer_of(row->client);
	const char *why;
	struct cidr c;

	ck_assert_int_eq(cidr_parse(row->network, &c, &why), 0);
	ck_assert_int_eq(cidr_contains(&c, &p), row->contained);
}
