/*
 * exit_status.c: the last words, and what could be had instead.
 */
#include "sys/exit_status.h"

#include <stdio.h>
#include <string.h>

const char *exit_status_expected(int err)
{
	switch (-err) {
	case ENOENT:
	case ENOTDIR:
		return ": expected a directory that exists";
	case EACCES:
		return ": expected what this user may open";
	case EISDIR:
		return ": expected a file";
	case ENOTSOCK:
		return ": expected a socket or a free path";
	case EADDRINUSE:
		return ": expected an address that nobody listens on";
	case EADDRNOTAVAIL:
		return ": expected an address of this machine";
	default:
		return "";
	}
}

int exit_status_fail(const char *what, const char *name, int err)
{
	fprintf(stderr, "sallyport: %s%s: %s%s\n", what, name, strerror(-err),
	    name[0] != '\0' ? exit_status_expected(err) : "");
	return exit_status_of(err);
}
