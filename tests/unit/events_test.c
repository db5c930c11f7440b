/*
 * Proves what a reader of the events is told: the present state when it
 * attaches, then each change once, with why and how long, and nothing stale;
 * also of a device that one client asks once a minute.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper/events.h"
#include "keeper/facts.h"
#include "keeper/inside.h"
#include "policy/health.h"
#include "status_fixture.h"

static struct status_facts facts;
static struct conf conf;
static struct keeper k;
static char dir[] = "/tmp/events_test.XXXXXX", fifo[64];
static int reader = -1;

/* In the place of facts.c's. */
void facts_gather(
    struct keeper *keeper, struct status_facts *out, struct facts_texts *texts)
{
	(void)keeper;
	(void)texts;
	*out = facts;
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	facts = facts_new();
	conf.health.events_path = fifo;
	k.conf = &conf;
	k.report.events.fd = -1;
	signal(SIGPIPE, SIG_IGN);
}

static void tear_down(void)
{
	events_close(&k);
	close(reader);
	unlink(fifo);
	rmdir(dir);
}
FIXTURE(set_up, tear_down)

static void pass(int64_t ms)
{
	facts.now_ms += ms;
	facts.wall_ms += ms;
}

static void becomes(uint32_t health, uint32_t why)
{
	facts.sum.health = health;
	facts.sum.health_why = why;
	facts.sum.health_since_ms = facts.now_ms;
	events_changed(&k);
}

/* Half a second later, when it is seen. */
static void look(void)
{
	pass(500);
	(void)events_run(&k, facts.now_ms);
}

static void attach(void)
{
	reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(reader, 0);
	look();
}

static void detach(void)
{
	close(reader);
	events_left(&k);
	look();
}

/* What has come since, but for the time and the message. */
static const char *told(void)
{
	static char bytes[8192], brief[8192];
	ssize_t n = read(reader, bytes, sizeof(bytes) - 1);
	const char *at = bytes;

	bytes[n > 0 ? n : 0] = '\0';
	brief[0] = '\0';
	while ((at = strstr(at, " event="))) {
		size_t len = strcspn(at, "\n");
		const char *end = strstr(at, " msg=");

		ck_assert(end && end < at + len);
		strncat(brief, at, (size_t)(end - at));
		strcat(brief, "\n");
		at += len;
	}
	return brief;
}

TEST(who_attaches_is_told_the_present_state_alone)
{
	becomes(HEALTH_UP, HEALTH_WHY_START);
	attach();
	ck_assert_str_eq(told(), " event=up why=\"not down so far\" "
				 "for_ms=500 after_ms=0 attached=true\n");
	detach();
	attach();
	ck_assert_str_eq(told(), " event=up why=\"not down so far\" "
				 "for_ms=1500 after_ms=0 attached=true\n");
	detach();
	becomes(HEALTH_DOWN, HEALTH_WHY_SILENT);
	pass(2000);
	facts.sum.next_probe_ms = facts.now_ms + 1500;
	attach();
	ck_assert_str_eq(told(),
	    " event=down why=\"silent after a whole request\" for_ms=2500 "
	    "after_ms=2000 next_probe_ms=1000 attached=true\n");
	look();
	ck_assert_str_eq(told(), "");
}

/* To a new keeper nothing else is known yet. */
TEST(who_attaches_is_told_that_a_suspected_device_is_up)
{
	becomes(HEALTH_SUSPECTED, HEALTH_WHY_SILENT);
	attach();
	ck_assert_str_eq(told(),
	    " event=up why=\"silent after a whole request\" for_ms=500 "
	    "after_ms=0 attached=true\n");
}

TEST(each_change_is_told_once)
{
	becomes(HEALTH_UP, HEALTH_WHY_START);
	attach();
	(void)told();
	becomes(HEALTH_SUSPECTED, HEALTH_WHY_SILENT);
	becomes(HEALTH_UP, HEALTH_WHY_SERVED);
	events_changed(&k);
	ck_assert_str_eq(told(), "");
	pass(500);
	becomes(HEALTH_HELD, HEALTH_WHY_ORDER);
	pass(3000);
	events_changed(&k);
	becomes(HEALTH_UP, HEALTH_WHY_ORDER);
	ck_assert_str_eq(told(),
	    " event=held why=\"by order\" for_ms=0 after_ms=1000 "
	    "attached=false\n"
	    " event=released why=\"by order\" for_ms=0 after_ms=3000 "
	    "attached=false\n");
}

/* ---- a device that one client asks once a minute ---- */

enum { MINUTE_MS = 60000, FIRST_BYTE_TIMEOUT_MS = 5000 };

static struct health health;
static const struct client poller = {.family = AF_INET, .net = 1};

static void seen(void)
{
	facts.sum.health = health_state(&health);
	facts.sum.is_stuck = health.stuck;
	facts.sum.health_why = health.why;
	facts.sum.health_since_ms = health.since_ms;
	facts.sum.next_probe_ms = health.probe_at_ms;
	events_changed(&k);
}

/* One request, which the device answers with `signal`. */
static void ask(enum health_asker asker, enum health_signal signal)
{
	const struct health_conf *c = &conf.health;
	const struct client *client = asker == HEALTH_PROBE ? NULL : &poller;
	unsigned int probe_id;
	int64_t took_ms = signal != HEALTH_SILENT ? 20
			  : client		  ? FIRST_BYTE_TIMEOUT_MS
				   : health_probe_wait_ms(&health,
					 FIRST_BYTE_TIMEOUT_MS, facts.now_ms);

	if (health_ask(&health, c, asker, facts.now_ms) != HEALTH_GO)
		return;
	probe_id = health_connect(&health, c, asker);
	pass(took_ms);
	if (signal == HEALTH_SERVED)
		health_first_byte(&health, took_ms, facts.now_ms);
	(void)health_report(&health, c, signal, client, probe_id, facts.now_ms);
	health_probe_ended(&health, probe_id, facts.now_ms);
	seen();
}

/* A minute from one request to the next, with the probes between. */
static void minute(enum health_signal signal)
{
	int64_t end_ms = facts.now_ms + MINUTE_MS, at_ms;

	ask(HEALTH_NEWCOMER, signal);
	while ((at_ms = health_probe_at_ms(&health, &conf.health)) < end_ms) {
		if (at_ms > facts.now_ms)
			pass(at_ms - facts.now_ms);
		ask(HEALTH_PROBE, signal);
	}
	if (end_ms > facts.now_ms)
		pass(end_ms - facts.now_ms);
}

static void poll_begins(const char *probe)
{
	conf.health.probe = probe;
	conf.health.probe_min_ms = 1000;
	conf.health.probe_max_ms = 8000;
	conf.health.down_silences = 1;
	conf.health.down_refused_ms = 10000;
	health_init(&health, &conf.health, facts.now_ms);
	seen();
	attach();
	(void)told();
	minute(HEALTH_SERVED);
	ck_assert_str_eq(told(), "");
}

/* With probes the events come when it happens, not with the next client. */
TEST(once_a_minute_with_probes)
{
	poll_begins("GET /");
	minute(HEALTH_SILENT);
	ck_assert_str_eq(told(),
	    " event=down why=\"silent, after a probe too\" for_ms=0 "
	    "after_ms=66500 next_probe_ms=1000 attached=false\n"
	    " event=stuck why=\"silent, after a probe too\" for_ms=0 "
	    "after_ms=19000 next_probe_ms=8000 attached=false\n");
	minute(HEALTH_SERVED);
	ck_assert_str_eq(told(), " event=up why=\"it answers\" for_ms=0 "
				 "after_ms=35020 attached=false\n");
	minute(HEALTH_SERVED);
	ck_assert_str_eq(told(), "");
}

/* Without, the clients are the probes: a silence says nothing of it as long
 * as only one address meets it, a refusal does from the second on. */
TEST(once_a_minute_without_probes)
{
	poll_begins(NULL);
	minute(HEALTH_SILENT);
	minute(HEALTH_SERVED);
	minute(HEALTH_REFUSED);
	ck_assert_str_eq(told(), "");
	minute(HEALTH_REFUSED);
	ck_assert_str_eq(told(),
	    " event=down why=\"does not accept connections\" for_ms=0 "
	    "after_ms=240520 next_probe_ms=1000 attached=false\n");
	for (int i = 0; i < 4; i++)
		minute(HEALTH_REFUSED);
	ck_assert_str_eq(told(),
	    " event=stuck why=\"does not accept connections\" for_ms=0 "
	    "after_ms=240000 next_probe_ms=8000 attached=false\n");
	minute(HEALTH_SERVED);
	ck_assert_str_eq(told(), " event=up why=\"it answers\" for_ms=0 "
				 "after_ms=60000 attached=false\n");
}
