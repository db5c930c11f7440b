/* canon_socket.c: sockets: made, connected, tuned, shut; no payload here. */
#include "canon_impl.h"

#include <stdlib.h>
#include <string.h>

enum { FAMILY_UNIX = 1, FAMILY_NETLINK = 16, TYPE_STREAM = 1, TYPE_MASK = 15 };
enum { TYPE_SEQPACKET = 5 };

static void say_role(struct canon *c, const struct line *l, char kind)
{
	canon_say_role(c, canon_need(c, canon_fd(l), kind));
}

/* S for streams, D for datagrams and raw sockets, N for netlink. */
static char kind_of(uint64_t family, uint64_t type)
{
	if (family == FAMILY_NETLINK)
		return 'N';
	type &= TYPE_MASK;
	return type == TYPE_STREAM || type == TYPE_SEQPACKET ? 'S' : 'D';
}

void canon_socket(struct canon *c, const struct line *l)
{
	uint64_t family = word_value(word_family, canon_arg(l, 0));
	uint64_t type = word_value(word_sock, canon_arg(l, 1));
	char kind = kind_of(family, type);
	struct role *r = canon_open(c, l, kind);

	canon_say_role(c, r);
	canon_say(c, "socket");
	if (kind == 'N')
		canon_say(c, " netlink");
	else if (family == FAMILY_UNIX)
		canon_say(c, kind == 'S' ? " unix" : " unix-datagram");
	else if (kind == 'D')
		canon_say(c, " datagram");
	if (r) {
		r->local = family == FAMILY_UNIX;
		canon_flags(c, l->ret, type, kind == 'S');
	}
	canon_say_failure(c, l);
}

void canon_accept(struct canon *c, const struct line *l)
{
	struct role *r = canon_need(c, canon_fd(l), 'L');
	bool local = r && r->local;

	say_role(c, l, 'L');
	canon_say(c, "accept");
	if (local ||
	    slice_starts(slice_after(canon_arg(l, 1), "sa_family="), "AF_UNIX"))
		canon_say(c, " unix");
	if (l->err.len > 0 || !l->has_ret) {
		canon_say_failure(c, l);
		return;
	}
	r = canon_open(c, l, 'C');
	canon_flags(c, l->ret, word_value(word_sock, canon_arg(l, 3)), true);
	canon_say(c, " -> %s", r ? r->name : "?");
}

void canon_listen(struct canon *c, const struct line *l)
{
	struct role *r = canon_need(c, canon_fd(l), 'U');

	canon_say_role(c, r);
	canon_say(c, "listen %lld", (long long)canon_number(l, 1));
	if (canon_say_failure(c, l) || !r || r->kind == 'L')
		return;
	role_rename(&c->roles, r, 'L');
	canon_say(c, " -> %s", r->name);
}

/* The literal that follows `mark`, unquoted. Returns its length. */
static size_t literal(struct slice a, const char *mark, char *out, size_t size)
{
	struct slice from = slice_after(a, mark);
	size_t n;

	if (slice_starts(from, "@")) { /* an abstract Unix address */
		out[0] = '@';
		n = 1 + slice_unquote(slice_skip(from, 1), out + 1, size - 2);
	} else {
		n = slice_unquote(from, out, size - 1);
	}
	out[n] = '\0';
	return n;
}

/* sin_port=htons(80); under -X raw sin_port="\0\120". */
static int64_t port_of(struct slice a)
{
	char raw[4];
	int64_t port = 0;

	if (slice_number(slice_after(a, "_port=htons("), &port))
		return port;
	if (literal(a, "_port=", raw, sizeof(raw)) == 2)
		port = (unsigned char)raw[0] << 8 | (unsigned char)raw[1];
	return port;
}

/* {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("1.2.3.4")} */
static void address_text(struct slice a, char *out, size_t size)
{
	char host[128];
	int port = (int)port_of(a);

	if (literal(a, "sun_path=", host, sizeof(host)))
		snprintf(out, size, "%s", host);
	else if (literal(a, "inet_pton(AF_INET6, ", host, sizeof(host)))
		snprintf(out, size, "[%s]:%d", host, port);
	else if (literal(a, "inet_addr(", host, sizeof(host)))
		snprintf(out, size, "%s:%d", host, port);
	else if (literal(a, "sin_addr=", host, sizeof(host)) == 4)
		snprintf(out, size, "%u.%u.%u.%u:%d", (unsigned char)host[0],
		    (unsigned char)host[1], (unsigned char)host[2],
		    (unsigned char)host[3], port);
	else
		snprintf(out, size, "_:%d", port);
}

static void say_address(struct canon *c, struct slice a)
{
	char address[256];
	const char *name = address;

	address_text(a, address, sizeof(address));
	for (char *p = address; *p; p++) {
		if (*p <= ' ' || *p == 127)
			*p = '_';
	}
	for (size_t i = 0; i < c->address_count; i++) {
		if (strcmp(c->addresses[i].key, address) == 0)
			name = c->addresses[i].name;
	}
	canon_say(c, "%s", name);
}

void canon_connect(struct canon *c, const struct line *l)
{
	struct role *r = canon_need(c, canon_fd(l), 'S');

	/* Made non-blocking by a call that was not traced. */
	if (r && slice_is(l->err, "EINPROGRESS"))
		r->blocking = false;
	canon_say_role(c, r);
	canon_say(c, "connect ");
	say_address(c, canon_arg(l, 1));
	canon_say_failure(c, l);
}

void canon_bind(struct canon *c, const struct line *l)
{
	say_role(c, l, 'U');
	canon_say(c, "bind ");
	say_address(c, canon_arg(l, 1));
	canon_say_failure(c, l);
}

void canon_shutdown(struct canon *c, const struct line *l)
{
	const char *how =
	    word_name(word_how, word_value(word_how, canon_arg(l, 1)));

	say_role(c, l, 'U');
	canon_say(c, "shut %s", how ? how + strlen("SHUT_") : "?");
	canon_say_failure(c, l);
}

/* [1] is 1; {onoff=1, linger=0}, in either spelling, is 1,0. */
static void say_value(struct canon *c, struct slice value)
{
	struct slice onoff = slice_after(value, "onoff=");
	struct slice seconds = slice_after(value, "linger=");
	int64_t a, b;

	canon_say(c, " ");
	if (slice_number(onoff, &a) && slice_number(seconds, &b))
		canon_say(c, "%lld,%lld", (long long)a, (long long)b);
	else if (slice_number(slice_after(value, "["), &a))
		canon_say(c, "%lld", (long long)a);
	else if (slice_starts(value, "0x"))
		canon_say(c, "_");
	else
		canon_say_slice(c, value);
}

static void say_option(struct canon *c, const struct line *l)
{
	enum { LEVEL_SOCKET = 1, LEVEL_TCP = 6 };
	uint64_t level = word_value(word_level, canon_arg(l, 1));
	const char *name = NULL;
	int64_t number;

	if (slice_number(canon_arg(l, 2), &number) && level == LEVEL_SOCKET)
		name = word_name(word_opt_socket, (uint64_t)number);
	else if (slice_number(canon_arg(l, 2), &number) && level == LEVEL_TCP)
		name = word_name(word_opt_tcp, (uint64_t)number);
	if (name)
		canon_say(c, "%s", name);
	else
		canon_say_slice(c, canon_arg(l, 2));
}

void canon_setsockopt(struct canon *c, const struct line *l)
{
	say_role(c, l, 'U');
	canon_say(c, "set ");
	say_option(c, l);
	say_value(c, canon_arg(l, 3));
	canon_say_failure(c, l);
}

/* SO_ERROR's value: [ECONNREFUSED] today, [111] in older traces. */
static void say_socket_error(struct canon *c, struct slice value)
{
	struct slice inner = slice_after(value, "[");
	const char *name;
	int64_t number;

	if (!slice_number(inner, &number)) {
		inner.len = inner.len > 0 ? inner.len - 1 : 0;
		canon_say_slice(c, inner);
		return;
	}
	name =
	    number > 0 && number < 4096 ? strerrorname_np((int)number) : NULL;
	if (name)
		canon_say(c, "%s", name);
	else
		canon_say(c, "%lld", (long long)number);
}

/* A structure, such as TCP_INFO, differs from run to run. */
void canon_getsockopt(struct canon *c, const struct line *l)
{
	bool error = slice_is(canon_arg(l, 2), "SO_ERROR") ||
		     (canon_number(l, 1) == 1 && canon_number(l, 2) == 4);
	struct slice value = canon_arg(l, 3);

	say_role(c, l, 'U');
	canon_say(c, "get ");
	say_option(c, l);
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " -> ");
	if (error)
		say_socket_error(c, value);
	else if (slice_starts(value, "{") || slice_starts(value, "\"") ||
		 slice_starts(value, "0x"))
		canon_say(c, "_");
	else
		canon_say_slice(c, value);
}

void canon_ioctl(struct canon *c, const struct line *l)
{
	enum { OUTQ = 0x5411, INQ = 0x541b, NBIO = 0x5421, CLEX = 0x5451 };
	uint64_t request = word_value(word_ioctl, canon_arg(l, 1));
	struct role *r = canon_role(c, canon_fd(l));
	int64_t on = 0;

	if (request == CLEX)
		role_set_cloexec(c->task->fds, canon_fd(l), true);
	if (request == NBIO && r) {
		slice_number(slice_after(canon_arg(l, 2), "["), &on);
		r->blocking = on == 0;
		canon_say(c, "%s fcntl F_SETFL%s", r->name,
		    on ? " O_NONBLOCK" : " 0");
		canon_say_failure(c, l);
		return;
	}
	if (request != OUTQ && request != INQ) {
		canon_generic(c, l);
		return;
	}
	say_role(c, l, 'U');
	canon_say(c, "%s", request == OUTQ ? "outq" : "inq");
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " ->");
	say_value(c, canon_arg(l, 2));
}
