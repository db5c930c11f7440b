/* canon_fd.c: descriptors made, copied, closed; processes made and replaced. */
#include "canon_impl.h"

#include <string.h>

enum { NONBLOCK = 0x800, CLOEXEC = 0x80000 };

void canon_flags(struct canon *c, int64_t fd, uint64_t flags, bool stream)
{
	struct role *r = canon_role(c, fd);

	if (!r)
		return;
	r->blocking = !(flags & NONBLOCK);
	role_set_cloexec(c->task->fds, fd, flags & CLOEXEC);
	if (stream && !(flags & NONBLOCK))
		canon_say(c, " no-NONBLOCK");
	if (!(flags & CLOEXEC))
		canon_say(c, " no-CLOEXEC");
}

/* Calls that make one descriptor, their flags in argument `at`; 0: none. */
static void open_kind(
    struct canon *c, const struct line *l, char kind, size_t at)
{
	struct role *r = canon_open(c, l, kind);

	canon_say_role(c, r);
	canon_say_slice(c, l->name);
	if (r && at)
		role_set_cloexec(c->task->fds, l->ret,
		    word_value(word_open, canon_arg(l, at)) & CLOEXEC);
	canon_say_failure(c, l);
}

void canon_open_file(struct canon *c, const struct line *l)
{
	open_kind(c, l, 'F', slice_starts(l->name, "openat") ? 2 : 1);
}

/* G: where signals come from. */
void canon_open_signals(struct canon *c, const struct line *l)
{
	if (canon_number(l, 0) >= 0) /* a new mask for the old one */
		canon_generic(c, l);
	else
		open_kind(c, l, 'G', 3);
}

void canon_open_event(struct canon *c, const struct line *l)
{
	open_kind(c, l, 'V', 1);
}

void canon_open_timer(struct canon *c, const struct line *l)
{
	open_kind(c, l, 'T', 1);
}

void canon_open_inotify(struct canon *c, const struct line *l)
{
	open_kind(c, l, 'I', 0);
}

void canon_open_uring(struct canon *c, const struct line *l)
{
	c->io_uring = true;
	open_kind(c, l, 'R', 0);
}

void canon_open_other(struct canon *c, const struct line *l)
{
	open_kind(c, l, 'U', 0);
}

/* "S1 dup": one more descriptor stands for it. */
void canon_dup(struct canon *c, const struct line *l)
{
	struct role *r = canon_need(c, canon_fd(l), 'U');

	canon_say_role(c, r);
	canon_say(c, "dup");
	if (canon_say_failure(c, l) || !r)
		return;
	role_install(c->task->fds, l->ret, r,
	    word_value(word_open, canon_arg(l, 2)) & CLOEXEC);
}

void canon_fcntl(struct canon *c, const struct line *l)
{
	enum { GETFD = 1, SETFD, GETFL, SETFL, DUPFD_CLOEXEC = 1030 };
	struct role *r = canon_role(c, canon_fd(l));
	uint64_t op = word_value(word_fcntl, canon_arg(l, 1));
	uint64_t value = word_value(word_open, canon_arg(l, 2));
	const char *name = word_name(word_fcntl, op);

	if (slice_starts(canon_arg(l, 1), "F_DUPFD") ||
	    (name && (op == 0 || op == DUPFD_CLOEXEC) &&
		!slice_starts(canon_arg(l, 1), "F_"))) {
		canon_say_role(c, r);
		canon_say(c, "dup");
		if (!canon_say_failure(c, l) && r)
			role_install(
			    c->task->fds, l->ret, r, op == DUPFD_CLOEXEC);
		return;
	}
	if (!r || !name || op == 0) {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s fcntl %s", r->name, name);
	if (op == SETFL)
		canon_say(c, value & NONBLOCK ? " O_NONBLOCK" : " 0");
	else if (op == SETFD)
		canon_say(c, value & 1 ? " FD_CLOEXEC" : " 0");
	if (canon_say_failure(c, l))
		return;
	if (op == SETFL)
		r->blocking = !(value & NONBLOCK);
	else if (op == SETFD)
		role_set_cloexec(c->task->fds, canon_fd(l), value & 1);
}

/* Addresses differ from run to run. */
void canon_name(struct canon *c, const struct line *l)
{
	canon_say_role(c, canon_role(c, canon_fd(l)));
	canon_say_slice(c, l->name);
	canon_say_failure(c, l);
}

/* "close copy": another descriptor, here or in another process, stands for
 * the same; no FIN is sent. */
void canon_close(struct canon *c, const struct line *l)
{
	struct role *r = canon_role(c, canon_fd(l));

	if (!r && l->err.len == 0)
		r = canon_need(c, canon_fd(l), 'U');
	canon_say_role(c, r);
	canon_say(c, "close%s", r && r->descriptors > 1 ? " copy" : "");
	canon_say_failure(c, l);
	role_close(c->task->fds, canon_fd(l));
}

void canon_close_range(struct canon *c, const struct line *l)
{
	int64_t last = canon_number(l, 1);

	canon_say(c, "- close_range");
	if (canon_say_failure(c, l) || canon_number(l, 2) > 0)
		return;
	for (int64_t fd = canon_number(l, 0);
	     fd >= 0 && fd < (int64_t)c->task->fds->size &&
	     (fd <= last || last < 0);
	     fd++)
		role_close(c->task->fds, fd);
}

/* "[3, 4]": two ends, with one number for both. */
static struct role *open_two(struct canon *c, struct slice ends, char kind,
    const char *first, const char *second)
{
	struct role *a, *b = NULL;
	int64_t fd;

	if (!slice_number(slice_after(ends, "["), &fd))
		return NULL;
	a = role_open(&c->roles, c->task->fds, fd, kind, first);
	if (a && slice_number(slice_after(ends, ", "), &fd))
		b = role_open(&c->roles, c->task->fds, fd, kind, second);
	if (!b)
		return a;
	snprintf(b->name, sizeof(b->name), "%.*s%s", (int)strlen(a->name) - 1,
	    a->name, second);
	c->roles.next_number[(unsigned char)kind]--;
	a->pair = b;
	b->pair = a;
	return a;
}

static void say_two(struct canon *c, const struct role *r, const char *verb)
{
	canon_say(c, "%.*s %s", r ? (int)strlen(r->name) - 1 : 1,
	    r ? r->name : "-", verb);
}

static void two_flags(struct canon *c, struct slice ends, bool cloexec)
{
	int64_t fd;

	if (slice_number(slice_after(ends, "["), &fd))
		role_set_cloexec(c->task->fds, fd, cloexec);
	if (slice_number(slice_after(ends, ", "), &fd))
		role_set_cloexec(c->task->fds, fd, cloexec);
}

void canon_pipe(struct canon *c, const struct line *l)
{
	struct slice ends = canon_arg(l, 0);
	struct role *r =
	    l->err.len == 0 ? open_two(c, ends, 'P', "r", "w") : NULL;

	say_two(c, r, "pipe");
	two_flags(c, ends, word_value(word_open, canon_arg(l, 1)) & CLOEXEC);
	canon_say_failure(c, l);
}

void canon_socketpair(struct canon *c, const struct line *l)
{
	struct slice ends = canon_arg(l, 3);
	struct role *r =
	    l->err.len == 0 ? open_two(c, ends, 'X', "a", "b") : NULL;

	say_two(c, r, "socketpair");
	two_flags(c, ends, word_value(word_sock, canon_arg(l, 1)) & CLOEXEC);
	canon_say_failure(c, l);
}

/* {... cmsg_type=SCM_RIGHTS, cmsg_data=[5, 6]} */
void canon_pass(struct canon *c, struct slice message, bool sending)
{
	enum { ROOM = sizeof(c->passed) / sizeof(c->passed[0]) };
	struct slice rights = slice_after(message, "SCM_RIGHTS");
	struct slice list;
	int64_t fd;

	if (rights.len == 0 &&
	    slice_has(message, "cmsg_level=0x1, cmsg_type=0x1"))
		rights = slice_after(message, "cmsg_level=0x1, cmsg_type=0x1");
	list = slice_after(rights, "cmsg_data=[");
	while (slice_number(list, &fd)) {
		struct role *r = canon_role(c, fd);

		if (sending && r && c->passed_count < ROOM) {
			c->passed[c->passed_count++] = r;
			r->descriptors++; /* the message's own */
		} else if (!sending && c->passed_count > 0) {
			r = c->passed[0];
			memmove(c->passed, c->passed + 1,
			    --c->passed_count * sizeof(void *));
			role_install(c->task->fds, fd, r, false);
			r->descriptors--;
		} else if (!sending) {
			r = role_open(&c->roles, c->task->fds, fd, 'U', "");
		}
		canon_say(c, " pass:%s", r ? r->name : "-");
		list = slice_skip(list, slice_element(list));
		list = slice_trim(slice_skip(list, list.len > 0 ? 1 : 0));
	}
}

void canon_clone(struct canon *c, const struct line *l)
{
	struct slice all = {l->arg_count > 0 ? l->arg[0].s : "", 0};
	bool shares;

	if (l->arg_count > 0)
		all.len = (size_t)(l->arg[l->arg_count - 1].s +
				   l->arg[l->arg_count - 1].len - all.s);
	shares = task_shares(all);
	canon_say(c, "- %s", shares ? "clone thread" : "clone process");
	if (canon_say_failure(c, l))
		return;
	task_birth(&c->tasks, c->task, l->ret, shares);
}

void canon_exec(struct canon *c, const struct line *l)
{
	canon_say(c, "- exec");
	if (canon_say_failure(c, l))
		return;
	task_exec(c->task);
}

/* Whether a broken connection can end the process. */
void canon_sigaction(struct canon *c, const struct line *l)
{
	enum { PIPE = 13 };
	struct slice handler = slice_after(canon_arg(l, 1), "sa_handler=");

	if (handler.len == 0 && canon_arg(l, 1).len > 1)
		handler = slice_skip(canon_arg(l, 1), 1);
	if (l->err.len == 0 && handler.len > 0 &&
	    !slice_is(canon_arg(l, 1), "NULL") &&
	    (word_value(word_signal, canon_arg(l, 0)) == PIPE))
		c->sigpipe_ignored = !slice_starts(handler, "SIG_DFL") &&
				     !slice_starts(handler, "0,") &&
				     !slice_starts(handler, "0}");
	canon_say(c, "- rt_sigaction ");
	canon_say_slice(c, canon_arg(l, 0));
	canon_say_failure(c, l);
}
