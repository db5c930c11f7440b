/*
 * admin_request.h: what a browser or a collector asks of the admin address.
 */
#ifndef KEEPER_ADMIN_REQUEST_H
#define KEEPER_ADMIN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum admin_view {
	ADMIN_PAGE,
	ADMIN_METRICS,
	ADMIN_JSON,
	ADMIN_BAD_REQUEST, /* from here on: none */
	ADMIN_NOT_FOUND,
	ADMIN_METHOD,
	ADMIN_HOST, /* a name: some page may have led a browser here */
};

struct admin_request {
	enum admin_view view;
	bool head; /* no body */
};

/* False: the head is not complete. */
bool admin_read(const char *bytes, size_t len, struct admin_request *out);

#endif
