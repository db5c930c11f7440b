/*
 * value_addr.c: values that are addresses or networks.
 */
#include "settings/value.h"

#include <arpa/inet.h>
#include <string.h>

#include "policy/acl.h"
#include "proxy/device_link.h"
#include "proxy/listener.h"
#include "policy/proxy_header.h"
#include "settings/option.h"
#include "settings/value_slip.h"

static bool too_many(struct value_error *out, int most)
{
	return value_reject_for(
	    out, "is one too many", "at most %d of them", most);
}

/* A link-local address means nothing without its interface. */
static bool lacks_scope(const struct addr *a, struct value_error *out)
{
	if (a->u.sa.sa_family != AF_INET6 || a->u.in6.sin6_scope_id != 0 ||
	    !IN6_IS_ADDR_LINKLOCAL(&a->u.in6.sin6_addr))
		return false;
	value_reject_for(out, "has no interface",
	    "one behind the address, like fe80::1%%eth0");
	return true;
}

/* Port 0 is another one each time. */
static bool is_fixed(const struct addr *a)
{
	return a->u.sa.sa_family == AF_UNIX || addr_port(a) > 0;
}

static bool set_listen(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct listener_conf *l = field;
	const char *why;
	struct addr a;

	(void)o;
	if (slip_of_path(text, out))
		return false;
	if (addr_parse(text, NULL, &a, &why) < 0)
		return !slip_of_address(text, false, out) &&
		       value_reject_for(out, "is not an address", "%s", why);
	if (lacks_scope(&a, out))
		return false;
	for (size_t i = 0; i < l->listen_count; i++)
		if (addr_equal(&l->listen[i], &a) && is_fixed(&a))
			return value_reject_for(
			    out, "is listened on already", "each address once");
	if (l->listen_count == LISTEN_MAX)
		return too_many(out, LISTEN_MAX);
	l->listen[l->listen_count++] = a;
	return true;
}

static void print_listen(const struct option *o, const void *field, FILE *to)
{
	const struct listener_conf *l = field;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < l->listen_count; i++)
		fprintf(
		    to, "%s %s\n", o->name, addr_print(&l->listen[i], text));
}

static void clear_listen(void *field)
{
	((struct listener_conf *)field)->listen_count = 0;
}

static bool no_listen(const void *field)
{
	return ((const struct listener_conf *)field)->listen_count == 0;
}

const struct value_type value_listen = {
    .set = set_listen,
    .print = print_listen,
    .clear = clear_listen,
    .is_unset = no_listen,
};

bool value_split_name(
    const char *text, char out_name[VALUE_NAME_MAX], uint16_t *out_port)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (len == 0 || len >= VALUE_NAME_MAX || text[0] == '-' ||
	    strcspn(text, " \t/[]*,;\\") < len ||
	    addr_parse_port(colon + 1, out_port) < 0)
		return false;
	memcpy(out_name, text, len);
	out_name[len] = '\0';
	return true;
}

bool value_is_address(const char *text)
{
	const char *why;
	struct addr a;

	return addr_parse(text, "127.0.0.1", &a, &why) == 0;
}

/* "10.0.0.300" is a slip, and no name anybody could look up. */
static bool looks_numeric(const char *name)
{
	return name[strspn(name, "0123456789.")] == '\0';
}

static bool set_device(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct device_link_conf *d = field;
	char name[VALUE_NAME_MAX];
	const char *why;
	struct addr a;
	uint16_t port;

	(void)o;
	d->device_count = 0;
	if (slip_of_path(text, out))
		return false;
	if (addr_parse(text, "127.0.0.1", &a, &why) == 0) {
		if (a.u.sa.sa_family == AF_UNIX)
			return value_reject(out, "is a path");
		if (lacks_scope(&a, out))
			return false;
		port = addr_port(&a);
		d->device[0] = a;
		d->device_count = 1;
	} else if (!value_split_name(text, name, &port) ||
		   looks_numeric(name)) {
		return !slip_of_address(text, true, out) &&
		       value_reject(out, "is not an address");
	}
	if (port == 0)
		return value_reject_for(
		    out, "has a bad port", "a port from 1 to 65535");
	d->device_text = text;
	return true;
}

static void print_device(const struct option *o, const void *field, FILE *to)
{
	const struct device_link_conf *d = field;

	fprintf(to, "%s %s\n", o->name, d->device_text);
}

static bool no_device(const void *field)
{
	return !((const struct device_link_conf *)field)->device_text;
}

const struct value_type value_device = {
    .set = set_device, .print = print_device, .is_unset = no_device};

static bool set_local(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct addr a = {0};

	(void)o;
	if (strcmp(text, "off") != 0 && addr_parse_host(text, &a) < 0)
		return !slip_of_host(text, out) &&
		       value_reject(out, "is not an address");
	if (a.len > 0 && lacks_scope(&a, out))
		return false;
	*(struct addr *)field = a;
	return true;
}

static void print_local(const struct option *o, const void *field, FILE *to)
{
	const struct addr *a = field;
	char text[ADDR_TEXT_MAX];
	size_t start, end;

	if (a->len == 0) {
		fprintf(to, "%s off\n", o->name);
		return;
	}
	/* Without brackets and port. */
	addr_print(a, text);
	start = text[0] == '[';
	end = strcspn(text, start ? "]" : ":");
	fprintf(to, "%s %.*s\n", o->name, (int)(end - start), text + start);
}

/* Kept as it was written: only the keeper opens it. With a path only, it is
 * the control socket. */
static bool set_responder(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct addr a;
	const char *why;

	if (strcmp(text, "off") == 0) {
		*(const char **)field = NULL;
		return true;
	}
	if (o->type == &value_control &&
	    (!strchr(text, '/') || strstr(text, "://")))
		return value_reject_for(
		    out, "is not a path", "a path with a slash, or off");
	if (slip_of_path(text, out))
		return false;
	if (addr_parse(text, "127.0.0.1", &a, &why) < 0)
		return !slip_of_address(text, false, out) &&
		       value_reject_for(out, "is not an address", "%s", why);
	*(const char **)field = text;
	return true;
}

static void print_responder(const struct option *o, const void *field, FILE *to)
{
	const char *text = *(const char *const *)field;

	fprintf(to, "%s %s\n", o->name, text ? text : "off");
}

const struct value_type value_admin = {
    .set = set_responder, .print = print_responder};
const struct value_type value_control = {
    .set = set_responder, .print = print_responder};

const struct value_type value_local = {.set = set_local, .print = print_local};

static bool read_network(
    const char *text, struct cidr *out_net, struct value_error *out)
{
	char network[ADDR_TEXT_MAX];
	const char *why;

	if (cidr_parse(text, out_net, &why) < 0)
		return !slip_of_network(text, out) &&
		       value_reject_for(out, "is not a network", "%s", why);
	if (cidr_mask(out_net))
		return value_reject_for(out, "has bits beyond its prefix",
		    "%s, or %.*s for this address alone",
		    cidr_print(out_net, network), (int)strcspn(text, "/"),
		    text);
	return true;
}

static bool add_rule(
    struct acl_conf *acl, bool allow, const char *text, struct value_error *out)
{
	struct acl_rule rule = {.allow = allow};

	if (!read_network(text, &rule.net, out))
		return false;
	if (acl->count == ACL_RULES_MAX)
		return too_many(out, ACL_RULES_MAX);
	acl->rules[acl->count++] = rule;
	return true;
}

static bool set_allow(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	(void)o;
	return add_rule(field, true, text, out);
}

static bool set_deny(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	(void)o;
	return add_rule(field, false, text, out);
}

/* The first match wins, so both kinds stand in one list, printed by allow. */
static void print_rules(const struct option *o, const void *field, FILE *to)
{
	const struct acl_conf *acl = field;
	char text[ADDR_TEXT_MAX];

	(void)o;
	for (size_t i = 0; i < acl->count; i++)
		fprintf(to, "%s %s\n", acl->rules[i].allow ? "allow" : "deny",
		    cidr_print(&acl->rules[i].net, text));
}

static void print_nothing(const struct option *o, const void *field, FILE *to)
{
	(void)o;
	(void)field;
	(void)to;
}

static void clear_rules(void *field)
{
	((struct acl_conf *)field)->count = 0;
}

static bool no_rules(const void *field)
{
	return ((const struct acl_conf *)field)->count == 0;
}

const struct value_type value_allow = {
    .set = set_allow,
    .print = print_rules,
    .clear = clear_rules,
    .is_unset = no_rules,
};
const struct value_type value_deny = {
    .set = set_deny,
    .print = print_nothing,
    .clear = clear_rules,
    .is_unset = no_rules,
};

static bool set_from(const struct option *o, void *field, const char *text,
    struct value_error *out)
{
	struct proxy_header_conf *p = field;
	struct cidr net;

	(void)o;
	if (strcmp(text, "unix") == 0) {
		p->from_unix = true;
		return true;
	}
	if (!read_network(text, &net, out))
		return false;
	if (p->count == PROXY_HEADER_FROM_MAX)
		return too_many(out, PROXY_HEADER_FROM_MAX);
	p->from[p->count++] = net;
	return true;
}

static void print_from(const struct option *o, const void *field, FILE *to)
{
	const struct proxy_header_conf *p = field;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < p->count; i++)
		fprintf(to, "%s %s\n", o->name, cidr_print(&p->from[i], text));
	if (p->from_unix)
		fprintf(to, "%s unix\n", o->name);
}

static void clear_from(void *field)
{
	struct proxy_header_conf *p = field;

	p->count = 0;
	p->from_unix = false;
}

static bool no_from(const void *field)
{
	const struct proxy_header_conf *p = field;

	return p->count == 0 && !p->from_unix;
}

const struct value_type value_from = {
    .set = set_from,
    .print = print_from,
    .clear = clear_from,
    .is_unset = no_from,
};
