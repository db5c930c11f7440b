/*
 * canon_data.c: payloads: received, sent, spliced, logged.
 *
 * Every role keeps how far its two streams have come, so a payload is a
 * range; a pipe carries the range that was put into it, unseen.
 */
#include "canon_impl.h"

#include <string.h>

enum {
	PAYLOAD_MAX = 4096,
	ANSWER_LINE_MIN = 12, /* HTTP/1.1 503 */
};

static const struct slice nothing = {"", 0};

static struct slice arg(const struct line *l, size_t i)
{
	return i < l->arg_count ? l->arg[i] : nothing;
}

static int64_t number_arg(const struct line *l, size_t i)
{
	int64_t n = 0;

	slice_number(arg(l, i), &n);
	return n;
}

static const char *stream_name(const struct canon *c, int stream)
{
	return stream == STREAM_UNBOUND ? "?" :
					  c->streams->stream[stream].name;
}

static void say_range(struct canon *c, const struct flow *f, int64_t n)
{
	canon_say(c, "%s[%llu..%llu)", stream_name(c, f->stream),
	    (unsigned long long)f->bytes,
	    (unsigned long long)(f->bytes + (uint64_t)n));
}

/* Says which range the `n` bytes that begin with `literal` are, and leaves
 * `flow` at the range's start. Foreign bytes are said as they are, but an
 * HTTP answer, which is the door's own, by its status alone. */
static void say_payload(struct canon *c, struct flow *flow,
    struct slice literal, int64_t n)
{
	char payload[PAYLOAD_MAX];
	size_t len = slice_unquote(literal, payload, sizeof(payload));
	uint64_t at = 0;
	int stream = stream_place(c->streams, flow, payload, len, &at);

	if (stream == STREAM_UNBOUND && len >= ANSWER_LINE_MIN &&
	    memcmp(payload, "HTTP/1.1 ", 9) == 0) {
		canon_say(c, "answer-%.3s", payload + 9);
		return;
	}
	if (stream == STREAM_UNBOUND) {
		literal.len = slice_element(literal);
		canon_say_slice(c, literal);
		return;
	}
	flow->stream = stream;
	flow->bytes = at;
	say_range(c, flow, n);
}

/* MSG_DONTWAIT says nothing; MSG_NOSIGNAL is the rule, so only its absence
 * is said. */
static void say_flags(struct canon *c, struct slice flags, bool sending)
{
	if (sending && !slice_has(flags, "MSG_NOSIGNAL"))
		canon_say(c, " no-NOSIGNAL");
	if (slice_has(flags, "MSG_MORE"))
		canon_say(c, " MORE");
	if (slice_has(flags, "MSG_PEEK"))
		canon_say(c, " PEEK");
	if (slice_has(flags, "MSG_OOB"))
		canon_say(c, " OOB");
}

/* Says how a read ended when it brought no bytes; true if so. */
static bool says_end(struct canon *c, const struct line *l)
{
	if (canon_say_failure(c, l))
		return true;
	canon_say(c, " -> %s", l->ret == 0 ? "EOF" : "");
	return l->ret == 0;
}

void canon_recv(struct canon *c, const struct line *l)
{
	struct role *r = role_need(&c->roles, canon_fd(l), 'U');

	if (!r) {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s recv %lld", r->name, (long long)number_arg(l, 2));
	say_flags(c, arg(l, 3), false);
	if (says_end(c, l))
		return;
	say_payload(c, &r->in, arg(l, 1), l->ret);
	if (!slice_has(arg(l, 3), "MSG_PEEK"))
		r->in.bytes += (uint64_t)l->ret;
}

static void print_send(struct canon *c, const struct line *l,
    struct slice literal, int64_t asked, struct slice flags)
{
	struct role *r = role_need(&c->roles, canon_fd(l), 'U');

	if (!r) {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s send ", r->name);
	say_payload(c, &r->out, literal, asked);
	say_flags(c, flags, true);
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " -> %lld", (long long)l->ret);
	r->out.bytes += (uint64_t)l->ret;
}

void canon_send(struct canon *c, const struct line *l)
{
	print_send(c, l, arg(l, 1), number_arg(l, 2), arg(l, 3));
}

/* msg_iov=[{iov_base="abc", iov_len=3}, ...]: the first base stands for all,
 * their lengths are summed. */
void canon_sendmsg(struct canon *c, const struct line *l)
{
	struct slice list = slice_after(arg(l, 1), "msg_iov=");
	struct slice literal = slice_after(list, "iov_base=");
	int64_t asked = 0, n;

	while ((list = slice_after(list, "iov_len=")).len > 0) {
		if (slice_number(list, &n))
			asked += n;
	}
	print_send(c, l, literal, asked, arg(l, 2));
}

/* What goes into a pipe, or comes out of it, moves both ends' books. */
static void move_pipe(struct canon *c, struct role *from, struct role *to,
    int64_t n)
{
	if (to->kind == 'P' && to->pipe_peer >= 0) {
		struct role *reader = &c->roles.role[to->pipe_peer];

		if (reader->in.bytes == to->out.bytes)
			reader->in = from->in;
		to->out = from->in;
	}
	if (from->kind == 'P') {
		to->out = from->in;
		if (from->pipe_peer >= 0 &&
		    c->roles.role[from->pipe_peer].out.bytes < from->in.bytes)
			c->roles.role[from->pipe_peer].out.bytes =
			    from->in.bytes;
	}
	from->in.bytes += (uint64_t)n;
	to->out.bytes += (uint64_t)n;
}

void canon_splice(struct canon *c, const struct line *l)
{
	struct role *from = role_need(&c->roles, canon_fd(l), 'U');
	struct role *to = role_need(&c->roles, number_arg(l, 2), 'U');

	if (!from || !to || l->arg_count < 5) {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s splice %s %lld", from->name, to->name,
	    (long long)number_arg(l, 4));
	if (says_end(c, l))
		return;
	say_range(c, &from->in, l->ret);
	move_pipe(c, from, to, l->ret);
}

/* The causes named in a log line; its times and lengths are noise. */
static void print_log(struct canon *c, struct slice text)
{
	canon_say(c, "log");
	while ((text = slice_after(text, "cause=")).len > 0) {
		size_t n = strcspn(text.s, " \\\"");

		canon_say(c, " %.*s", (int)(n < text.len ? n : text.len),
		    text.s);
	}
}

void canon_write(struct canon *c, const struct line *l)
{
	int64_t fd = canon_fd(l);
	struct role *r = role_find(&c->roles, fd);

	if (fd == 1 || fd == 2 || (r && r->kind == 'F')) {
		print_log(c, arg(l, 1));
		canon_say_failure(c, l);
	} else if (r && (r->kind == 'C' || r->kind == 'S')) {
		print_send(c, l, arg(l, 1), number_arg(l, 2), nothing);
	} else {
		canon_say(c, "%s write %lld", r ? r->name : "-",
		    (long long)number_arg(l, 2));
		canon_say_failure(c, l);
	}
}

void canon_read(struct canon *c, const struct line *l)
{
	struct role *r = role_find(&c->roles, canon_fd(l));

	if (r && (r->kind == 'C' || r->kind == 'S')) {
		canon_recv(c, l);
		return;
	}
	canon_say(c, "%s read %lld", r ? r->name : "-",
	    (long long)number_arg(l, 2));
	if (!canon_say_failure(c, l))
		canon_say(c, " -> %lld", (long long)l->ret);
}
