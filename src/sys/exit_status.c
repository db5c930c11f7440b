/*
 * exit_status.c: the last words.
 */
#include "sys/exit_status.h"

#include <stdio.h>
#include <string.h>

int exit_status_fail(const char *what, const char *name, int err)
{
	fprintf(stderr, "sallyport: %s%s: %s\n", what, name, strerror(-err));
	return exit_status_of(err);
}
