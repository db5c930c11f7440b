/*
 * cause.h: why connections end. One table, cause.c; one row, one reason.
 *
 * The first cause given to a connection wins. The words are those of the log
 * and of the counters; they do not change once published.
 */
#ifndef POLICY_CAUSE_H
#define POLICY_CAUSE_H

#include "policy/http_error.h"

enum cause {
	CAUSE_NONE, /* still open */
	CAUSE_DONE,
	CAUSE_CLIENT_RESET,
	CAUSE_CLIENT_LEFT,
	CAUSE_DENIED,
	CAUSE_SOURCE_LIMIT,
	CAUSE_NO_SEAT,
	CAUSE_GATE_TIMEOUT,
	CAUSE_HEAD_LIMIT,
	CAUSE_BAD_HEAD,
	CAUSE_QUEUE_FULL,
	CAUSE_QUEUE_TIMEOUT,
	CAUSE_DISPLACED,
	CAUSE_CONNECT_REFUSED,
	CAUSE_CONNECT_TIMEOUT,
	CAUSE_CONNECT_RESET,
	CAUSE_UNREACHABLE,
	CAUSE_NO_DESCRIPTOR,
	CAUSE_NO_PORT,
	CAUSE_DEVICE_DOWN,
	CAUSE_DEVICE_SILENT,
	CAUSE_DEVICE_RESET,
	CAUSE_REPLY_TIMEOUT,
	CAUSE_REQUEST_TIMEOUT,
	CAUSE_IDLE,
	CAUSE_FIN_TIMEOUT,
	CAUSE_LINGER,
	CAUSE_FEED_TIMEOUT,
	CAUSE_MAX_AGE,
	CAUSE_PREEMPTED,
	CAUSE_NO_MEMORY,
	CAUSE_DRAIN,
	CAUSE_KILLED,
	CAUSE_COUNT,
};

enum blame { BLAME_NOBODY, BLAME_CLIENT, BLAME_DEVICE, BLAME_DOOR };

/* What an end teaches about the device's health. */
enum lesson {
	LESSON_NONE,
	LESSON_REFUSED,
	LESSON_SILENT, /* it took a whole request and said nothing */
};

struct cause_row {
	const char *word;
	enum blame blame;
	enum lesson lesson;
	enum http_error_kind reply; /* what a client who may still be told is told */
	char tcplog;           /* first letter of HAProxy's termination code */
};

const struct cause_row *cause_row(enum cause c);

#endif
