/*
 * resolve.c: getaddrinfo, reduced to what a connect needs.
 */
#include "sys/resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

size_t resolve_name(const char *name, uint16_t port, struct addr *out_addrs,
    size_t most, const char **out_why)
{
	struct addrinfo hints = {
	    .ai_flags = AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found, *ai;
	char service[8];
	size_t count = 0;
	int err;

	snprintf(service, sizeof(service), "%u", port);
	err = getaddrinfo(name, service, &hints, &found);
	if (err != 0) {
		*out_why = gai_strerror(err);
		return 0;
	}
	*out_why = "it has no address";
	for (ai = found; ai && count < most; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(out_addrs->u))
			continue;
		out_addrs[count] = (struct addr){.len = ai->ai_addrlen};
		memcpy(&out_addrs[count].u, ai->ai_addr, ai->ai_addrlen);
		count++;
	}
	freeaddrinfo(found);
	return count;
}
