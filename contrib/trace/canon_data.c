/*
 * canon_data.c: payloads: received, sent, spliced, logged.
 *
 * Every role keeps how far its two streams have come, so a payload is a
 * range; a pipe carries the range that was put into it, unseen.
 */
#include "canon_impl.h"

#include <ctype.h>
#include <string.h>

enum {
	PAYLOAD_MAX = 65536,
	FOREIGN_MAX = 32,     /* of bytes in no stream, this much is shown */
	ANSWER_LINE_MIN = 12, /* HTTP/1.1 503 */
};

/* What a call moved: the bytes strace shows, and how many were asked for. */
struct payload {
	char bytes[PAYLOAD_MAX];
	size_t len;
	int64_t asked;
};

static const char *stream_name(const struct canon *c, int stream)
{
	return stream == STREAM_UNBOUND ? "?" : c->streams->stream[stream].name;
}

static void say_range(struct canon *c, const struct flow *f, int64_t n)
{
	uint64_t end = f->bytes + (uint64_t)n;

	canon_say(c, "%s[%llu..%llu)", stream_name(c, f->stream),
	    (unsigned long long)f->bytes, (unsigned long long)end);
}

/* As strace quotes, whatever its -x said. */
static void say_foreign(struct canon *c, const struct payload *p)
{
	static const char names[] = "\nn\tt\rr\vv\ff";
	size_t n = p->len < FOREIGN_MAX ? p->len : FOREIGN_MAX;

	canon_say(c, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)p->bytes[i];
		const char *name = b ? strchr(names, b) : NULL;

		if (name && (name - names) % 2 == 0)
			canon_say(c, "\\%c", name[1]);
		else if (b == '"' || b == '\\')
			canon_say(c, "\\%c", b);
		else if (b == ' ') /* words are what lines are made of */
			canon_say(c, "\\40");
		else if (isprint(b))
			canon_say(c, "%c", b);
		else if (i + 1 < n && isdigit((unsigned char)p->bytes[i + 1]))
			canon_say(c, "\\%03o", b);
		else
			canon_say(c, "\\%o", b);
	}
	canon_say(c, "\"%s", p->len > n ? "..." : "");
}

static bool begins(const struct payload *p, const char *text, size_t len)
{
	return p->len >= len && memcmp(p->bytes, text, len) == 0;
}

/* Says which range the `n` bytes that begin with `p` are, and leaves `flow`
 * at the range's start. Foreign bytes are said as they are, but an HTTP
 * answer, which is the program's own, by its status alone, and a header of
 * the PROXY protocol by that name. */
static void say_payload(
    struct canon *c, struct flow *flow, const struct payload *p, int64_t n)
{
	uint64_t at = 0;
	int stream = stream_place(c->streams, flow, p->bytes, p->len, &at);

	if (stream != STREAM_UNBOUND) {
		flow->stream = stream;
		flow->bytes = at;
		say_range(c, flow, n);
	} else if (p->len >= ANSWER_LINE_MIN && begins(p, "HTTP/1.", 7)) {
		canon_say(c, "answer-%.3s", p->bytes + 9);
	} else if (begins(p, "PROXY ", 6) ||
		   begins(p, "\r\n\r\n\0\r\nQUIT\n", 12)) {
		canon_say(c, "proxy-header");
	} else {
		say_foreign(c, p);
	}
}

/* The first reader of bytes that no stream has names them. */
static void learn(
    struct canon *c, struct role *r, const struct payload *p, int64_t n)
{
	struct stream *s;

	if (!c->learn)
		return;
	if (r->learnt == STREAM_UNBOUND) {
		r->learnt = stream_add(c->streams, r->name, NULL, 0);
		r->in = (struct flow){r->learnt, 0};
	}
	s = &c->streams->stream[r->learnt];
	stream_learn(s, p->bytes, p->len, (uint64_t)n);
}

/* MSG_NOSIGNAL is the rule, so only its absence is said; MSG_DONTWAIT matters
 * where a socket blocks. */
static void say_flags(
    struct canon *c, const struct role *r, struct slice flags, bool sending)
{
	static const char *const said[] = {"MSG_OOB", "MSG_PEEK", "MSG_WAITALL",
	    "MSG_ERRQUEUE", "MSG_MORE", "MSG_TRUNC", "MSG_ZEROCOPY"};
	uint64_t value = word_value(word_msg, flags);

	if (sending && !(value & 0x4000))
		canon_say(c, " no-NOSIGNAL");
	if (r->blocking && (value & 0x40))
		canon_say(c, " DONTWAIT");
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct slice word = {said[i], strlen(said[i])};

		if (value & word_value(word_msg, word))
			canon_say(c, " %s", said[i] + strlen("MSG_"));
	}
}

/* Says how a read ended when it brought no bytes; true if so. */
static bool says_end(struct canon *c, const struct line *l)
{
	if (canon_say_failure(c, l))
		return true;
	canon_say(c, " -> %s", l->ret == 0 ? "EOF" : "");
	return l->ret == 0;
}

static void print_recv(struct canon *c, const struct line *l,
    const struct payload *p, struct slice flags, struct slice message)
{
	struct role *r = canon_need(c, canon_fd(l), 'U');

	if (!r || r->kind == 'D' || r->kind == 'N') {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s recv %lld", r->name, (long long)p->asked);
	say_flags(c, r, flags, false);
	if (l->ret >= 0 && l->err.len == 0)
		canon_pass(c, message, false);
	if (says_end(c, l))
		return;
	if (!(word_value(word_msg, flags) & 2)) /* MSG_PEEK */
		learn(c, r, p, l->ret);
	say_payload(c, &r->in, p, l->ret);
	if (!(word_value(word_msg, flags) & 2))
		r->in.bytes += (uint64_t)l->ret;
}

static void print_send(struct canon *c, const struct line *l,
    const struct payload *p, struct slice flags, struct slice message)
{
	struct role *r = canon_need(c, canon_fd(l), 'U');

	if (!r || r->kind == 'D' || r->kind == 'N') {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s send ", r->name);
	say_payload(c, &r->out, p, p->asked);
	say_flags(c, r, flags, true);
	if (l->err.len == 0)
		canon_pass(c, message, true);
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " -> %lld", (long long)l->ret);
	r->out.bytes += (uint64_t)l->ret;
	if (r->out.stream != STREAM_UNBOUND)
		c->streams->stream[r->out.stream].passed = r->out.bytes;
}

static void unquote(struct payload *p, struct slice literal, int64_t asked)
{
	p->len = slice_unquote(literal, p->bytes, sizeof(p->bytes));
	p->asked = asked;
}

/* [{iov_base="abc", iov_len=3}, ...], one after the other as far as they
 * are shown whole. */
static void gather(struct payload *p, struct slice list)
{
	bool whole = true;
	int64_t len;

	p->len = 0;
	p->asked = 0;
	while ((list = slice_after(list, "iov_base=")).len > 0) {
		size_t n = whole ? slice_unquote(list, p->bytes + p->len,
				       sizeof(p->bytes) - p->len)
				 : 0;

		if (!slice_number(slice_after(list, "iov_len="), &len))
			break;
		p->len += n;
		p->asked += len;
		whole = whole && n == (size_t)len;
	}
}

static const struct slice nothing = {"", 0};

static void cap(struct payload *p, int64_t n)
{
	if (n >= 0 && p->len > (size_t)n)
		p->len = (size_t)n;
}

void canon_recv(struct canon *c, const struct line *l)
{
	struct payload p;

	unquote(&p, canon_arg(l, 1), canon_number(l, 2));
	cap(&p, l->ret);
	print_recv(c, l, &p, canon_arg(l, 3), nothing);
}

void canon_recvmsg(struct canon *c, const struct line *l)
{
	struct payload p;

	gather(&p, slice_after(canon_arg(l, 1), "msg_iov="));
	cap(&p, l->ret);
	print_recv(c, l, &p, canon_arg(l, 2), canon_arg(l, 1));
}

void canon_send(struct canon *c, const struct line *l)
{
	struct payload p;

	unquote(&p, canon_arg(l, 1), canon_number(l, 2));
	print_send(c, l, &p, canon_arg(l, 3), nothing);
}

void canon_sendmsg(struct canon *c, const struct line *l)
{
	struct payload p;

	gather(&p, slice_after(canon_arg(l, 1), "msg_iov="));
	print_send(c, l, &p, canon_arg(l, 2), canon_arg(l, 1));
}

/* What goes into a pipe, or comes out of it, moves both ends' books. */
static void move_pipe(struct role *from, struct role *to, int64_t n)
{
	if (to->kind == 'P' && to->pair) {
		struct role *reader = to->pair;

		if (reader->in.bytes == to->out.bytes)
			reader->in = from->in;
		to->out = from->in;
	}
	if (from->kind == 'P') {
		to->out = from->in;
		if (from->pair && from->pair->out.bytes < from->in.bytes)
			from->pair->out.bytes = from->in.bytes;
	}
	from->in.bytes += (uint64_t)n;
	to->out.bytes += (uint64_t)n;
}

void canon_splice(struct canon *c, const struct line *l)
{
	struct role *from = canon_need(c, canon_fd(l), 'U');
	struct role *to = canon_need(c, canon_number(l, 2), 'U');
	const struct payload unseen = {.len = 0};

	if (!from || !to || l->arg_count < 5) {
		canon_generic(c, l);
		return;
	}
	canon_say(c, "%s splice %s %lld", from->name, to->name,
	    (long long)canon_number(l, 4));
	if (says_end(c, l))
		return;
	if (from->kind != 'P')
		learn(c, from, &unseen, l->ret);
	say_range(c, &from->in, l->ret);
	move_pipe(from, to, l->ret);
}

void canon_sendfile(struct canon *c, const struct line *l)
{
	struct role *to = canon_need(c, canon_fd(l), 'U');
	struct role *from = canon_role(c, canon_number(l, 1));

	canon_say_role(c, to);
	canon_say(c, "sendfile ");
	canon_say(c, "%s %lld", from ? from->name : "-",
	    (long long)canon_number(l, 3));
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " -> %lld", (long long)l->ret);
	if (to)
		to->out.bytes += (uint64_t)l->ret;
}

/* The causes named in a log line; its times and lengths are noise. */
static void print_log(struct canon *c, struct slice text)
{
	canon_say(c, "log");
	while ((text = slice_after(text, "cause=")).len > 0) {
		size_t n = 0;

		while (n < text.len && text.s[n] && !strchr(" \\\"", text.s[n]))
			n++;
		canon_say(c, " %.*s", (int)n, text.s);
	}
}

static bool is_stream(const struct role *r)
{
	return r && strchr("CSU", r->kind);
}

static void print_write(
    struct canon *c, const struct line *l, const struct payload *p)
{
	int64_t fd = canon_fd(l);
	struct role *r = canon_role(c, fd);

	if (is_stream(r) && fd > 2) {
		print_send(c, l, p, nothing, nothing);
	} else if (fd == 1 || fd == 2 || (r && r->kind == 'F')) {
		print_log(c, canon_arg(l, 1));
		canon_say_failure(c, l);
	} else {
		canon_say(
		    c, "%s write %lld", r ? r->name : "-", (long long)p->asked);
		canon_say_failure(c, l);
	}
}

void canon_write(struct canon *c, const struct line *l)
{
	struct payload p;

	unquote(&p, canon_arg(l, 1), canon_number(l, 2));
	print_write(c, l, &p);
}

void canon_writev(struct canon *c, const struct line *l)
{
	struct payload p;

	gather(&p, canon_arg(l, 1));
	print_write(c, l, &p);
}

static void print_read(
    struct canon *c, const struct line *l, const struct payload *p)
{
	struct role *r = canon_role(c, canon_fd(l));

	if (is_stream(r) && canon_fd(l) > 2) {
		print_recv(c, l, p, nothing, nothing);
		return;
	}
	if (r && r->kind == 'F') { /* how long a file is, is noise */
		canon_say(c, "%s read", r->name);
		canon_say_failure(c, l);
		return;
	}
	canon_say(c, "%s read %lld", r ? r->name : "-", (long long)p->asked);
	if (!canon_say_failure(c, l))
		canon_say(c, " -> %lld", (long long)l->ret);
}

void canon_read(struct canon *c, const struct line *l)
{
	struct payload p;

	unquote(&p, canon_arg(l, 1), canon_number(l, 2));
	cap(&p, l->ret);
	print_read(c, l, &p);
}

void canon_readv(struct canon *c, const struct line *l)
{
	struct payload p;

	gather(&p, canon_arg(l, 1));
	cap(&p, l->ret);
	print_read(c, l, &p);
}
