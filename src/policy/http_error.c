/*
 * http_error.c: one template, and a table of what is different.
 *
 * The body is for people: what happened, and what they can do. Nothing of
 * the request is repeated in it.
 */
#include "policy/http_error.h"

#include <stdio.h>

#include "base/bug.h"

static const struct answer {
	int status;
	const char *reason;
	const char *says;
} answers[HTTP_ERROR_KINDS] = {
    [HTTP_ERROR_BAD_REQUEST] = {400, "Bad Request",
	"The request could not be understood."},
    [HTTP_ERROR_REQUEST_TIMEOUT] = {408, "Request Timeout",
	"The request did not arrive in time."},
    [HTTP_ERROR_LENGTH_REQUIRED] = {411, "Length Required",
	"A request with a body must say its length in Content-Length."},
    [HTTP_ERROR_HEAD_TOO_LARGE] = {431, "Request Header Fields Too Large",
	"The head of the request is too large."},
    [HTTP_ERROR_BAD_GATEWAY] = {502, "Bad Gateway",
	"The device refused or broke the connection. Please try again."},
    [HTTP_ERROR_BUSY] = {503, "Service Unavailable",
	"Too many others are waiting for the device. Please try again soon."},
    [HTTP_ERROR_DOWN] = {503, "Service Unavailable",
	"The device does not answer at present. It is tried again on its own."},
    [HTTP_ERROR_GATEWAY_TIMEOUT] = {504, "Gateway Timeout",
	"The device did not answer in time."},
};

static const char page[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><title>%d %s</title></head>\n"
    "<body><h1>%s</h1>\n<p>%s</p></body></html>\n";

static const char head[] = "HTTP/1.1 %d %s\r\n"
			   "Content-Type: text/html; charset=utf-8\r\n"
			   "Content-Length: %d\r\n"
			   "Cache-Control: no-store\r\n"
			   "%s"
			   "Connection: close\r\n\r\n%s";

int http_error_status(enum http_error_kind kind)
{
	return answers[kind].status;
}

size_t http_error_write(enum http_error_kind kind, bool to_head,
    unsigned int retry_after_s, char out[HTTP_ERROR_MAX])
{
	const struct answer *a = &answers[kind];
	char body[HTTP_ERROR_MAX], retry[32] = "";
	int body_len, len;

	BUG_ON(a->status == 0);
	if (a->status == 503)
		snprintf(retry, sizeof(retry), "Retry-After: %u\r\n",
		    retry_after_s);
	body_len = snprintf(body, sizeof(body), page, a->status, a->reason,
	    a->reason, a->says);
	len = snprintf(out, HTTP_ERROR_MAX, head, a->status, a->reason, body_len,
	    retry, to_head ? "" : body);
	BUG_ON(len < 0 || len >= HTTP_ERROR_MAX);
	return (size_t)len;
}
