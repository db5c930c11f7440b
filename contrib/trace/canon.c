/*
 * canon.c: the course of a trace: first pass, lines, calls of no family.
 *
 * What is printed is decided per call, by name, in one table; families live
 * in canon_fd.c, canon_poll.c, canon_socket.c and canon_data.c.
 */
#include "canon_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct canon *canon_new(FILE *out, struct stream_set *streams)
{
	struct canon *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->out = out;
	c->streams = streams;
	c->zero_us = -1;
	return c;
}

void canon_free(struct canon *c)
{
	for (size_t i = 0; i < c->line_count; i++)
		free(c->line[i].text);
	free(c->line);
	task_set_fini(&c->tasks);
	role_set_fini(&c->roles);
	free(c);
}

static const struct {
	const char *name;
	canon_print_fn *print;
} printers[] = {
    {"accept", canon_accept},
    {"accept4", canon_accept},
    {"bind", canon_bind},
    {"clone", canon_clone},
    {"clone3", canon_clone},
    {"close", canon_close},
    {"close_range", canon_close_range},
    {"connect", canon_connect},
    {"dup", canon_dup},
    {"dup2", canon_dup},
    {"dup3", canon_dup},
    {"epoll_create", canon_epoll_create},
    {"epoll_create1", canon_epoll_create},
    {"epoll_ctl", canon_epoll_ctl},
    {"epoll_pwait", canon_epoll_wait},
    {"epoll_pwait2", canon_epoll_wait},
    {"epoll_wait", canon_epoll_wait},
    {"eventfd", canon_open_event},
    {"eventfd2", canon_open_event},
    {"execve", canon_exec},
    {"execveat", canon_exec},
    {"fcntl", canon_fcntl},
    {"fcntl64", canon_fcntl},
    {"fork", canon_clone},
    {"getpeername", canon_name},
    {"getsockname", canon_name},
    {"getsockopt", canon_getsockopt},
    {"inotify_init", canon_open_inotify},
    {"inotify_init1", canon_open_inotify},
    {"io_uring_setup", canon_open_uring},
    {"ioctl", canon_ioctl},
    {"listen", canon_listen},
    {"memfd_create", canon_open_file},
    {"munmap", canon_name},
    {"open", canon_open_file},
    {"openat", canon_open_file},
    {"openat2", canon_open_file},
    {"pidfd_open", canon_open_other},
    {"pipe", canon_pipe},
    {"pipe2", canon_pipe},
    {"poll", canon_poll},
    {"ppoll", canon_poll},
    {"pselect6", canon_select},
    {"read", canon_read},
    {"readv", canon_readv},
    {"recvfrom", canon_recv},
    {"recvmsg", canon_recvmsg},
    {"restart_syscall", canon_restart},
    {"rt_sigaction", canon_sigaction},
    {"select", canon_select},
    {"sendfile", canon_sendfile},
    {"sendfile64", canon_sendfile},
    {"sendmsg", canon_sendmsg},
    {"sendto", canon_send},
    {"setsockopt", canon_setsockopt},
    {"shutdown", canon_shutdown},
    {"signalfd", canon_open_signals},
    {"signalfd4", canon_open_signals},
    {"socket", canon_socket},
    {"socketpair", canon_socketpair},
    {"splice", canon_splice},
    {"timerfd_create", canon_open_timer},
    {"vfork", canon_clone},
    {"write", canon_write},
    {"writev", canon_writev},
};

static canon_print_fn *printer_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(printers) / sizeof(printers[0]); i++) {
		if (slice_is(name, printers[i].name))
			return printers[i].print;
	}
	return canon_generic;
}

/* A program that only accepts waits there. */
static bool is_wait(canon_print_fn *print)
{
	return print == canon_epoll_wait || print == canon_poll ||
	       print == canon_select || print == canon_accept;
}

static bool makes_descriptor(canon_print_fn *print)
{
	static canon_print_fn *const makers[] = {canon_accept, canon_socket,
	    canon_epoll_create, canon_open_file, canon_open_signals,
	    canon_open_event, canon_open_timer, canon_open_inotify,
	    canon_open_uring, canon_open_other, canon_dup};

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		if (print == makers[i])
			return true;
	}
	return false;
}

/* Calls `take` with the line as it was before -y and -X verbose. */
static int with_clean_line(struct canon *c, const char *text, size_t len,
    int (*take)(struct canon *c, const struct line *l, int parsed))
{
	char *clean = role_grow(NULL, len + 1);
	size_t n = line_clean(text, len, clean);
	struct line l;
	int parsed = line_parse(clean, n, &l);
	int err = take(c, &l, parsed);

	free(clean);
	return err;
}

static int seed_line(struct canon *c, const struct line *l, int parsed)
{
	canon_print_fn *print;
	char kind = 0;
	int64_t fd;

	if (parsed < 0 || l->kind != LINE_CALL)
		return 0;
	print = printer_of(l->name);
	if (!c->any_call)
		c->from_exec = print == canon_exec && l->err.len == 0;
	c->any_call = true;
	if (c->from_exec || (c->task && c->task->pid != l->pid))
		return 0;
	c->task = task_of(&c->tasks, l->pid);
	fd = canon_fd(l);
	if (print == canon_accept)
		kind = 'L';
	else if (print == canon_epoll_wait || print == canon_epoll_ctl)
		kind = 'E';
	if (kind && fd >= 0 && fd < ROLE_FD_MAX && !c->made[fd])
		canon_need(c, fd, kind);
	if (l->has_ret && l->ret >= 0 && l->ret < ROLE_FD_MAX &&
	    makes_descriptor(print))
		c->made[l->ret] = true;
	return 0;
}

void canon_seed(struct canon *c, const char *text, size_t len)
{
	with_clean_line(c, text, len, seed_line);
}

static bool is_ready(const struct canon *c, const struct line *l)
{
	if (strcmp(c->ready, "@wait") == 0)
		return is_wait(printer_of(l->name));
	if (strcmp(c->ready, "@listen") == 0)
		return slice_is(l->name, "listen") && l->err.len == 0;
	return (slice_is(l->name, "write") || slice_is(l->name, "writev")) &&
	       slice_has(canon_arg(l, 1), c->ready);
}

static void keep_line(struct canon *c)
{
	struct canon_line *kept;

	if (!(c->line_count & (c->line_count - 1)))
		c->line =
		    role_grow(c->line, (c->line_count ? 2 * c->line_count : 1) *
					   sizeof(c->line[0]));
	c->task->prints = true;
	if (c->zero_us < 0)
		c->zero_us = c->now_us;
	kept = &c->line[c->line_count++];
	kept->task = c->task;
	kept->time_us = c->now_us;
	kept->text = strdup(c->text);
}

/* Of files, memory and the like; WHO says it. */
static bool is_aside(const struct canon *c)
{
	static const char *const about[] = {"exit ", "killed ", "signal ",
	    "poll ", "select ", "- clone", "- exec", "- fork", "- vfork"};

	if (!strchr("-Flpkes", c->text[0]))
		return false;
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		if (strncmp(c->text, about[i], strlen(about[i])) == 0)
			return false;
	}
	return true;
}

static void begin(struct canon *c)
{
	c->text_len = 0;
	c->text[0] = '\0';
}

static void take_call(struct canon *c, const struct line *l)
{
	bool now = c->ready && !c->printing && is_ready(c, l);

	if (now && strcmp(c->ready, "@wait") == 0) {
		c->printing = true;
		role_settle(&c->roles);
		now = false;
	}
	begin(c);
	printer_of(l->name)(c, l);
	if (l->injected)
		canon_say(c, " injected");
	if ((c->printing || !c->ready) && c->text_len > 0 &&
	    !(c->net_only && is_aside(c)))
		keep_line(c);
	if (now) {
		c->printing = true;
		role_settle(&c->roles);
	}
}

static int take_resumed(struct canon *c, struct slice rest)
{
	size_t held = c->task->held ? strlen(c->task->held) : 0;
	char *whole;
	struct line l;
	int err;

	if (held == 0)
		return -EINVAL;
	whole = role_grow(NULL, held + rest.len + 1);
	memcpy(whole, c->task->held, held);
	memcpy(whole + held, rest.s, rest.len);
	whole[held + rest.len] = '\0';
	err = line_parse(whole, held + rest.len, &l);
	if (err == 0 && l.kind == LINE_CALL)
		take_call(c, &l);
	free(whole);
	free(c->task->held);
	c->task->held = NULL;
	c->task->child_seen = false;
	return err == 0 && l.kind == LINE_CALL ? 0 : -EINVAL;
}

static void take_time(struct canon *c, const struct line *l)
{
	if (l->clock == CLOCK_RELATIVE)
		c->now_us += l->time_us;
	else if (l->clock == CLOCK_ABSOLUTE)
		c->now_us = l->time_us;
}

static void say_of_task(struct canon *c, const char *what, const struct line *l)
{
	begin(c);
	if (l->has_ret)
		canon_say(c, "%s %lld", what, (long long)l->ret);
	else
		canon_say(c, "%s %.*s", what, (int)l->name.len, l->name.s);
	if (l->kind != LINE_SIGNAL || c->printing || !c->ready)
		keep_line(c);
}

/* The kernel closes what a process leaves open; of streams that is worth a
 * line. */
static void take_exit(struct canon *c, const char *what, const struct line *l)
{
	struct fd_table *t = c->task->fds;

	for (size_t i = 0; t && t->users == 1 && i < t->size; i++) {
		struct role *r = t->slot[i].role;

		role_close(t, (int64_t)i);
		if (!r || !strchr("CS", r->kind) || r->descriptors > 0)
			continue;
		begin(c);
		canon_say(c, "%s close at-exit", r->name);
		if (c->printing || !c->ready)
			keep_line(c);
	}
	say_of_task(c, what, l);
	if (c->task->fds)
		task_exit(c->task);
}

static int take_line(struct canon *c, const struct line *l, int parsed)
{
	take_time(c, l);
	if (parsed < 0)
		return parsed;
	if (l->kind == LINE_NOTHING)
		return 0;
	c->task = task_of(&c->tasks, l->pid);
	switch (l->kind) {
	case LINE_CALL:
		take_call(c, l);
		return 0;
	case LINE_UNFINISHED:
		free(c->task->held);
		c->task->held = strndup(l->head.s, l->head.len);
		c->task->child_seen = false;
		return 0;
	case LINE_RESUMED:
		return take_resumed(c, l->rest);
	case LINE_EXIT:
		take_exit(c, "exit", l);
		return 0;
	case LINE_KILLED:
		take_exit(c, "killed", l);
		return 0;
	case LINE_SIGNAL:
		say_of_task(c, "signal", l);
		return 0;
	case LINE_NOTHING:
		return 0;
	}
	return -EINVAL;
}

int canon_line(struct canon *c, const char *text, size_t len)
{
	int err;

	c->lines++;
	err = with_clean_line(c, text, len, take_line);
	if (err < 0 && c->lost++ == 0)
		c->first_lost = c->lines;
	return err;
}

/* In which order tasks run is chance; the one in which they are made is not. */
static size_t number_tasks(const struct task_set *set)
{
	size_t letters = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->task[i]->prints)
			set->task[i]->letter = letters++;
	}
	return letters;
}

void canon_flush(struct canon *c)
{
	size_t letters = number_tasks(&c->tasks);

	for (size_t i = 0; i < c->line_count; i++) {
		const struct canon_line *kept = &c->line[i];
		size_t n = kept->task->letter;

		if (c->times)
			fprintf(c->out, "@%.6f ",
			    (double)(kept->time_us - c->zero_us) / 1e6);
		if (letters > 26 && n >= 26)
			fprintf(c->out, "%c", (char)('a' + n / 26 % 26));
		if (letters > 1)
			fprintf(c->out, "%c.", (char)('a' + n % 26));
		fprintf(c->out, "%s\n", kept->text);
	}
}
