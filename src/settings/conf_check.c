/*
 * conf_check.c: settings, each good by itself, that do not go together.
 */
#include "settings/conf_load.h"

#include <inttypes.h>
#include <string.h>

#include "base/chunk.h"
#include "settings/conf.h"
#include "settings/option_table.h"
#include "settings/parse.h"

static void check_required(struct parse *p)
{
	bool listen = parse_last(p, option_table_find("listen"));
	bool device = parse_last(p, option_table_find("device"));

	if (p->missing_operand)
		return;
	if (!listen && !device && !p->file) {
		parse_error(p, &(struct parse_item){0},
		    "missing LISTEN and DEVICE arguments: expected them, see "
		    "sallyport --help");
		return;
	}
	if (!listen)
		parse_error_of(
		    p, "listen", "is missing: expected where to listen");
	if (!device)
		parse_error_of(
		    p, "device", "is missing: expected the device's address");
}

/* What makes no sense unless requests are read. */
static void check_http(const struct conf *conf, struct parse *p)
{
	const struct request_conf *r = &conf->request;
	const struct {
		const char *name;
		bool is_set;
	} wanted[] = {
	    {"share", conf->conn.share},
	    {"upgrade", r->upgrade},
	    {"answer", r->answer_count > 0},
	    {"strip-header", r->strip_count > 0},
	    {"request-limit", conf->clients.request_limit > 0},
	};

	if (parse_is_faulty(p, option_table_find("gate")))
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (r->kind != GATE_HTTP && wanted[i].is_set)
			parse_error_of(p, wanted[i].name,
			    "is set, but requests are not read: expected "
			    "gate http with it");
	if (conf->http_error.busy_path && r->kind == GATE_HTTP)
		parse_error_of(p, "busy-reply",
		    "is set, but gate http makes its own answers: expected "
		    "another gate");
}

static void check_replies(const struct conf *conf, struct parse *p)
{
	const struct request_conf *r = &conf->request;

	if (conf->conn.share && conf->relay.reply != REPLY_HOLD)
		parse_error_of(p, "share",
		    "gives out whole replies: expected reply hold with it");
	if (conf->conn.keep_reply_ms > 0 && !conf->conn.share)
		parse_error_of(p, "keep-reply",
		    "is set, but share is off: expected share on with it");
	if (r->body_max_bytes == SIZE_MAX && r->body_limit_bytes == 0)
		parse_error_of(p, "body-max",
		    "is body-limit, which is 0: expected a size, or 0 for no "
		    "limit");
}

/* What cannot be, once all clients share a connection. */
static void check_shared(const struct conf *conf, struct parse *p)
{
	enum gate_kind gate = conf->request.kind;

	if (parse_is_faulty(p, option_table_find("gate")))
		return;
	if (conf->shared.pipeline > 1 &&
	    (!conf->shared.on || gate != GATE_MODBUS))
		parse_error_of(p, "pipeline",
		    "is more than 1: expected gate modbus and "
		    "shared-connection on with it");
	if (!conf->shared.on)
		return;
	if (gate != GATE_MODBUS && gate != GATE_LINE)
		parse_error_of(p, "shared-connection",
		    "is on, but requests cannot be told apart: expected gate "
		    "modbus or line with it");
	if (conf->link.send_proxy > 0)
		parse_error_of(p, "send-proxy",
		    "is set, but shared-connection is on and has no client of "
		    "its own: expected one of them off");
	if (conf->health.probe)
		parse_error_of(p, "probe",
		    "is set, but shared-connection is on: expected off, the "
		    "next request is the probe");
}

static uint64_t chunk_bytes_for(size_t bytes)
{
	return (bytes / CHUNK_BYTES + 1) * sizeof(struct chunk);
}

/* Memory is given out in chunks. Each slot has its reply-buffer reserved, and
 * one request must fit beside them, or none could ever pass. */
static void check_memory(const struct conf *conf, struct parse *p)
{
	unsigned int slots = conf->slots.slots > 0 ? conf->slots.slots : 1;
	uint64_t need =
	    slots * chunk_bytes_for(conf->relay.reply_buffer_bytes) +
	    chunk_bytes_for(conf->request.head_limit_bytes +
			    conf->request.body_limit_bytes);

	if (conf->conn.memory_bytes < need)
		parse_error_of(p, "memory",
		    "is too small for %u repl%s of reply-buffer and a request "
		    "of head-limit and body-limit: expected %" PRIu64
		    "k or more",
		    slots, slots > 1 ? "ies" : "y", (need + 1023) / 1024);
}

static bool is_any(const struct peer *peer)
{
	static const uint8_t v6[16];
	static const uint8_t v4[16] = {[10] = 255, [11] = 255};

	return memcmp(peer->ip, v6, sizeof(v6)) == 0 ||
	       memcmp(peer->ip, v4, sizeof(v4)) == 0;
}

static bool is_loopback(const struct peer *peer)
{
	static const uint8_t v6[16] = {[15] = 1};

	if (peer->family == AF_INET)
		return peer->ip[12] == 127;
	return memcmp(peer->ip, v6, sizeof(v6)) == 0;
}

/* Would a connect to `device` come in at `listen`? */
static bool meets(const struct addr *listen, const struct addr *device)
{
	struct peer l = addr_to_peer(listen), d = addr_to_peer(device);

	if (l.family == AF_UNIX || l.port != d.port)
		return false;
	if (addr_equal(listen, device))
		return true;
	/* A connect to no address in particular goes to this machine. */
	return (is_any(&l) || is_loopback(&l)) && is_any(&d)
		   ? true
		   : is_any(&l) && is_loopback(&d);
}

static void check_circle(const struct conf *conf, struct parse *p)
{
	for (size_t i = 0; i < conf->listener.listen_count; i++)
		for (size_t j = 0; j < conf->link.device_count; j++)
			if (meets(&conf->listener.listen[i],
				&conf->link.device[j])) {
				parse_error_of(p, "device",
				    "\"%s\" is the proxy itself: expected "
				    "another address",
				    conf->link.device_text);
				return;
			}
}

static void check_local(const struct conf *conf, struct parse *p)
{
	sa_family_t family = conf->link.local.u.sa.sa_family;

	if (conf->link.local.len == 0)
		return;
	for (size_t i = 0; i < conf->link.device_count; i++)
		if (conf->link.device[i].u.sa.sa_family == family)
			return;
	if (conf->link.device_count > 0)
		parse_error_of(p, "local-address",
		    "has a family of which the device has no address: "
		    "expected %s",
		    family == AF_INET ? "an IPv6 address" : "an IPv4 address");
}

void conf_check(const struct conf *conf, struct parse *p)
{
	if (!p->asked[COMMAND_SHOW] && !p->file_unread)
		check_required(p);
	check_http(conf, p);
	check_replies(conf, p);
	check_shared(conf, p);
	check_memory(conf, p);
	check_circle(conf, p);
	check_local(conf, p);
}
