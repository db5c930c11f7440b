/*
 * conf_check.c: what settings refer to, and whether they go together.
 */
#include "settings/conf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/chunk.h"
#include "settings/parse.h"
#include "settings/option_table.h"
#include "sys/file.h"
#include "sys/resolve.h"

static void fetch_device(struct conf *conf, struct parse *g)
{
	struct dial_conf *d = &conf->dial;
	char name[VALUE_NAME_MAX];
	const char *why;
	uint16_t port;

	if (!d->device_text || d->device_count > 0 ||
	    !value_split_name(d->device_text, name, &port))
		return;
	d->device_count =
	    resolve_name(name, port, d->device, DIAL_ADDR_MAX, &why);
	if (d->device_count == 0)
		parse_fault_of(g, option_table_find("device"),
		    "\"%s\" does not resolve (%s), expected a name that does",
		    name, why);
}

static void fetch_busy_reply(struct conf *conf, struct parse *g)
{
	const struct option *o = option_table_find("busy-reply");
	struct http_error_conf *r = &conf->http_error;
	int err;

	if (!r->busy_path)
		return;
	err = file_read(r->busy_path, HTTP_ERROR_BUSY_MAX, &conf->busy_text,
	    &r->busy_bytes);
	r->busy = conf->busy_text;
	if (err < 0)
		parse_fault_of(g, o,
		    "\"%s\" cannot be read: %s, expected a file of at most %d "
		    "bytes",
		    r->busy_path, strerror(-err), HTTP_ERROR_BUSY_MAX);
	else if (r->busy_bytes == 0)
		parse_fault_of(g, o, "\"%s\" is empty, expected a reply",
		    r->busy_path);
}

void conf_fetch(struct conf *conf, struct parse *g)
{
	fetch_device(conf, g);
	fetch_busy_reply(conf, g);
}

static void check_given(struct parse *g)
{
	const struct option *listen = option_table_find("listen");
	const struct option *device = option_table_find("device");

	if (!parse_last(g, listen))
		parse_fault_of(g, listen,
		    "it is missing, expected where to listen");
	if (!parse_last(g, device))
		parse_fault_of(g, device,
		    "it is missing, expected the device's address");
}

static void check_http(const struct conf *conf, struct parse *g)
{
	bool is_http = conf->request.kind == GATE_HTTP;

	if (parse_is_faulty(g, option_table_find("gate")))
		return;
	if (conf->conn.share && !is_http)
		parse_fault_of(g, option_table_find("share"),
		    "it needs to read requests, expected gate http with it");
	else if (conf->conn.share && conf->relay.reply != REPLY_HOLD)
		parse_fault_of(g, option_table_find("share"),
		    "it gives out whole replies, expected reply hold with it");
	if (conf->request.upgrade && !is_http)
		parse_fault_of(g, option_table_find("upgrade"),
		    "it needs to read requests, expected gate http with it");
	if (conf->http_error.busy_path && is_http)
		parse_fault_of(g, option_table_find("busy-reply"),
		    "gate http answers by itself, expected another gate");
}

static void check_gate(const struct conf *conf, struct parse *g)
{
	const struct request_conf *r = &conf->request;

	if (r->body_max_bytes == SIZE_MAX && r->body_limit_bytes == 0)
		parse_fault_of(g, option_table_find("body-max"),
		    "it is body-limit, which is 0, expected a size, or 0 for "
		    "no limit");
}

static size_t chunks_for(size_t bytes)
{
	return bytes / CHUNK_BYTES + 1;
}

/* Memory is given out in chunks: a request and a reply need whole ones. */
static void check_memory(const struct conf *conf, struct parse *g)
{
	size_t need = (chunks_for(conf->relay.reply_buffer_bytes) +
			  chunks_for(conf->request.head_limit_bytes +
			      conf->request.body_limit_bytes)) *
	    sizeof(struct chunk);

	if (conf->conn.memory_bytes < need)
		parse_fault_of(g, option_table_find("memory"),
		    "it is too small for one connection, expected %zuk "
		    "(reply-buffer, head-limit, body-limit, in whole pages) or more",
		    need / 1024);
}

static bool is_any(const struct peer *p)
{
	static const uint8_t v6[16];
	static const uint8_t v4[16] = {[10] = 255, [11] = 255};

	return memcmp(p->ip, v6, sizeof(v6)) == 0 ||
	    memcmp(p->ip, v4, sizeof(v4)) == 0;
}

static bool is_loopback(const struct peer *p)
{
	static const uint8_t v6[16] = {[15] = 1};

	if (p->family == AF_INET)
		return p->ip[12] == 127;
	return memcmp(p->ip, v6, sizeof(v6)) == 0;
}

/* Would a dial to `device` come in at `listen`? */
static bool meets(const struct addr *listen, const struct addr *device)
{
	struct peer l = addr_to_peer(listen), d = addr_to_peer(device);

	if (l.family == AF_UNIX || l.port != d.port)
		return false;
	if (addr_equal(listen, device))
		return true;
	/* A dial to no address in particular goes to this machine. */
	return (is_any(&l) || is_loopback(&l)) && is_any(&d) ? true
	    : is_any(&l) && is_loopback(&d);
}

static void check_circle(const struct conf *conf, struct parse *g)
{
	for (size_t i = 0; i < conf->listener.listen_count; i++)
		for (size_t j = 0; j < conf->dial.device_count; j++)
			if (meets(&conf->listener.listen[i],
				&conf->dial.device[j])) {
				parse_fault_of(g, option_table_find("device"),
				    "\"%s\" is the door itself, expected "
				    "another address",
				    conf->dial.device_text);
				return;
			}
}

static void check_local(const struct conf *conf, struct parse *g)
{
	sa_family_t family = conf->dial.local.u.sa.sa_family;

	if (conf->dial.local.len == 0)
		return;
	for (size_t i = 0; i < conf->dial.device_count; i++)
		if (conf->dial.device[i].u.sa.sa_family == family)
			return;
	if (conf->dial.device_count > 0)
		parse_fault_of(g, option_table_find("local-address"),
		    "the device has no address of its family, expected %s",
		    family == AF_INET ? "an IPv6 address" : "an IPv4 address");
}

void conf_check(const struct conf *conf, struct parse *g)
{
	if (!g->asked[COMMAND_SHOW] && !g->file_unread)
		check_given(g);
	check_http(conf, g);
	check_gate(conf, g);
	check_memory(conf, g);
	check_circle(conf, g);
	check_local(conf, g);
}
