/*
 * status_client.h: `sallyport status` and `sallyport control`: one who asks a
 * running proxy, over its control socket.
 */
#ifndef KEEPER_STATUS_CLIENT_H
#define KEEPER_STATUS_CLIENT_H

#include <stdbool.h>

/* What `sallyport status` ends with; EX_USAGE for what is no such command. */
enum status_exit {
	STATUS_EXIT_UP,
	STATUS_EXIT_DOWN,
	STATUS_EXIT_NOT_RUNNING,
	STATUS_EXIT_HELD,
};

/* Is it one of the two commands? Then it has run, with `*out_status`. */
bool status_client_run(int argc, char **argv, int *out_status);

#endif
