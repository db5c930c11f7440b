/*
 * names.c: asking for the addresses of the device's name, and telling workers
 * what has changed.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/scan.h"
#include "keeper/inside.h"
#include "settings/value.h"

enum {
	UNKNOWN_FIRST_MS = 1000,
	UNKNOWN_MAX_MS = 30000,
};

static void set_next(struct keeper *k)
{
	struct names *n = &k->names;
	int64_t every_ms = k->conf->link.resolve_every_ms;
	int64_t now_ms = keeper_now_ms();

	if (k->conf->link.device_count == 0) {
		n->next_ms = now_ms + n->pause_ms;
		n->pause_ms *= 2;
		if (n->pause_ms > UNKNOWN_MAX_MS)
			n->pause_ms = UNKNOWN_MAX_MS;
	} else {
		n->next_ms = every_ms > 0 ? now_ms + every_ms : INT64_MAX;
	}
}

void names_start(struct keeper *k)
{
	const struct device_link_conf *d = &k->conf->link;
	struct names *n = &k->names;

	n->asked = false;
	n->name[0] = '\0';
	n->pause_ms = UNKNOWN_FIRST_MS;
	n->next_ms = INT64_MAX;
	if (!value_split_name(d->device_text, n->name, &n->port) ||
	    value_is_address(d->device_text)) {
		n->name[0] = '\0';
		return;
	}
	if (d->device_count == 0)
		log_message(&k->log, LOG_LEVEL_WARN,
		    "device: \"%s\" does not resolve: it is looked up again "
		    "until it does",
		    n->name);
	set_next(k);
}

void names_stop(struct keeper *k)
{
	resolver_stop(&k->names.resolver);
	k->names.resolver.fd = -1;
	k->names.name[0] = '\0';
	k->names.asked = false;
}

static void ask(struct keeper *k)
{
	struct names *n = &k->names;
	int err = 0;

	if (n->resolver.fd < 0)
		err = resolver_start(&n->resolver);
	if (err == 0)
		err = resolver_ask(&n->resolver, n->name, n->port);
	n->asked = err == 0;
	set_next(k);
	if (err < 0)
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "device: \"%s\" cannot be looked up: %s", n->name,
		    strerror(-err));
}

void names_look_up(struct keeper *k)
{
	if (k->names.name[0] != '\0' && !k->names.asked)
		ask(k);
}

int64_t names_run(struct keeper *k, int64_t now_ms)
{
	struct names *n = &k->names;

	if (n->name[0] == '\0')
		return INT64_MAX;
	if (!n->asked && now_ms >= n->next_ms)
		ask(k);
	return n->asked ? INT64_MAX : n->next_ms;
}

static bool is_known(
    const struct device_link_conf *d, const struct resolver_answer *a)
{
	if (d->device_count != a->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!addr_equal(&d->device[i], &a->addrs[i]))
			return false;
	return true;
}

/* From the next connection on. */
static void use(struct keeper *k, const struct resolver_answer *a)
{
	struct device_link_conf *d = &k->conf->link;
	struct line_message m = {.kind = LINE_ADDRESSES};
	char text[ADDR_TEXT_MAX];

	_Static_assert(sizeof(d->device) <= LINE_BYTES_MAX, "too long");
	d->device_count = a->count;
	memcpy(d->device, a->addrs, a->count * sizeof(struct addr));
	m.length = (uint32_t)(a->count * sizeof(struct addr));
	memcpy(m.bytes, d->device, m.length);
	process_tell_all(k, &m);
	log_message(&k->log, LOG_LEVEL_INFO,
	    "device: \"%s\" is now %s, and %u more", a->name,
	    addr_print(&d->device[0], text), a->count - 1u);
}

void names_answered(struct keeper *k)
{
	struct names *n = &k->names;
	struct resolver_answer a;
	int err = resolver_read(&n->resolver, &a);

	if (err == -EAGAIN)
		return;
	n->asked = false;
	set_next(k);
	if (err < 0) {
		resolver_stop(&n->resolver);
		return;
	}
	if (a.port != n->port || strcmp(a.name, n->name) != 0)
		return;
	if (a.count == 0)
		log_message(&k->log, LOG_LEVEL_WARN,
		    "device: \"%s\" does not resolve: %s; %s", n->name, a.why,
		    k->conf->link.device_count > 0
			? "the addresses known so far are kept"
			: "it is looked up again");
	else if (!is_known(&k->conf->link, &a))
		use(k, &a);
}
