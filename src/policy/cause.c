/*
 * cause.c: the table of ends.
 */
#include "policy/cause.h"

#include "base/bug.h"

/* clang-format off */
static const struct cause_row rows[CAUSE_COUNT] = {
	[CAUSE_NONE]            = {"none", BLAME_NOBODY, LESSON_NONE, HTTP_ERROR_NONE,            '-'},
	[CAUSE_DONE]            = {"done", BLAME_NOBODY, LESSON_NONE, HTTP_ERROR_NONE,            '-'},
	[CAUSE_CLIENT_RESET]    = {"client-reset", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_NONE,            'C'},
	[CAUSE_CLIENT_LEFT]     = {"client-left", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_NONE,            'C'},
	[CAUSE_DENIED]          = {"denied", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_NONE,            'P'},
	[CAUSE_SOURCE_LIMIT]    = {"source-limit", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_BUSY,            'P'},
	[CAUSE_NO_SEAT]         = {"no-seat", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'R'},
	[CAUSE_GATE_TIMEOUT]    = {"gate-timeout", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_REQUEST_TIMEOUT, 'c'},
	[CAUSE_HEAD_LIMIT]      = {"head-limit", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_HEAD_TOO_LARGE,  'P'},
	[CAUSE_BAD_HEAD]        = {"bad-head", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_BAD_REQUEST,     'P'},
	[CAUSE_QUEUE_FULL]      = {"queue-full", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'S'},
	[CAUSE_QUEUE_TIMEOUT]   = {"queue-timeout", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            's'},
	[CAUSE_DISPLACED]       = {"displaced", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_BUSY,            'P'},
	[CAUSE_CONNECT_REFUSED] = {"connect-refused", BLAME_DEVICE, LESSON_REFUSED, HTTP_ERROR_BAD_GATEWAY,     'S'},
	[CAUSE_CONNECT_TIMEOUT] = {"connect-timeout", BLAME_DEVICE, LESSON_SILENT, HTTP_ERROR_GATEWAY_TIMEOUT, 's'},
	[CAUSE_CONNECT_RESET]   = {"connect-reset", BLAME_DEVICE, LESSON_REFUSED, HTTP_ERROR_BAD_GATEWAY,     'S'},
	[CAUSE_UNREACHABLE]     = {"unreachable", BLAME_DEVICE, LESSON_SILENT, HTTP_ERROR_BAD_GATEWAY,     'S'},
	[CAUSE_NO_DESCRIPTOR]   = {"no-descriptor", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'R'},
	[CAUSE_NO_PORT]         = {"no-port", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'R'},
	[CAUSE_DEVICE_DOWN]     = {"device-down", BLAME_DEVICE, LESSON_NONE, HTTP_ERROR_DOWN,            'D'},
	[CAUSE_DEVICE_SILENT]   = {"device-silent", BLAME_DEVICE, LESSON_SILENT, HTTP_ERROR_GATEWAY_TIMEOUT, 's'},
	[CAUSE_DEVICE_RESET]    = {"device-reset", BLAME_DEVICE, LESSON_REFUSED, HTTP_ERROR_BAD_GATEWAY,     'S'},
	[CAUSE_REPLY_TIMEOUT]   = {"reply-timeout", BLAME_DEVICE, LESSON_SILENT, HTTP_ERROR_GATEWAY_TIMEOUT, 's'},
	[CAUSE_REQUEST_TIMEOUT] = {"request-timeout", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_REQUEST_TIMEOUT, 'c'},
	[CAUSE_IDLE]            = {"idle", BLAME_NOBODY, LESSON_NONE, HTTP_ERROR_GATEWAY_TIMEOUT, 'c'},
	[CAUSE_FIN_TIMEOUT]     = {"fin-timeout", BLAME_NOBODY, LESSON_NONE, HTTP_ERROR_GATEWAY_TIMEOUT, 'c'},
	[CAUSE_LINGER]          = {"linger", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_NONE,            'c'},
	[CAUSE_FEED_TIMEOUT]    = {"feed-timeout", BLAME_CLIENT, LESSON_NONE, HTTP_ERROR_NONE,            'c'},
	[CAUSE_MAX_AGE]         = {"max-age", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'L'},
	[CAUSE_PREEMPTED]       = {"preempted", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'L'},
	[CAUSE_NO_MEMORY]       = {"no-memory", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_BUSY,            'R'},
	[CAUSE_DRAIN]           = {"drain", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_NONE,            'K'},
	[CAUSE_KILLED]          = {"killed", BLAME_DOOR, LESSON_NONE, HTTP_ERROR_NONE,            'K'},
};
/* clang-format on */

const struct cause_row *cause_row(enum cause c)
{
	BUG_ON(c >= CAUSE_COUNT);
	return &rows[c];
}
