/* Proves that the first rule that matches decides, and what happens without
 * one. */
#include "policy/acl.h"
#include "unit.h"

static void rule(struct acl_conf *conf, bool allow, const char *net)
{
	struct acl_rule *r = &conf->rules[conf->count++];
	const char *why;

	ck_assert_msg(cidr_parse(net, &r->net, &why) == 0, "%s", why);
	r->allow = allow;
}

static enum acl_verdict judge(const struct acl_conf *conf, const char *text)
{
	const char *why;
	struct addr a;
	struct peer p;

	ck_assert_msg(addr_parse(text, NULL, &a, &why) == 0, "%s", why);
	p = addr_to_peer(&a);
	return acl_check(conf, &p);
}

TEST(no_rules)
{
	struct acl_conf conf = {0};

	ck_assert_int_eq(judge(&conf, "10.0.0.1:1"), ACL_ALLOWED);
	ck_assert_int_eq(judge(&conf, "[2001:db8::1]:1"), ACL_ALLOWED);
}

TEST(only_deny)
{
	struct acl_conf conf = {0};

	rule(&conf, false, "10.0.0.0/8");
	ck_assert_int_eq(judge(&conf, "10.0.0.1:1"), ACL_DENIED);
	ck_assert_int_eq(judge(&conf, "[::ffff:10.9.9.9]:1"), ACL_DENIED);
	ck_assert_int_eq(judge(&conf, "11.0.0.1:1"), ACL_ALLOWED);
}

TEST(first_match_wins)
{
	struct acl_conf conf = {0};

	rule(&conf, false, "10.0.0.1");
	rule(&conf, true, "10.0.0.0/8");
	rule(&conf, false, "10.0.0.2");
	ck_assert_int_eq(judge(&conf, "10.0.0.1:1"), ACL_DENIED);
	ck_assert_int_eq(judge(&conf, "10.0.0.2:1"), ACL_ALLOWED);
	ck_assert_int_eq(judge(&conf, "11.0.0.1:1"), ACL_DENIED);
	ck_assert_int_eq(judge(&conf, "[2001:db8::1]:1"), ACL_DENIED);
}

TEST(unix_clients)
{
	struct acl_conf conf = {0};

	rule(&conf, true, "10.0.0.1");
	ck_assert_int_eq(judge(&conf, "/run/x"), ACL_ALLOWED);
}
