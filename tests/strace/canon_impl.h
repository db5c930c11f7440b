/* canon_impl.h: what the parts of canon share. */
#ifndef STRACE_CANON_IMPL_H
#define STRACE_CANON_IMPL_H

#include "canon.h"

typedef void canon_print_fn(struct canon *c, const struct line *l);

/* Adds to the line being put together. */
void canon_say(struct canon *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void canon_say_slice(struct canon *c, struct slice s);

/* Adds " -> ERRNO" if the call failed; true if it did. */
bool canon_say_failure(struct canon *c, const struct line *l);

/* Any call without a printer of its own: its name, its role if the first
 * argument is a descriptor, its plain arguments; pointers as "_". */
void canon_generic(struct canon *c, const struct line *l);

/* The first argument as a descriptor; -1 when it is no number. */
int64_t canon_fd(const struct line *l);

canon_print_fn canon_epoll_create, canon_epoll_ctl, canon_epoll_wait;
canon_print_fn canon_socket, canon_accept, canon_connect, canon_listen;
canon_print_fn canon_shutdown, canon_setsockopt, canon_getsockopt, canon_ioctl;
canon_print_fn canon_recv, canon_send, canon_sendmsg, canon_splice;
canon_print_fn canon_write, canon_read;

#endif
