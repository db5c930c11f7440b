/*
 * Proves that a connection's line holds every field in every format, says
 * plainly what is absent, and fits its buffer at its longest.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/access_log.h"
#include "unit.h"

/* 2001-02-03T04:05:06.789Z */
static const int64_t wall_ms = INT64_C(981173106789);

static char line[LOG_LINE_MAX];

static const char *format(const struct access_entry *e, enum log_format f)
{
	size_t len;

	memset(line, '#', sizeof(line));
	len = access_format(e, f, wall_ms, line);
	ck_assert_uint_lt(len, LOG_LINE_MAX);
	ck_assert_uint_eq(strlen(line), len);
	ck_assert_ptr_null(strchr(line, '\n'));
	return line;
}

static void setup(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

static const struct access_entry whole = {
    .client = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 7},
	.port = 33306,
	.family = AF_INET},
    .in_bytes = 11,
    .out_bytes = 22,
    .gate_ms = 33,
    .queue_ms = 44,
    .connect_ms = 55,
    .first_byte_ms = 66,
    .total_ms = 1789,
    .slot = 2,
    .retries = 3,
    .live = 4,
    .cause = CAUSE_CLIENT_RESET,
    .state = 'R'};

static const struct access_entry bare = {.gate_ms = -1,
    .queue_ms = -1,
    .connect_ms = -1,
    .first_byte_ms = -1,
    .total_ms = -1,
    .slot = -1,
    .cause = CAUSE_CLIENT_LIMIT,
    .state = 'D'};

/* tcplog is HAProxy's: client [accept date] frontend backend/server Tw/Tc/Tt
 * bytes termination act/fe/be/srv/retries srv_queue/backend_queue. */
static const struct {
	const struct access_entry *entry;
	enum log_format format;
	const char *line;
} lines[] = {
    {&whole, LOG_LOGFMT,
	"time=2001-02-03T04:05:06.789Z client=192.0.2.7:33306 in=11 out=22 "
	"gate_ms=33 queue_ms=44 connect_ms=55 first_ms=66 total_ms=1789 "
	"slot=2 retries=3 cause=client-reset state=R"},
    {&whole, LOG_JSON,
	"{\"time\":\"2001-02-03T04:05:06.789Z\","
	"\"client\":\"192.0.2.7:33306\",\"in\":11,\"out\":22,"
	"\"gate_ms\":33,\"queue_ms\":44,\"connect_ms\":55,\"first_ms\":66,"
	"\"total_ms\":1789,\"slot\":2,\"retries\":3,"
	"\"cause\":\"client-reset\",\"state\":\"R\"}"},
    {&whole, LOG_TCPLOG,
	"192.0.2.7:33306 [03/Feb/2001:04:05:05.000] front device/device "
	"44/55/1789 22 CD 4/4/4/4/3 0/0"},
    {&bare, LOG_LOGFMT,
	"time=2001-02-03T04:05:06.789Z client=unknown in=0 out=0 "
	"gate_ms=- queue_ms=- connect_ms=- first_ms=- total_ms=- slot=- "
	"retries=0 cause=client-limit state=D"},
    {&bare, LOG_JSON,
	"{\"time\":\"2001-02-03T04:05:06.789Z\",\"client\":\"unknown\","
	"\"in\":0,\"out\":0,\"gate_ms\":null,\"queue_ms\":null,"
	"\"connect_ms\":null,\"first_ms\":null,\"total_ms\":null,"
	"\"slot\":null,\"retries\":0,\"cause\":\"client-limit\","
	"\"state\":\"D\"}"},
};

TEST_ROWS(every_field_is_told_or_said_to_be_absent, lines)
{
	ck_assert_str_eq(format(row->entry, row->format), row->line);
}

TEST(tcplog_says_what_is_absent)
{
	struct access_entry e = bare;

	e.total_ms = 0;
	ck_assert_str_eq(format(&e, LOG_TCPLOG),
	    "unknown [03/Feb/2001:04:05:06.789] front device/<NOSRV> "
	    "-1/-1/0 0 RC 0/0/0/0/0 0/0");
}

static const struct {
	enum cause cause;
	char state;
	const char *code;
} ends[] = {
    {CAUSE_DONE, 'R', " -- "},
    {CAUSE_DONE, 'L', " -- "},
    {CAUSE_GATE_TIMEOUT, 'G', " cR "},
    {CAUSE_QUEUE_TIMEOUT, 'Q', " sQ "},
    {CAUSE_CONNECT_REFUSED, 'D', " SC "},
    {CAUSE_CONNECT_TIMEOUT, 'D', " sC "},
    {CAUSE_DEVICE_RESET, 'R', " SD "},
    {CAUSE_IDLE_TIMEOUT, 'R', " cD "},
    {CAUSE_SEND_TIMEOUT, 'L', " cL "},
};

TEST_ROWS(tcplog_names_the_place_of_the_end, ends)
{
	struct access_entry e = whole;

	e.cause = row->cause;
	e.state = row->state;
	ck_assert_ptr_nonnull(strstr(format(&e, LOG_TCPLOG), row->code));
}

TEST(unix_and_ipv6_clients_are_named)
{
	struct access_entry e = whole;

	e.client.family = AF_UNIX;
	ck_assert_ptr_nonnull(strstr(format(&e, LOG_LOGFMT), " client=unix "));
	e.client.family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8::1", e.client.ip);
	ck_assert_ptr_nonnull(
	    strstr(format(&e, LOG_LOGFMT), " client=[2001:db8::1]:33306 "));
}

TEST(the_longest_line_fits)
{
	struct access_entry e = {.client = {.port = 65535, .family = AF_INET6},
	    .in_bytes = UINT64_MAX,
	    .out_bytes = UINT64_MAX,
	    .gate_ms = INT64_MAX,
	    .queue_ms = INT64_MAX,
	    .connect_ms = INT64_MAX,
	    .first_byte_ms = INT64_MAX,
	    .total_ms = INT64_MAX,
	    .slot = INT32_MAX,
	    .retries = UINT32_MAX,
	    .live = UINT32_MAX,
	    .state = 'R'};

	memset(e.client.ip, 0xfe, sizeof(e.client.ip));
	for (e.cause = CAUSE_NONE; e.cause < CAUSE_COUNT; e.cause++) {
		e.total_ms = INT64_MAX;
		format(&e, LOG_LOGFMT);
		ck_assert_ptr_nonnull(strstr(line, "18446744073709551615"));
		ck_assert_ptr_nonnull(strstr(line, "state=R"));
		format(&e, LOG_JSON);
		ck_assert_int_eq(line[strlen(line) - 1], '}');
		/* The date is that of the accept: total_ms ago. */
		e.total_ms = wall_ms;
		format(&e, LOG_TCPLOG);
		ck_assert_ptr_nonnull(strstr(line, "01/Jan/1970"));
	}
}

FIXTURE(setup, NULL)
