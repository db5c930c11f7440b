/*
 * exit_status.h: with which status to exit when the system refused something.
 */
#ifndef SYS_EXIT_STATUS_H
#define SYS_EXIT_STATUS_H

#include <errno.h>
#include <sysexits.h>

/* Says on stderr that `what` failed for `name`, a file or address ("": none),
 * and returns the status to exit with. */
int exit_status_fail(const char *what, const char *name, int err);

/* What goes on a message that a file or address cannot be opened: ": expected
 * ..."; "": nothing better is known. */
const char *exit_status_expected(int err);

/* For -errno: EX_NOPERM for a permission, EX_TEMPFAIL for what may pass by
 * itself, EX_OSERR for the rest. */
static inline int exit_status_of(int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return EX_NOPERM;
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
		return EX_TEMPFAIL;
	default:
		return EX_OSERR;
	}
}

#endif
