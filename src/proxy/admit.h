/*
 * admit.h: allow and deny, by network.
 *
 * The first rule that matches decides. Without a match the client is let in,
 * unless any rule allows: then whoever is not named is denied. Unix clients
 * are always let in, as the mode of the socket file has already judged them.
 */
#ifndef PROXY_ADMIT_H
#define PROXY_ADMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum { ADMIT_RULES_MAX = 256 };

struct admit_rule {
	struct cidr net;
	bool allow;
};

struct admit_conf {
	struct admit_rule rules[ADMIT_RULES_MAX]; /* as written */
	size_t count;
};

enum admit_verdict { ADMIT_ALLOWED, ADMIT_DENIED };

enum admit_verdict admit_judge(const struct admit_conf *conf,
    const struct peer *peer);

#endif
