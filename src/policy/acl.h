/*
 * acl.h: allow and deny, by network.
 *
 * The first rule that matches decides. Without a match the client is let in,
 * unless any rule allows: then whoever is not named is denied. Unix clients
 * are always let in, as the mode of the socket file has already judged them.
 */
#ifndef POLICY_ACL_H
#define POLICY_ACL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

enum { ACL_RULES_MAX = 256 };

struct acl_rule {
	struct cidr net;
	bool allow;
};

struct acl_conf {
	struct acl_rule rules[ACL_RULES_MAX]; /* as written */
	size_t count;
};

enum acl_verdict { ACL_ALLOWED, ACL_DENIED };

enum acl_verdict acl_check(
    const struct acl_conf *conf, const struct peer *peer);

#endif
