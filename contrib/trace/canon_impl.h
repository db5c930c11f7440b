/* canon_impl.h: what the parts of canon share. */
#ifndef STRACE_CANON_IMPL_H
#define STRACE_CANON_IMPL_H

#include "canon.h"
#include "word.h"

typedef void canon_print_fn(struct canon *c, const struct line *l);

/* Adds to the line being put together. */
void canon_say(struct canon *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void canon_say_slice(struct canon *c, struct slice s);

/* Adds " -> ERRNO" if the call failed, " -> ?" if its result is not known;
 * true if so. */
bool canon_say_failure(struct canon *c, const struct line *l);

/* WHO, or "-". */
void canon_say_role(struct canon *c, const struct role *r);

/* Any call without a printer of its own: its name, its role if the first
 * argument is a descriptor, its constants; what differs from run to run
 * (pointers, numbers, structures) folded. */
void canon_generic(struct canon *c, const struct line *l);

struct slice canon_arg(const struct line *l, size_t i);
int64_t canon_number(const struct line *l, size_t i); /* 0 if it is none */

/* The first argument as a descriptor; -1 when it is no number. */
int64_t canon_fd(const struct line *l);

/* The role of a descriptor of the line's task, or NULL; canon_need makes one
 * of `kind` when there is none; canon_open makes a new one for the result. */
struct role *canon_role(struct canon *c, int64_t fd);
struct role *canon_need(struct canon *c, int64_t fd, char kind);
struct role *canon_open(struct canon *c, const struct line *l, char kind);

/* Notes the O_ or SOCK_ flags of a new descriptor, and says which of
 * NONBLOCK and CLOEXEC are missing. */
void canon_flags(struct canon *c, int64_t fd, uint64_t flags, bool stream);

/* Descriptors that a message carries: sent, or received. */
void canon_pass(struct canon *c, struct slice message, bool sending);

canon_print_fn canon_epoll_create, canon_epoll_ctl, canon_epoll_wait;
canon_print_fn canon_poll, canon_select, canon_restart;
canon_print_fn canon_socket, canon_accept, canon_connect, canon_listen;
canon_print_fn canon_bind, canon_socketpair;
canon_print_fn canon_shutdown, canon_setsockopt, canon_getsockopt, canon_ioctl;
canon_print_fn canon_recv, canon_send, canon_sendmsg, canon_recvmsg;
canon_print_fn canon_write, canon_read, canon_writev, canon_readv;
canon_print_fn canon_splice, canon_sendfile;
canon_print_fn canon_open_file, canon_open_signals, canon_open_event;
canon_print_fn canon_open_timer, canon_open_inotify, canon_open_uring;
canon_print_fn canon_open_other, canon_close, canon_close_range, canon_dup;
canon_print_fn canon_fcntl, canon_pipe, canon_clone, canon_exec, canon_name;
canon_print_fn canon_sigaction;

#endif
