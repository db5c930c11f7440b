/* canon_say.c: putting a line together; calls of no family. */
#include "canon_impl.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void canon_say(struct canon *c, const char *fmt, ...)
{
	size_t room = sizeof(c->text) - c->text_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(c->text + c->text_len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		c->text_len += (size_t)n < room ? (size_t)n : room - 1;
}

void canon_say_slice(struct canon *c, struct slice s)
{
	canon_say(c, "%.*s", (int)s.len, s.s);
}

void canon_say_role(struct canon *c, const struct role *r)
{
	canon_say(c, "%s ", r ? r->name : "-");
}

bool canon_say_failure(struct canon *c, const struct line *l)
{
	if (l->err.len == 0 && l->has_ret)
		return false;
	canon_say(c, " -> ");
	if (l->err.len == 0)
		canon_say(c, "?");
	else if (slice_starts(l->err, "ERESTART"))
		canon_say(c, "EINTR");
	else
		canon_say_slice(c, l->err);
	return true;
}

struct slice canon_arg(const struct line *l, size_t i)
{
	return i < l->arg_count ? l->arg[i] : (struct slice){"", 0};
}

int64_t canon_number(const struct line *l, size_t i)
{
	int64_t n = 0;

	slice_number(canon_arg(l, i), &n);
	return n;
}

int64_t canon_fd(const struct line *l)
{
	int64_t fd;

	return slice_number(canon_arg(l, 0), &fd) ? fd : -1;
}

struct role *canon_role(struct canon *c, int64_t fd)
{
	return role_find(c->task->fds, fd);
}

struct role *canon_need(struct canon *c, int64_t fd, char kind)
{
	struct role *r = canon_role(c, fd);

	return r ? r : role_open(&c->roles, c->task->fds, fd, kind, "");
}

struct role *canon_open(struct canon *c, const struct line *l, char kind)
{
	if (!l->has_ret)
		return NULL;
	return role_open(&c->roles, c->task->fds, l->ret, kind, "");
}

/* Constants are words of capitals; 0, 1 and -1 are as good as constants. */
static bool is_constant(struct slice a)
{
	int64_t n;

	if (a.len == 0)
		return false;
	if (slice_number(a, &n))
		return n >= -1 && n <= 1 && a.len <= 2;
	for (size_t i = 0; i < a.len; i++) {
		if (!isupper((unsigned char)a.s[i]) && a.s[i] != '_' &&
		    a.s[i] != '|' && !(i > 0 && isdigit((unsigned char)a.s[i])))
			return false;
	}
	return true;
}

/* Is the first argument of this call a descriptor? */
static bool is_of_descriptor(struct slice name)
{
	static const char *const starts[] = {"fa", "fc", "fd", "fl", "fs", "ft",
	    "fg", "fr", "lseek", "pread", "pwrite", "read", "write", "recv",
	    "send", "getdents", "timerfd_", "io_uring_", "inotify_", "epoll_",
	    "ioctl", "signalfd"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (slice_starts(name, starts[i]))
			return true;
	}
	return false;
}

void canon_generic(struct canon *c, const struct line *l)
{
	struct role *r =
	    is_of_descriptor(l->name) ? canon_role(c, canon_fd(l)) : NULL;

	canon_say_role(c, r);
	canon_say_slice(c, l->name);
	for (size_t i = r ? 1 : 0; i < l->arg_count; i++) {
		canon_say(c, " ");
		if (is_constant(l->arg[i]))
			canon_say_slice(c, l->arg[i]);
		else
			canon_say(c, "_");
	}
	if (l->err.len > 0)
		canon_say_failure(c, l);
}
