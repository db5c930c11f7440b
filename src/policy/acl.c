/* acl.c: one walk through the rules. */
#include "policy/acl.h"

enum acl_verdict acl_check(const struct acl_conf *conf, const struct peer *peer)
{
	bool any_allow = false;
	size_t i;

	if (peer->family == AF_UNIX)
		return ACL_ALLOWED;
	for (i = 0; i < conf->count; i++) {
		if (cidr_contains(&conf->rules[i].net, peer))
			return conf->rules[i].allow ? ACL_ALLOWED : ACL_DENIED;
		any_allow |= conf->rules[i].allow;
	}
	return any_allow ? ACL_DENIED : ACL_ALLOWED;
}
