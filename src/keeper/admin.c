/*
 * admin.c: replies of the admin address: three views and four refusals.
 */
#include <inttypes.h>

#include "keeper/admin_request.h"
#include "keeper/facts.h"
#include "keeper/report.h"

static const char security[] =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; style-src "
    "'unsafe-inline'\r\n"
    "Connection: close\r\n\r\n";

static const char *const statuses[] = {
    [ADMIN_PAGE] = "200 OK",
    [ADMIN_METRICS] = "200 OK",
    [ADMIN_JSON] = "200 OK",
    [ADMIN_BAD_REQUEST] = "400 Bad Request",
    [ADMIN_NOT_FOUND] = "404 Not Found",
    [ADMIN_METHOD] = "405 Method Not Allowed\r\nAllow: GET, HEAD",
    [ADMIN_HOST] = "421 Misdirected Request",
};

static const char *const types[] = {
    [ADMIN_PAGE] = "text/html; charset=utf-8",
    [ADMIN_METRICS] =
	"application/openmetrics-text; version=1.0.0; charset=utf-8",
    [ADMIN_JSON] = "application/json",
    [ADMIN_BAD_REQUEST] = "text/plain",
    [ADMIN_NOT_FOUND] = "text/plain",
    [ADMIN_METHOD] = "text/plain",
    [ADMIN_HOST] = "text/plain",
};

static void put_body(struct keeper *k, enum admin_view view, struct text *body)
{
	struct facts_texts texts;
	struct status_facts f;

	facts_gather(k, &f, &texts);
	switch (view) {
	case ADMIN_PAGE:
		page_text(&f, body);
		break;
	case ADMIN_METRICS:
		metrics_text(&f, body);
		break;
	case ADMIN_JSON:
		status_json(&f, body);
		break;
	case ADMIN_BAD_REQUEST:
		text_printf(body, "This is no request that is read here.\n");
		break;
	case ADMIN_NOT_FOUND:
		text_printf(body, "There are /, /metrics and /status.json.\n");
		break;
	case ADMIN_METHOD:
		text_printf(body, "Only GET and HEAD.\n");
		break;
	case ADMIN_HOST:
		text_printf(body, "Ask by an address, or as localhost.\n");
		break;
	}
}

enum responder_verdict admin_answer(
    void *keeper, struct responder_peer *p, struct text *reply)
{
	static char bytes[STATUS_TEXT_MAX - 1024];
	struct text body = {.bytes = bytes, .size = sizeof(bytes)};
	struct admin_request r;

	if (!admin_read(p->asked, p->len, &r))
		return RESPONDER_MORE;
	if ((r.view == ADMIN_PAGE || r.view == ADMIN_JSON) &&
	    !facts_are_fresh(keeper) && !responder_is_late(p, keeper_now_ms()))
		return RESPONDER_LATER;
	put_body(keeper, r.view, &body);
	text_printf(reply,
	    "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s",
	    statuses[r.view], types[r.view], body.len, security);
	if (!r.head)
		text_add_bytes(reply, body.bytes, body.len);
	return RESPONDER_ANSWERED;
}
