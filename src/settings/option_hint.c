/*
 * option_hint.c: old names, names that other programs use, and names that
 * are nearly right.
 */
#include "settings/option_hint.h"

#include <string.h>

#include "base/scan.h"
#include "settings/option_table.h"

static const struct {
	const char *old, *name;
} renamed[] = {
    {"absorb", "reply-buffer"},
    {"feed-timeout", "send-timeout"},
    {"source", "local-address"},
};

/* What HAProxy, nginx and their like call it; `others`: what else they may
 * mean by it. */
static const struct {
	const char *theirs, *name, *others;
} elsewhere[] = {
    {"access_log", "log", ""},
    {"acl", "allow", " or deny"},
    {"backend", "device", ""},
    {"bind", "listen", ""},
    {"client_header_timeout", "gate-timeout", ""},
    {"client_max_body_size", "body-max", " or body-limit"},
    {"connect", "device", ""},
    {"error_log", "log", ""},
    {"f", "config", ""},
    {"fall", "down-after", ""},
    {"frontend", "listen", ""},
    {"hard-stop-after", "drain-timeout", ""},
    {"host", "device", ""},
    {"http-request", "allow", ", deny, answer or strip-header"},
    {"httpchk", "probe", ""},
    {"inter", "probe-backoff", ""},
    {"interval", "probe-backoff", ""},
    {"keepalive_timeout", "idle-timeout", ""},
    {"limit_conn", "per-source", ""},
    {"limit_req", "request-limit", ""},
    {"max-conn", "max-clients", ""},
    {"maxconn", "max-clients", " or slots"},
    {"maxqueue", "queue", ""},
    {"mode", "gate", " or listen-mode"},
    {"port", "listen", ""},
    {"proxy_bind", "local-address", ""},
    {"proxy_buffering", "reply", ""},
    {"proxy_pass", "device", ""},
    {"proxy_protocol", "accept-proxy", " or send-proxy"},
    {"proxy_read_timeout", "reply-timeout", " or first-byte-timeout"},
    {"remote", "device", ""},
    {"retries", "connect-retry", ""},
    {"server", "device", ""},
    {"stats", "admin", " or control"},
    {"target", "device", ""},
    {"timeout", "connect-timeout", ", idle-timeout or queue-timeout"},
    {"upstream", "device", ""},
    {"v", "version", " or --log-level"},
    {"verbose", "log-level", ""},
    {"worker_connections", "max-clients", ""},
};

const char *option_hint_renamed(const char *name)
{
	for (size_t i = 0; i < sizeof(renamed) / sizeof(*renamed); i++)
		if (strcmp(renamed[i].old, name) == 0)
			return renamed[i].name;
	return NULL;
}

const struct option *option_hint_elsewhere(
    const char *name, const char **out_others)
{
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		if (strcmp(elsewhere[i].theirs, name) == 0) {
			*out_others = elsewhere[i].others;
			return option_table_find(elsewhere[i].name);
		}
	return NULL;
}

const struct option *option_hint_nearest(const char *name)
{
	size_t len = strlen(name);
	unsigned int least = (unsigned int)(len + 1) / 3 + 1;
	const struct option *nearest = NULL;

	for (const struct option *o = options; o->name; o++) {
		size_t other = strlen(o->name);
		unsigned int d;

		/* No word is nearer than the lengths are. */
		if ((other > len ? other - len : len - other) >= least)
			continue;
		d = scan_distance(o->name, name);
		if (d < least) {
			least = d;
			nearest = o;
		}
	}
	return nearest;
}
