/*
 * cause.c: the table of ends.
 */
#include "policy/cause.h"

#include "base/bug.h"

/* clang-format off */
#define ROW(cause, word, blame, level, http_error, letter)                     \
	[CAUSE_##cause] = {word, BLAME_##blame, CAUSE_##level,                 \
	    HTTP_ERROR_##http_error, letter}

static const struct cause_row rows[CAUSE_COUNT] = {
ROW(NONE,             "none",             NOBODY, INFO, NONE,            '-'),
ROW(DONE,             "done",             NOBODY, INFO, NONE,            '-'),
ROW(ANSWERED,         "answered",         NOBODY, INFO, ANSWER,          'L'),
ROW(CLIENT_RESET,     "client-reset",     CLIENT, INFO, NONE,            'C'),
ROW(CLIENT_LEFT,      "client-left",      CLIENT, INFO, NONE,            'C'),
ROW(DENIED,           "denied",           CLIENT, INFO, NONE,            'P'),
ROW(SOURCE_LIMIT,     "source-limit",     CLIENT, INFO, SOURCE_LIMIT,    'P'),
ROW(REQUEST_LIMIT,    "request-limit",    CLIENT, INFO, REQUEST_LIMIT,   'P'),
ROW(CLIENT_LIMIT,     "client-limit",     PROXY,  WARN, CLIENT_LIMIT,    'R'),
ROW(GATE_TIMEOUT,     "gate-timeout",     CLIENT, INFO, REQUEST_TIMEOUT, 'c'),
ROW(HEAD_LIMIT,       "head-limit",       CLIENT, INFO, HEAD_TOO_LARGE,  'P'),
ROW(BAD_HEAD,         "bad-head",         CLIENT, INFO, BAD_REQUEST,     'P'),
ROW(REQUEST_CUT,      "request-cut",      CLIENT, INFO, REQUEST_CUT,     'C'),
ROW(METHOD,           "method",           CLIENT, INFO, METHOD,          'P'),
ROW(LENGTH_REQUIRED,  "length-required",  CLIENT, INFO, LENGTH_REQUIRED, 'P'),
ROW(BODY_LIMIT,       "body-limit",       CLIENT, INFO, BODY_TOO_LARGE,  'P'),
ROW(QUEUE_FULL,       "queue-full",       PROXY,  INFO, QUEUE_FULL,      'S'),
ROW(QUEUE_TIMEOUT,    "queue-timeout",    PROXY,  INFO, QUEUE_TIMEOUT,   's'),
ROW(EVICTED,          "evicted",          CLIENT, INFO, EVICTED,         'P'),
ROW(CONNECT_REFUSED,  "connect-refused",  DEVICE, INFO, REFUSED,         'S'),
ROW(CONNECT_TIMEOUT,  "connect-timeout",  DEVICE, INFO, CONNECT_TIMEOUT, 's'),
ROW(CONNECT_RESET,    "connect-reset",    DEVICE, INFO, DEVICE_RESET,    'S'),
ROW(UNREACHABLE,      "unreachable",      DEVICE, INFO, UNREACHABLE,     'S'),
ROW(NO_DESCRIPTOR,    "no-descriptor",    PROXY,  WARN, NO_DESCRIPTOR,   'R'),
ROW(NO_PORT,          "no-port",          PROXY,  WARN, NO_DESCRIPTOR,   'R'),
ROW(NO_STREAM_SLOT,   "no-stream-slot",   PROXY,  INFO, NO_STREAM_SLOT,  'R'),
ROW(NO_MEMORY,        "no-memory",        PROXY,  WARN, NO_MEMORY,       'R'),
ROW(DEVICE_SUSPECTED, "device-suspected", DEVICE, INFO, SUSPECTED,       'D'),
ROW(DEVICE_DOWN,      "device-down",      DEVICE, INFO, DOWN,            'D'),
ROW(DEVICE_HELD,      "device-held",      PROXY,  INFO, HELD,            'D'),
ROW(DEVICE_SILENT,    "device-silent",    DEVICE, INFO, SILENT,          's'),
ROW(DEVICE_STALLED,   "device-stalled",   DEVICE, INFO, STALLED,         's'),
ROW(DEVICE_RESET,     "device-reset",     DEVICE, INFO, DEVICE_RESET,    'S'),
ROW(DEVICE_EMPTY,     "device-empty",     DEVICE, INFO, DEVICE_EMPTY,    'S'),
ROW(REPLY_TIMEOUT,    "reply-timeout",    DEVICE, INFO, REPLY_PAUSE,     's'),
ROW(REPLY_MAX,        "reply-max",        NOBODY, INFO, REPLY_LONG,      's'),
ROW(REQUEST_TIMEOUT,  "request-timeout",  CLIENT, INFO, REQUEST_TIMEOUT, 'c'),
ROW(REQUEST_RATE,     "request-rate",     CLIENT, INFO, REQUEST_TIMEOUT, 'c'),
ROW(SEND_TIMEOUT,     "send-timeout",     CLIENT, INFO, NONE,            'c'),
ROW(SEND_RATE,        "send-rate",        CLIENT, INFO, NONE,            'c'),
ROW(IDLE_TIMEOUT,     "idle-timeout",     NOBODY, INFO, SILENT,          'c'),
ROW(FIN_TIMEOUT,      "fin-timeout",      NOBODY, INFO, SILENT,          'c'),
ROW(LINGER_TIMEOUT,   "linger-timeout",   CLIENT, INFO, NONE,            'c'),
ROW(STREAM_TIMEOUT,   "stream-timeout",   NOBODY, INFO, NONE,            's'),
ROW(STREAM_YIELD,     "stream-yield",     PROXY,  INFO, NONE,            'L'),
ROW(STREAM_LIMIT,     "stream-limit",     PROXY,  INFO, NONE,            'L'),
ROW(MAX_AGE,          "max-age",          PROXY,  INFO, MAX_AGE,         'L'),
ROW(PREEMPTED,        "preempted",        PROXY,  INFO, PREEMPTED,       'L'),
ROW(SHUTDOWN,         "shutdown",         PROXY,  INFO, SHUTDOWN,        'K'),
ROW(FORCED,           "forced",           PROXY,  INFO, NONE,            'K'),
};
/* clang-format on */

const struct cause_row *cause_row(enum cause c)
{
	BUG_ON(c >= CAUSE_COUNT);
	return &rows[c];
}
