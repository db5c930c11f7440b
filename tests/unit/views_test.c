/*
 * Proves that text, JSON, metrics, page, connections and the hourly summary
 * say the facts, each in its form, and that no text from outside leaves its
 * place there.
 */
#include "keeper/summary.h"
#include "status_fixture.h"

static void setup(void)
{
	f = facts_new();
}

FIXTURE(setup, NULL)

static const char hostile[] =
    "<script>alert(1)</script>\"'&\\\n\x01\xff</title></b>";

/* An hour of clients that the device has served, and two that it has not. */
static void be_busy(void)
{
	f.sum.accepted = 17;
	f.sum.ended[CAUSE_DONE] = 12;
	f.sum.ended[CAUSE_DEVICE_SILENT] = 2;
	f.sum.slots_taken = 1;
	f.sum.in_bytes = 1234;
	f.sum.out_bytes = 56789;
	f.sum.sources = 2;
	add_client("10.0.0.1", 41022, 'R', 2000);
	add_client("10.0.0.2", 1, 'Q', 1000);
	add_client("10.0.0.2", 2, 'Q', 500);
	for (int i = 0; i < 20; i++)
		stats_delay(&f.sum, STATS_FIRST_BYTE, 200);
	stats_end(&f.sum, &(struct peer){.family = AF_UNIX},
	    CAUSE_DEVICE_SILENT, f.now_ms - 61000);
	note_ago(HEALTH_UP, HEALTH_WHY_START, 3600000);
}

TEST(the_text_says_it)
{
	be_busy();
	ck_assert_has(view(status_text),
	    "lab: 127.0.0.1:8001 -> 192.168.1.10:80, "
	    "profile w5500, for 1 h 0 min\n",
	    "\nslots 1 of 3 taken, 0 quarantined; 2 of 64 waiting; "
	    "3 connections of 2 addresses\n",
	    "\nat the device: 10.0.0.1:41022 2 s\n",
	    "\nwaiting: 10.0.0.2 x2 1 s\n",
	    "\naccepted 17, done 12, device-silent 2\n",
	    "\nnot done: 11:58:59 unix device-silent\n",
	    "\nlast 15 min: 17 clients; slowest: device's first byte\n",
	    "  device's first byte    half within   256 ms, "
	    "95 %   256 ms, 99 %   256 ms\n",
	    "\n11:00:00 up: not down so far\n");
	ck_assert_lacks(view(status_text), "connect to the device");
	f.is_draining = f.was_refused = true;
	fixture_stats.slots = 0;
	ck_assert_has(view(status_text),
	    ", draining; the last reload or upgrade was refused, the log says "
	    "why\n");
	ck_assert_has(view(page_text), ", draining; the last reload or ");
	ck_assert_has(single_quoted(status_json), "'refused':true,");
	ck_assert_lacks(view(status_text), "slots");
}

TEST(the_json_says_it)
{
	be_busy();
	ck_assert_has(single_quoted(status_json),
	    "{'state':'up','headline':'device up since",
	    ",'slots':3,'slots_taken':1,",
	    ",'queue':2,'queue_places':64,'connections':3,'sources':2,",
	    ",'accepted':17,'in_bytes':1234,'out_bytes':56789,",
	    "'ended':{'done':12,'device-silent':2}",
	    "'first_byte':{'p50_ms':256,'p95_ms':256,'p99_ms':256}",
	    "'at_device':"
	    "[{'client':'10.0.0.1:41022','count':1,'for_ms':2000}]",
	    "'waiting':[{'client':'10.0.0.2','count':2,'for_ms':1000}]",
	    "'state':'up','why':'not down so far'}]");
	ck_assert_lacks(single_quoted(status_json), "next_probe_ms");
	f.sum.health = HEALTH_DOWN;
	f.sum.next_probe_ms = f.now_ms + 1500;
	ck_assert_has(view(status_json), ",\"next_probe_ms\":1500,");
	f.sum.next_probe_ms = f.now_ms - 1;
	ck_assert_has(view(status_json), ",\"next_probe_ms\":0,");
	f.name = hostile;
	ck_assert_has(view(status_json),
	    "\"name\":\"<script>alert(1)</script>\\\"'&\\\\\\u000a\\u0001"
	    "\\u00ff</title></b>\"");
}

TEST(the_last_minutes_are_bars)
{
	struct recent *r = &fixture_history.recent;

	(void)recent_run(r, &f.sum, 1);
	ck_assert_lacks(view(status_text), "clients/min");
	f.sum.accepted += 7;
	stats_delay(&f.sum, STATS_TOTAL, 100);
	(void)recent_run(r, &f.sum, 60001);
	f.sum.accepted += 14;
	stats_delay(&f.sum, STATS_TOTAL, 10);
	(void)recent_run(r, &f.sum, 120001);
	ck_assert_has(view(status_text), "\nclients/min  ",
	    " \u2584\u2588 14\n95 % ms  ", " \u2588\u2581 128\n");
	ck_assert_has(single_quoted(page_text),
	    "<i style='height:0%'></i><i style='height:50%'></i>"
	    "<i style='height:100%'></i></div>",
	    "<span>at most 14</span>");
}

TEST(windows_are_told_apart)
{
	for (int64_t minute = 0; minute < 180; minute++) {
		(void)recent_run(
		    &fixture_history.recent, &f.sum, 1 + minute * 60000);
		f.sum.accepted++;
	}
	ck_assert_has(view(status_json), "{\"minutes\":1,\"accepted\":2,",
	    "{\"minutes\":60,\"accepted\":61,",
	    "{\"minutes\":1440,\"accepted\":180,");
}

TEST(the_metrics_say_it)
{
	const char *said;

	be_busy();
	ck_assert_has(single_quoted(metrics_text),
	    "\nsallyport_device_up{proxy='lab'} 1\n",
	    "\nsallyport_device_state{proxy='lab',state='up'} 1\n",
	    "\nsallyport_device_state{proxy='lab',state='down'} 0\n",
	    "\nsallyport_device_state_age_seconds{proxy='lab'} 3600\n",
	    "\nsallyport_start_time_seconds{proxy='lab'} 1795604400\n",
	    "\nsallyport_slots_taken{proxy='lab'} 1\n",
	    "\nsallyport_queue_length{proxy='lab'} 2\n",
	    "# TYPE sallyport_accepted_connections counter\n"
	    "# HELP sallyport_accepted_connections Connections accepted.\n"
	    "sallyport_accepted_connections_total{proxy='lab'} 17\n",
	    "\nsallyport_ended_connections_total"
	    "{proxy='lab',cause='device-silent'} 2\n",
	    "sallyport_first_byte_seconds_bucket{proxy='lab',le='0.128'} 0\n"
	    "sallyport_first_byte_seconds_bucket{proxy='lab',le='0.256'} 20\n",
	    "sallyport_first_byte_seconds_bucket{proxy='lab',le='+Inf'} 20\n"
	    "sallyport_first_byte_seconds_sum{proxy='lab'} 4.000\n"
	    "sallyport_first_byte_seconds_count{proxy='lab'} 20\n",
	    "sallyport_received_bytes_total{proxy='lab'} 1234\n",
	    "sallyport_sent_bytes_total{proxy='lab'} 56789\n");
	said = view(metrics_text);
	ck_assert_str_eq(said + strlen(said) - 6, "# EOF\n");
	f.sum.health = HEALTH_SUSPECTED;
	ck_assert_has(view(metrics_text), "_device_up{proxy=\"lab\"} 1");
	f.sum.health = HEALTH_DOWN;
	ck_assert_has(view(metrics_text), "_device_up{proxy=\"lab\"} 0");
}

TEST(the_page_says_it)
{
	be_busy();
	ck_assert_has(single_quoted(page_text), "<title>up: lab</title>",
	    "<meta http-equiv='refresh' content='1'>",
	    "<div class='s up'><span>device</span> <b id='state'>up</b> ",
	    "<span id='since'>since 11:00:00, for 1 h 0 min</span>"
	    "<p id='why'>not down so far</p>",
	    "<b id='slots'>1 of 3</b>slots of the device taken",
	    "<b id='queue'>2 of 64</b>waiting",
	    "<b id='slowest'>0.256 s</b>slow: device's first byte; "
	    "95 of 100 take less",
	    "<td class='g'>10.0.0.1:41022<td class='r'>1<td class='r'>2 s",
	    "<td class='g'>10.0.0.2<td class='r'>2<td class='r'>1 s",
	    "<tr class='x'><td>device's first byte<td class='r'>256"
	    "<td class='r'>256<td class='r'>256<td class='r o'>256",
	    "<tr><td>device-silent<td class='r'>2"
	    "<td class='w'><i class='down' style='width:16%'>",
	    "<h2>The latest that did not end in order</h2><table>"
	    "<tr><td>11:58:59<td class='g'>unix<td class='down'>device-silent",
	    "127.0.0.1:8001 &rarr; 192.168.1.10:80, profile w5500</div>",
	    "<p class='m'>As of 12:00:00, the clock of the proxy.");
	ck_assert_lacks(single_quoted(page_text), "id='advice'",
	    "after a bad end", "id='outage'", "more clients");
	note_ago(HEALTH_DOWN, HEALTH_WHY_SILENT, 5000);
	ck_assert_has(single_quoted(page_text),
	    "silent after a whole request<td class='r'>5 s",
	    "not down so far<td class='r'>59 min 55 s");
	f.sum.slots_quarantined = 1;
	f.sum.queue += 5;
	note_ago(HEALTH_UP, HEALTH_WHY_SERVED, 2000);
	ck_assert_has(single_quoted(page_text),
	    "<b>1</b>slots quarantined after a bad end", "id='outage'>",
	    "<p class='m'>and 5 more clients</p>");
	ck_assert_has(view(status_text), ", 5 more clients\n");
	f.sum.health = HEALTH_DOWN;
	f.sum.is_stuck = true;
	ck_assert_has(single_quoted(page_text), "<b id='state'>stuck</b>",
	    "sallyport control /tmp/lab hold");
	f.sum.is_protected = false;
	ck_assert_lacks(single_quoted(page_text), "id='strip'", "id='queue'");
}

/* The text shows six of them, the page eight. */
TEST(addresses_beyond_those_shown_are_counted)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2",
	    "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7",
	    "10.0.0.8", "10.0.0.9"};

	for (int i = 0; i < 9; i++)
		add_client(addresses[i], 1, 'Q', 1000);
	ck_assert_has(view(status_text), "10.0.0.6:1 1 s, 3 more addresses\n");
	ck_assert_has(view(page_text), "and 1 more addresses</p>");
}

/* Whoever chose them: the operator, a file's name, a resolver. */
TEST(no_text_leaves_its_place_on_the_page)
{
	be_busy();
	f.name = f.listen = f.device = hostile;
	f.sum.health = HEALTH_DOWN;
	f.sum.is_stuck = true;
	ck_assert_lacks(view(page_text), "<script", "\"'&");
	ck_assert_has(view(page_text),
	    "<h1>&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\");
	f.sum.health = HEALTH_HELD;
	ck_assert_lacks(view(page_text), "<script");
}

TEST(the_connections_say_it)
{
	be_busy();
	add_client("2001:db8::1", 3, 'G', 65000);
	add_client("10.0.0.4", 4, 'S', 1);
	add_client("10.0.0.4", 5, 'D', 1);
	add_client("10.0.0.4", 6, 'L', 1);
	f.sum.live += 9;
	ck_assert_has(view(conns_text),
	    "client                state    for          connected      "
	    "bytes in  bytes out\n"
	    "10.0.0.1:41022        relay    2 s          3 s                  "
	    "78        512\n"
	    "10.0.0.2:1            queue    1 s          2 s                  "
	    "78        512\n",
	    "\n[2001:db8::1]:3       gate     1 min 5 s    1 min 6 s  ",
	    "\n10.0.0.4:4            shared   ",
	    "\n10.0.0.4:5            connect  ",
	    "\n10.0.0.4:6            closing  ", "\nand 9 more\n");
	ck_assert_has(single_quoted(conns_json),
	    "{'conns':[{'client':'10.0.0.1:41022','state':'relay',"
	    "'for_ms':2000,'connected_ms':3000,'in_bytes':78,"
	    "'out_bytes':512},{",
	    "}],'more':9}\n");
	f.sum.live = 0;
	ck_assert_lacks(view(conns_text), "more");
}

static struct summary summary;

/* What it says when it is called then, and when it wants to be called again. */
static const char *summary_at(int64_t now_ms, int64_t next_ms)
{
	static char bytes[1024];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};

	f.now_ms = now_ms;
	ck_assert_int_eq(summary_run(&summary, &f, &t), next_ms);
	(void)text_end(&t);
	return bytes;
}

TEST(the_summary_is_of_the_hour)
{
	enum { HOUR_MS = 3600000, BEGIN_MS = 7000 };
	int64_t next_ms = BEGIN_MS + HOUR_MS;

	/* What was before it is none of its matter. */
	be_busy();
	ck_assert_str_eq(summary_at(BEGIN_MS, next_ms), "");
	f.sum.accepted += 5;
	f.sum.ended[CAUSE_DONE] += 3;
	f.sum.ended[CAUSE_QUEUE_TIMEOUT] += 2;
	stats_delay(&f.sum, STATS_QUEUE, 900);
	stats_delay(&f.sum, STATS_FIRST_BYTE, 30);
	status_note(&fixture_history, HEALTH_DOWN, HEALTH_WHY_SILENT, 1);
	status_note(&fixture_history, HEALTH_UP, HEALTH_WHY_SERVED, 2);
	ck_assert_str_eq(summary_at(next_ms - 1, next_ms), "");
	ck_assert_str_eq(summary_at(next_ms, next_ms + HOUR_MS),
	    "the last hour: accepted 5, done 3, queue-timeout 2; "
	    "wait for a slot: 95 % within 1024 ms; "
	    "device's first byte: 95 % within 32 ms; "
	    "changes of the device's state: 2");
	/* Nothing has happened: nothing is said. */
	next_ms += HOUR_MS;
	ck_assert_str_eq(summary_at(next_ms, next_ms + HOUR_MS), "");
	/* One that came in the hour before. */
	next_ms += HOUR_MS;
	f.sum.ended[CAUSE_DONE]++;
	ck_assert_str_eq(summary_at(next_ms, next_ms + HOUR_MS),
	    "the last hour: accepted 0, done 1");
}
