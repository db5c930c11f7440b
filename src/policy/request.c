/*
 * request.c: the gates: what each kind waits for.
 */
#include "policy/request.h"

#include <string.h>

#include "base/bug.h"

static enum request_verdict feed_http(struct request *g,
    const struct request_conf *conf, const char *data, size_t len)
{
	enum request_verdict verdict = REQUEST_WAIT;
	size_t room;

	if (g->head_bytes == 0) {
		room = conf->head_limit_bytes - (size_t)g->fed_bytes;
		verdict =
		    request_read_head(g, conf, data, len < room ? len : room);
		if (verdict == REQUEST_WAIT && g->head_bytes == 0 && len > room)
			return REQUEST_TOO_LARGE;
	}
	g->fed_bytes += len;
	if (verdict != REQUEST_WAIT || g->head_bytes == 0)
		return verdict;
	return g->fed_bytes - g->drop_bytes < g->request_bytes ? REQUEST_WAIT
							       : REQUEST_PASS;
}

static enum request_verdict feed_line(struct request *g,
    const struct request_conf *conf, const char *data, size_t len)
{
	size_t room = conf->head_limit_bytes - (size_t)g->fed_bytes;

	if (len > 0 && memchr(data, '\n', len < room ? len : room))
		return REQUEST_PASS;
	if (len > room)
		return REQUEST_TOO_LARGE;
	g->fed_bytes += len;
	return REQUEST_WAIT;
}

APART static enum request_verdict feed_modbus(
    struct request *g, const char *data, size_t len)
{
	size_t used;

	g->fed_bytes += len;
	switch (modbus_feed(&g->frame, data, len, &used)) {
	case MODBUS_FRAME:
		return REQUEST_PASS;
	case MODBUS_BAD:
		return REQUEST_BAD;
	case MODBUS_WAIT:
		break;
	}
	return REQUEST_WAIT;
}

static enum request_verdict feed(struct request *g,
    const struct request_conf *conf, const char *data, size_t len)
{
	switch (conf->kind) {
	case GATE_DATA:
		return len > 0 ? REQUEST_PASS : REQUEST_WAIT;
	case GATE_LINE:
		return feed_line(g, conf, data, len);
	case GATE_HTTP:
		return len > 0 ? feed_http(g, conf, data, len) : REQUEST_WAIT;
	case GATE_MODBUS:
		return feed_modbus(g, data, len);
	case GATE_NONE:
		break;
	}
	return REQUEST_PASS;
}

void request_init(struct request *g)
{
	*g = (struct request){.request_bytes = UINT64_MAX};
}

enum request_verdict request_feed(struct request *g,
    const struct request_conf *conf, const char *data, size_t len)
{
	if (g->verdict == REQUEST_WAIT)
		g->verdict = (uint8_t)feed(g, conf, data, len);
	return (enum request_verdict)g->verdict;
}

enum request_verdict request_eof(
    struct request *g, const struct request_conf *conf)
{
	if (g->verdict != REQUEST_WAIT)
		return (enum request_verdict)g->verdict;
	if (conf->kind == GATE_NONE)
		g->verdict = REQUEST_PASS;
	else if (!request_began(g))
		g->verdict = REQUEST_EMPTY;
	else
		g->verdict =
		    conf->kind >= GATE_HTTP ? REQUEST_CUT : REQUEST_PASS;
	return (enum request_verdict)g->verdict;
}

bool request_began(const struct request *g)
{
	return g->fed_bytes > (uint64_t)g->drop_bytes + g->cr;
}
