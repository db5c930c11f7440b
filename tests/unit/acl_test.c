/* Proves that the first rule that matches decides, and what happens without
 * one. */
#include "addr_fixture.h"
#include "policy/acl.h"

#define NONE                                                                   \
	{                                                                      \
		NULL                                                           \
	}
#define ONLY_DENY                                                              \
	{                                                                      \
		"-10.0.0.0/8"                                                  \
	}
#define FIRST_MATCH                                                            \
	{                                                                      \
		"-10.0.0.1", "+10.0.0.0/8", "-10.0.0.2"                        \
	}

static const struct {
	const char *rules[4]; /* + allows, - denies */
	const char *client;
	enum acl_verdict verdict;
} rows[] = {
    {NONE, "10.0.0.1:1", ACL_ALLOWED},
    {NONE, "[2001:db8::1]:1", ACL_ALLOWED},
    {ONLY_DENY, "10.0.0.1:1", ACL_DENIED},
    {ONLY_DENY, "[::ffff:10.9.9.9]:1", ACL_DENIED},
    {ONLY_DENY, "11.0.0.1:1", ACL_ALLOWED},
    {FIRST_MATCH, "10.0.0.1:1", ACL_DENIED},
    {FIRST_MATCH, "10.0.0.2:1", ACL_ALLOWED},
    {FIRST_MATCH, "11.0.0.1:1", ACL_DENIED},
    {FIRST_MATCH, "[2001:db8::1]:1", ACL_DENIED},
    {{"+10.0.0.1"}, "/run/x", ACL_ALLOWED},
};

TEST_ROWS(the_first_rule_that_matches_decides, rows)
{
	struct peer client = peer_of(row->client);
	struct acl_conf conf = {0};
	const char *why;

	for (; row->rules[conf.count]; conf.count++) {
		const char *text = row->rules[conf.count];
		struct acl_rule *r = &conf.rules[conf.count];

		r->allow = text[0] == '+';
		ck_assert_int_eq(cidr_parse(text + 1, &r->net, &why), 0);
	}
	ck_assert_int_eq(acl_check(&conf, &client), row->verdict);
}
