/* admit.c: one walk through the rules. */
#include "proxy/admit.h"

enum admit_verdict admit_judge(const struct admit_conf *conf,
    const struct peer *peer)
{
	bool any_allow = false;
	size_t i;

	if (peer->family == AF_UNIX)
		return ADMIT_ALLOWED;
	for (i = 0; i < conf->count; i++) {
		if (cidr_contains(&conf->rules[i].net, peer))
			return conf->rules[i].allow ? ADMIT_ALLOWED
						    : ADMIT_DENIED;
		any_allow |= conf->rules[i].allow;
	}
	return any_allow ? ADMIT_DENIED : ADMIT_ALLOWED;
}
