/*
 * canon.c: the course of a trace: first pass, lines, calls of no family.
 *
 * What is printed is decided per call, by name, in one table; families live
 * in canon_poll.c, canon_socket.c and canon_data.c.
 */
#include "canon_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct canon *canon_new(FILE *out, const struct stream_set *streams)
{
	struct canon *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->out = out;
	c->streams = streams;
	role_table_init(&c->roles);
	return c;
}

void canon_free(struct canon *c)
{
	free(c);
}

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

bool canon_say_failure(struct canon *c, const struct line *l)
{
	if (l->err.len == 0)
		return false;
	canon_say(c, " -> ");
	canon_say_slice(c, l->err);
	return true;
}

int64_t canon_fd(const struct line *l)
{
	int64_t fd;

	if (l->arg_count == 0 || !slice_number(l->arg[0], &fd))
		return -1;
	return fd;
}

static void say_plain(struct canon *c, struct slice arg)
{
	bool pointer = arg.len > 2 && memcmp(arg.s, "0x", 2) == 0;

	canon_say(c, " ");
	if (pointer)
		canon_say(c, "_");
	else
		canon_say_slice(c, arg);
}

void canon_generic(struct canon *c, const struct line *l)
{
	struct role *r = role_find(&c->roles, canon_fd(l));

	canon_say(c, "%s ", r ? r->name : "-");
	canon_say_slice(c, l->name);
	for (size_t i = r ? 1 : 0; i < l->arg_count; i++)
		say_plain(c, l->arg[i]);
	canon_say_failure(c, l);
}

/* Calls that make one descriptor of no further interest: openat, dup... */
static void print_open(struct canon *c, const struct line *l, char kind)
{
	struct role *r = l->has_ret ? role_open(&c->roles, l->ret, kind, "") :
				      NULL;

	canon_say(c, "%s ", r ? r->name : "-");
	canon_say_slice(c, l->name);
	canon_say_failure(c, l);
}

static void print_open_file(struct canon *c, const struct line *l)
{
	print_open(c, l, 'F');
}

/* G: where signals come from. */
static void print_open_signals(struct canon *c, const struct line *l)
{
	print_open(c, l, 'G');
}

static void print_open_other(struct canon *c, const struct line *l)
{
	print_open(c, l, 'U');
}

/* Addresses differ from run to run. */
static void print_name_only(struct canon *c, const struct line *l)
{
	struct role *r = role_find(&c->roles, canon_fd(l));

	canon_say(c, "%s ", r ? r->name : "-");
	canon_say_slice(c, l->name);
	canon_say_failure(c, l);
}

static void print_close(struct canon *c, const struct line *l)
{
	struct role *r = role_need(&c->roles, canon_fd(l), 'U');

	canon_say(c, "%s close", r ? r->name : "-");
	canon_say_failure(c, l);
	role_close(&c->roles, canon_fd(l));
}

static void print_pipe(struct canon *c, const struct line *l)
{
	struct slice ends = l->arg_count > 0 ? l->arg[0] : (struct slice){"", 0};
	struct role *r = NULL, *w = NULL;
	int64_t fd;

	if (l->err.len == 0 && slice_number(slice_after(ends, "["), &fd))
		r = role_open(&c->roles, fd, 'P', "r");
	if (r && slice_number(slice_after(ends, ", "), &fd))
		w = role_open(&c->roles, fd, 'P', "w");
	if (w) {
		/* One number for both ends. */
		snprintf(w->name, sizeof(w->name), "%.*sw",
		    (int)strlen(r->name) - 1, r->name);
		c->roles.next_number['P']--;
		r->pipe_peer = (int)(w - c->roles.role);
		w->pipe_peer = (int)(r - c->roles.role);
	}
	canon_say(c, "%.*s pipe", r ? (int)strlen(r->name) - 1 : 1,
	    r ? r->name : "-");
	canon_say_failure(c, l);
}

static const struct {
	const char *name;
	canon_print_fn *print;
} printers[] = {
    {"accept", canon_accept},
    {"accept4", canon_accept},
    {"close", print_close},
    {"connect", canon_connect},
    {"dup", print_open_other},
    {"dup2", print_open_other},
    {"dup3", print_open_other},
    {"epoll_create", canon_epoll_create},
    {"epoll_create1", canon_epoll_create},
    {"epoll_ctl", canon_epoll_ctl},
    {"epoll_pwait", canon_epoll_wait},
    {"epoll_pwait2", canon_epoll_wait},
    {"epoll_wait", canon_epoll_wait},
    {"eventfd2", print_open_other},
    {"getpeername", print_name_only},
    {"getsockname", print_name_only},
    {"getsockopt", canon_getsockopt},
    {"ioctl", canon_ioctl},
    {"listen", canon_listen},
    {"munmap", print_name_only},
    {"open", print_open_file},
    {"openat", print_open_file},
    {"pipe", print_pipe},
    {"pipe2", print_pipe},
    {"read", canon_read},
    {"recvfrom", canon_recv},
    {"sendmsg", canon_sendmsg},
    {"sendto", canon_send},
    {"setsockopt", canon_setsockopt},
    {"shutdown", canon_shutdown},
    {"signalfd4", print_open_signals},
    {"socket", canon_socket},
    {"splice", canon_splice},
    {"timerfd_create", print_open_other},
    {"write", canon_write},
};

static canon_print_fn *printer_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(printers) / sizeof(printers[0]); i++) {
		if (slice_is(name, printers[i].name))
			return printers[i].print;
	}
	return canon_generic;
}

static bool is_accept(struct slice name)
{
	return slice_is(name, "accept") || slice_is(name, "accept4");
}

static bool makes_descriptor(struct slice name)
{
	canon_print_fn *p = printer_of(name);

	return is_accept(name) || p == canon_socket ||
	    p == canon_epoll_create || p == print_open_file ||
	    p == print_open_signals || p == print_open_other;
}

void canon_seed(struct canon *c, const char *text, size_t len)
{
	struct line l;
	char kind = 0;
	int64_t fd;

	if (line_parse(text, len, &l) < 0 || l.kind != LINE_CALL)
		return;
	if (is_accept(l.name))
		kind = 'L';
	else if (printer_of(l.name) == canon_epoll_wait ||
	    printer_of(l.name) == canon_epoll_ctl)
		kind = 'E';
	fd = canon_fd(&l);
	if (kind && fd >= 0 && fd < ROLE_FD_MAX && !c->made[fd] &&
	    !role_find(&c->roles, fd))
		role_open(&c->roles, fd, kind, "");
	if (l.has_ret && l.ret >= 0 && l.ret < ROLE_FD_MAX &&
	    makes_descriptor(l.name))
		c->made[l.ret] = true;
}

static bool is_ready(const struct canon *c, const struct line *l)
{
	return slice_is(l->name, "write") && l->arg_count > 1 &&
	    slice_has(l->arg[1], c->ready);
}

static void take_call(struct canon *c, const struct line *l)
{
	c->text_len = 0;
	c->text[0] = '\0';
	printer_of(l->name)(c, l);
	if (l->injected)
		canon_say(c, " injected");
	if (c->printing || !c->ready)
		fprintf(c->out, "%s\n", c->text);
	else if (is_ready(c, l)) {
		c->printing = true;
		role_settle(&c->roles);
	}
}

static int take_resumed(struct canon *c, struct slice rest)
{
	char whole[2 * CANON_TEXT_MAX];
	struct line l;
	int n = snprintf(whole, sizeof(whole), "%s%.*s", c->held,
	    (int)(rest.len < CANON_TEXT_MAX ? rest.len : CANON_TEXT_MAX),
	    rest.s);

	c->held[0] = '\0';
	if (line_parse(whole, (size_t)n, &l) < 0 || l.kind != LINE_CALL)
		return -EINVAL;
	take_call(c, &l);
	return 0;
}

int canon_line(struct canon *c, const char *text, size_t len)
{
	struct line l;

	if (line_parse(text, len, &l) < 0)
		return -EINVAL;
	switch (l.kind) {
	case LINE_CALL:
		take_call(c, &l);
		return 0;
	case LINE_UNFINISHED:
		snprintf(c->held, sizeof(c->held), "%.*s", (int)l.head.len,
		    l.head.s);
		return 0;
	case LINE_RESUMED:
		return take_resumed(c, l.rest);
	case LINE_EXIT:
		fprintf(c->out, "exit %lld\n", (long long)l.ret);
		return 0;
	case LINE_KILLED:
		fprintf(c->out, "killed %.*s\n", (int)l.name.len, l.name.s);
		return 0;
	case LINE_SIGNAL:
		fprintf(c->out, "signal %.*s\n", (int)l.name.len, l.name.s);
		return 0;
	case LINE_NOTHING:
		return 0;
	}
	return -EINVAL;
}
