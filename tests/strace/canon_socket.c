/* canon_socket.c: sockets: made, connected, tuned, shut; no payload here. */
#include "canon_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct slice nothing = {"", 0};

static struct slice arg(const struct line *l, size_t i)
{
	return i < l->arg_count ? l->arg[i] : nothing;
}

static void say_role(struct canon *c, const struct line *l, char kind)
{
	struct role *r = role_need(&c->roles, canon_fd(l), kind);

	canon_say(c, "%s ", r ? r->name : "-");
}

void canon_socket(struct canon *c, const struct line *l)
{
	struct role *r = l->has_ret ? role_open(&c->roles, l->ret, 'S', "") :
				      NULL;

	canon_say(c, "%s socket", r ? r->name : "-");
	canon_say_failure(c, l);
}

void canon_accept(struct canon *c, const struct line *l)
{
	struct role *r;

	say_role(c, l, 'L');
	canon_say(c, "accept");
	if (canon_say_failure(c, l) || !l->has_ret)
		return;
	r = role_open(&c->roles, l->ret, 'C', "");
	canon_say(c, " -> %s", r ? r->name : "?");
}

void canon_listen(struct canon *c, const struct line *l)
{
	struct role *r = role_need(&c->roles, canon_fd(l), 'U');

	if (r && l->err.len == 0)
		role_rename(&c->roles, r, 'L');
	canon_generic(c, l);
}

/* The text between the quotes that `a` begins with. */
static struct slice quoted(struct slice a)
{
	const char *end;

	if (a.len == 0 || a.s[0] != '"')
		return nothing;
	end = memchr(a.s + 1, '"', a.len - 1);
	return end ? (struct slice){a.s + 1, (size_t)(end - a.s - 1)} : nothing;
}

/* {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("1.2.3.4")} */
static void address_text(struct slice a, char *out, size_t size)
{
	struct slice path = quoted(slice_after(a, "sun_path="));
	struct slice v4 = quoted(slice_after(a, "inet_addr("));
	struct slice v6 = quoted(slice_after(a, "inet_pton(AF_INET6, "));
	int64_t port = 0;

	slice_number(slice_after(a, "_port=htons("), &port);
	if (path.len > 0)
		snprintf(out, size, "%.*s", (int)path.len, path.s);
	else if (v6.len > 0)
		snprintf(out, size, "[%.*s]:%lld", (int)v6.len, v6.s,
		    (long long)port);
	else
		snprintf(out, size, "%.*s:%lld", (int)v4.len, v4.s,
		    (long long)port);
}

void canon_connect(struct canon *c, const struct line *l)
{
	char address[256];
	const char *name = address;

	address_text(arg(l, 1), address, sizeof(address));
	for (size_t i = 0; i < c->name_count; i++) {
		if (strcmp(c->names[i].address, address) == 0)
			name = c->names[i].name;
	}
	say_role(c, l, 'S');
	canon_say(c, "connect %s", name);
	canon_say_failure(c, l);
}

void canon_shutdown(struct canon *c, const struct line *l)
{
	struct slice how = arg(l, 1);

	say_role(c, l, 'U');
	canon_say(c, "shut ");
	if (how.len > 5)
		how = (struct slice){how.s + 5, how.len - 5};
	canon_say_slice(c, how);
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
	else
		canon_say_slice(c, value);
}

void canon_setsockopt(struct canon *c, const struct line *l)
{
	say_role(c, l, 'U');
	canon_say(c, "set ");
	canon_say_slice(c, arg(l, 2));
	say_value(c, arg(l, 3));
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
	name = number > 0 && number < 4096 ? strerrorname_np((int)number) :
					     NULL;
	if (name)
		canon_say(c, "%s", name);
	else
		canon_say(c, "%lld", (long long)number);
}

void canon_getsockopt(struct canon *c, const struct line *l)
{
	say_role(c, l, 'U');
	canon_say(c, "get ");
	canon_say_slice(c, arg(l, 2));
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " -> ");
	if (slice_is(arg(l, 2), "SO_ERROR"))
		say_socket_error(c, arg(l, 3));
	else
		canon_say_slice(c, arg(l, 3));
}

/* SIOCOUTQ and TIOCOUTQ are one number; strace prints the latter. */
void canon_ioctl(struct canon *c, const struct line *l)
{
	struct slice request = arg(l, 1);
	bool out = slice_is(request, "TIOCOUTQ") ||
	    slice_is(request, "SIOCOUTQ");

	if (!out && !slice_is(request, "FIONREAD")) {
		canon_generic(c, l);
		return;
	}
	say_role(c, l, 'U');
	canon_say(c, "%s", out ? "outq" : "inq");
	if (canon_say_failure(c, l))
		return;
	canon_say(c, " ->");
	say_value(c, arg(l, 2));
}
