/*
 * cause.h: why connections end. One table, cause.c; one row, one reason.
 *
 * The first cause given to a connection wins. The words are those of the log
 * and of the counters, one each; they do not change once published.
 */
#ifndef POLICY_CAUSE_H
#define POLICY_CAUSE_H

#include "policy/http_error.h"

enum cause {
	CAUSE_NONE, /* still open */
	CAUSE_DONE,
	CAUSE_ANSWERED,
	CAUSE_CLIENT_RESET,
	CAUSE_CLIENT_LEFT,
	CAUSE_DENIED,
	CAUSE_SOURCE_LIMIT,
	CAUSE_REQUEST_LIMIT,
	CAUSE_CLIENT_LIMIT,
	CAUSE_GATE_TIMEOUT,
	CAUSE_HEAD_LIMIT,
	CAUSE_BAD_HEAD,
	CAUSE_REQUEST_CUT,
	CAUSE_METHOD,
	CAUSE_LENGTH_REQUIRED,
	CAUSE_BODY_LIMIT,
	CAUSE_QUEUE_FULL,
	CAUSE_QUEUE_TIMEOUT,
	CAUSE_EVICTED,
	CAUSE_CONNECT_REFUSED,
	CAUSE_CONNECT_TIMEOUT,
	CAUSE_CONNECT_RESET,
	CAUSE_UNREACHABLE,
	CAUSE_NO_DESCRIPTOR,
	CAUSE_NO_PORT,
	CAUSE_NO_STREAM_SLOT,
	CAUSE_NO_MEMORY,
	CAUSE_DEVICE_SUSPECTED,
	CAUSE_DEVICE_DOWN,
	CAUSE_DEVICE_HELD,
	CAUSE_DEVICE_SILENT,
	CAUSE_DEVICE_STALLED,
	CAUSE_DEVICE_RESET,
	CAUSE_DEVICE_EMPTY,
	CAUSE_REPLY_TIMEOUT,
	CAUSE_REPLY_MAX,
	CAUSE_REQUEST_TIMEOUT,
	CAUSE_REQUEST_RATE,
	CAUSE_SEND_TIMEOUT,
	CAUSE_SEND_RATE,
	CAUSE_IDLE_TIMEOUT,
	CAUSE_FIN_TIMEOUT,
	CAUSE_LINGER_TIMEOUT,
	CAUSE_STREAM_TIMEOUT,
	CAUSE_STREAM_YIELD,
	CAUSE_STREAM_LIMIT,
	CAUSE_MAX_AGE,
	CAUSE_PREEMPTED,
	CAUSE_SHUTDOWN,
	CAUSE_FORCED,
	CAUSE_COUNT,
};

enum blame { BLAME_NOBODY, BLAME_CLIENT, BLAME_DEVICE, BLAME_PROXY };

/* How loudly it is logged. */
enum cause_level { CAUSE_INFO, CAUSE_WARN };

struct cause_row {
	const char *word; /* in the log, and the name of its counter */
	enum blame blame;
	enum cause_level level;
	enum http_error_kind reply; /* said to a client who may still be told */
	char tcplog; /* first letter of HAProxy's termination code */
};

const struct cause_row *cause_row(enum cause c);

#endif
