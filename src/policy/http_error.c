/*
 * http_error.c: one template, and a table of what is different.
 *
 * The body is for people: what happened, and what they can do. Nothing of
 * the request is repeated in it.
 */
#include "policy/http_error.h"

#include <stdio.h>

#include "base/bug.h"

/* clang-format off */
static const struct row {
	int status;
	const char *says;
} rows[HTTP_ERROR_KINDS] = {
	[HTTP_ERROR_BAD_REQUEST] = {400,
	    "The request could not be understood."},
	[HTTP_ERROR_REQUEST_CUT] = {400,
	    "The request ended before it was whole."},
	[HTTP_ERROR_METHOD] = {405,
	    "This method is not passed to the device."},
	[HTTP_ERROR_REQUEST_TIMEOUT] = {408,
	    "The request did not arrive in time."},
	[HTTP_ERROR_LENGTH_REQUIRED] = {411,
	    "A request with a body must say its length in Content-Length."},
	[HTTP_ERROR_BODY_TOO_LARGE] = {413,
	    "The body of the request is larger than the device is given."},
	[HTTP_ERROR_REQUEST_LIMIT] = {429,
	    "Too many requests came from your address. Please wait a little."},
	[HTTP_ERROR_HEAD_TOO_LARGE] = {431,
	    "The head of the request is too large."},
	[HTTP_ERROR_REFUSED] = {502,
	    "The device refused the connection. Please try again."},
	[HTTP_ERROR_UNREACHABLE] = {502,
	    "The device cannot be reached."},
	[HTTP_ERROR_DEVICE_RESET] = {502,
	    "The device broke the connection. Please try again."},
	[HTTP_ERROR_DEVICE_EMPTY] = {502,
	    "The device ended the connection without an answer."},
	[HTTP_ERROR_QUEUE_FULL] = {503,
	    "Too many others are waiting for the device. Please try again "
	    "soon."},
	[HTTP_ERROR_QUEUE_TIMEOUT] = {503,
	    "The device was busy with others for too long. Please try again."},
	[HTTP_ERROR_EVICTED] = {503,
	    "The place of this request was given to another address, which had "
	    "fewer."},
	[HTTP_ERROR_PREEMPTED] = {503,
	    "The connection was idle while others waited for the device."},
	[HTTP_ERROR_MAX_AGE] = {503,
	    "The connection was open for as long as one may be."},
	[HTTP_ERROR_SOURCE_LIMIT] = {503,
	    "Your address has as many connections as one may have."},
	[HTTP_ERROR_CLIENT_LIMIT] = {503,
	    "There are too many connections. Please try again soon."},
	[HTTP_ERROR_SUSPECTED] = {503,
	    "The device did not answer a moment ago and is being checked."},
	[HTTP_ERROR_DOWN] = {503,
	    "The device does not answer at present. It is tried again on its "
	    "own."},
	[HTTP_ERROR_HELD] = {503,
	    "The device is held for maintenance."},
	[HTTP_ERROR_NO_STREAM_SLOT] = {503,
	    "The device has as many lasting streams as it may. Please try "
	    "again when another has ended."},
	[HTTP_ERROR_NO_DESCRIPTOR] = {503,
	    "The system has no connection left to reach the device with."},
	[HTTP_ERROR_NO_MEMORY] = {503,
	    "There is no memory for this request at present."},
	[HTTP_ERROR_SHUTDOWN] = {503,
	    "The service in front of the device is being stopped."},
	[HTTP_ERROR_SILENT] = {504,
	    "The device did not answer in time."},
	[HTTP_ERROR_STALLED] = {504,
	    "The device did not take the request in time."},
	[HTTP_ERROR_CONNECT_TIMEOUT] = {504,
	    "The device did not accept a connection in time."},
	[HTTP_ERROR_REPLY_PAUSE] = {504,
	    "The device paused for too long within its answer."},
	[HTTP_ERROR_REPLY_LONG] = {504,
	    "The answer of the device took too long."},
};

static const struct reason {
	int status;
	const char *text;
} reasons[] = {
	{200, "OK"}, {204, "No Content"}, {301, "Moved Permanently"},
	{302, "Found"}, {304, "Not Modified"}, {400, "Bad Request"},
	{401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
	{405, "Method Not Allowed"}, {408, "Request Timeout"}, {410, "Gone"},
	{411, "Length Required"}, {413, "Content Too Large"},
	{429, "Too Many Requests"}, {431, "Request Header Fields Too Large"},
	{451, "Unavailable For Legal Reasons"}, {500, "Internal Server Error"},
	{501, "Not Implemented"}, {502, "Bad Gateway"},
	{503, "Service Unavailable"}, {504, "Gateway Timeout"},
};
/* clang-format on */

static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><title>%d %s</title></head>\n"
    "<body><h1>%s</h1>\n<p>%s</p></body></html>\n";

static const char head[] = "HTTP/1.1 %d %s\r\n"
			   "%s"
			   "Cache-Control: no-store\r\n"
			   "%s"
			   "Connection: close\r\n\r\n%s";

enum { BODY_MAX = 384, FIELD_MAX = 288 };

int http_error_status(enum http_error_kind kind)
{
	return rows[kind].status;
}

/* What a status without words of its own is called: by its class. */
static const char *reason_of(int status)
{
	static const char *const classes[] = {
	    "Success", "Redirection", "Client Error", "Server Error"};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return classes[status / 100 - 2];
}

/* What only some answers say; "" for the others. */
static void put_field(const struct http_error *e, int status, char *out)
{
	out[0] = '\0';
	if (status == 405 && e->kind == HTTP_ERROR_METHOD)
		snprintf(out, FIELD_MAX, "Allow: %.256s\r\n", e->allow);
	else if (e->kind != HTTP_ERROR_ANSWER &&
		 (status == 429 || status == 503))
		snprintf(out, FIELD_MAX, "Retry-After: %u\r\n",
		    e->retry_after_s > 0 ? e->retry_after_s : 1);
}

/* RFC 9110: these have no body, and 204 no Content-Length either. */
static bool has_body(int status)
{
	return status != 204 && status != 205 && status != 304;
}

size_t http_error_write(const struct http_error *e, char out[HTTP_ERROR_MAX])
{
	const struct row *row = &rows[e->kind];
	int status = row->status ? row->status : e->status, len = 0;
	char body[BODY_MAX] = "", extra[FIELD_MAX], type[96] = "";
	const char *reason;

	BUG_ON(status < 200 || status > 599);
	reason = reason_of(status);
	if (has_body(status)) {
		len = snprintf(body, sizeof(body), page, status, reason, reason,
		    row->says ? row->says : "Answered without the device.");
		snprintf(type, sizeof(type),
		    "Content-Type: text/html; charset=utf-8\r\n"
		    "Content-Length: %d\r\n",
		    len);
	} else if (status == 205) {
		snprintf(type, sizeof(type), "Content-Length: 0\r\n");
	}
	BUG_ON(len >= BODY_MAX);
	put_field(e, status, extra);
	len = snprintf(out, HTTP_ERROR_MAX, head, status, reason, type, extra,
	    e->to_head ? "" : body);
	BUG_ON(len < 0 || len >= HTTP_ERROR_MAX);
	return (size_t)len;
}
