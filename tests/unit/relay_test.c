/*
 * Proves the promises about bytes and ends: in order, once, unchanged; the
 * FIN after the last byte; a reset as a reset; nothing spins, nothing leaks.
 *
 * Every sequence of what two peers can do (send, FIN, reset, stop reading,
 * read a little) to depth 6 is played to the real loop, conductor, relay and
 * halves over the fake kernel: once with the proxy served after each action,
 * once with all of them in one batch, once in between. Then the peers read
 * everything, and what they saw is compared with what was sent.
 *
 *   RELAY_PLAY="DFr 5" tests/unit/relay_test    plays one and tells each call
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_proxy.h"
#include "unit.h"

enum { DEPTH_MAX = 40 };

/* How big things are. */
struct scale {
	const char *name; /* as RELAY_PLAY says it */
	size_t send_bytes;
	size_t window_bytes;
	struct fake_proxy_size proxy;
};

static const struct scale *scale;

/* ---- what peers do ---- */

/* Data, FIN, reset, block and short; capitals: the client; small letters: the
 * device. Where the device's side begins unconnected, + connects and -
 * refuses. */
static const char letters[] = "DFRBSdfrbs+-";
static char story[DEPTH_MAX + 1];
static int told;	     /* so many letters of it are played */
static unsigned int settled; /* a bit for each action served at once */
static bool refused;
static enum cause wanted; /* CAUSE_NONE: what the peers did says it */

static const char *tell_story(void)
{
	static char text[sizeof(story) + 64];

	snprintf(text, sizeof(text), "\"%.*s %u %s%s%s\"", told, story, settled,
	    scale->name, fake_device_first ? " device-first" : "",
	    fake_auto_ack ? "" : " late-ack");
	return text;
}

static void act(char letter)
{
	enum fake_side side = isupper(letter) ? FAKE_CLIENT : FAKE_DEVICE;

	if (fake_tell)
		fprintf(stderr, "%c:\n", letter);
	switch (toupper(letter)) {
	case 'D':
		fake_send(side, scale->send_bytes);
		break;
	case 'F':
		fake_send_fin(side);
		break;
	case 'R':
		fake_send_rst(side);
		break;
	case 'B':
		fake_window(side, 0);
		break;
	case 'S':
		fake_window(side, scale->window_bytes);
		break;
	case '+':
		fake_connect_done();
		break;
	case '-':
		refused = fake_connect_refuse();
		break;
	}
}

/* Can the peers do it after the story, and does it matter? Nothing is sent
 * after an end, and who has stopped reading cannot stop again. */
static bool possible(char letter)
{
	bool connected = fake_connect_mode == FAKE_CONNECT_AT_ONCE;
	size_t len = strlen(story);

	if (letter == '+' || letter == '-')
		return !connected && !strpbrk(story, "+-");
	if (islower(letter) && !connected && !strchr(story, '+'))
		return false;
	if (strchr(story, isupper(letter) ? 'R' : 'r'))
		return false;
	if (strchr("DFdf", letter) &&
	    strchr(story, isupper(letter) ? 'F' : 'f'))
		return false;
	return toupper(letter) != 'B' || len == 0 || story[len - 1] != letter;
}

/* ---- what the peers saw ---- */

/* Where ends are not passed on as they come, the client still gets the whole
 * reply, and its end. */
static void check_reply(void)
{
	const struct fake_peer *client = &fake_peers[FAKE_CLIENT];
	const struct fake_peer *device = &fake_peers[FAKE_DEVICE];

	if (client->sent_rst)
		return;
	fake_require(client->got == device->sent && client->reset_over == 0,
	    "bytes were lost");
	if (device->sent_fin)
		fake_require(client->got_fin, "a FIN was lost");
	else if (device->sent_rst)
		fake_require(client->got_rst, "a reset was lost");
	if (device->sent_fin && client->sent_fin && !device->sent_rst)
		fake_require(
		    fake_proxy_cause() == CAUSE_DONE, "does not end well");
}

/* A client that resets before the device is reached leaves no trace there. */
static bool dial_abandoned(void)
{
	return fake_connect_mode == FAKE_CONNECT_WAITS &&
	       fake_peers[FAKE_CLIENT].sent_rst &&
	       fake_peers[FAKE_DEVICE].got == 0;
}

static void check_direction(enum fake_side from)
{
	const struct fake_peer *source = &fake_peers[from];
	const struct fake_peer *sink = &fake_peers[!from];
	bool both_fins = source->sent_fin && sink->sent_fin;

	if (sink->sent_rst)
		return;
	if (from == FAKE_CLIENT && (refused || dial_abandoned()))
		return;
	if (refused) {
		fake_require(sink->got_rst, "a refusal was lost");
		return;
	}
	fake_require(sink->got == source->sent && sink->reset_over == 0,
	    "bytes were lost");
	fake_require(!source->sent_fin || sink->got_fin, "a FIN was lost");
	fake_require(!source->sent_rst || both_fins || sink->got_rst,
	    "a reset was lost");
	fake_require(
	    source->sent_rst || !sink->got_rst, "a reset that nobody sent");
	fake_require(
	    source->sent_fin || !sink->got_fin, "a FIN that nobody sent");
}

static void check_cause(void)
{
	enum cause cause = fake_proxy_cause();
	bool client_reset = fake_peers[FAKE_CLIENT].sent_rst;
	bool device_reset = fake_peers[FAKE_DEVICE].sent_rst;
	bool fins = fake_peers[FAKE_CLIENT].sent_fin &&
		    fake_peers[FAKE_DEVICE].sent_fin;

	if (cause == CAUSE_NONE)
		fake_require(
		    !fins && !client_reset && !device_reset && !refused,
		    "does not end");
	else
		fake_require(
		    (cause == CAUSE_DONE && fins) ||
			(cause == CAUSE_CLIENT_RESET && client_reset) ||
			(cause == CAUSE_DEVICE_RESET && device_reset) ||
			(cause == CAUSE_CONNECT_RESET && device_reset) ||
			(cause == CAUSE_CONNECT_REFUSED && refused),
		    "ended for a wrong cause");
	fake_require(wanted == CAUSE_NONE || cause == wanted,
	    "ended for another cause than wanted");
}

/* Everybody reads, everything is acknowledged, and time passes. */
static void let_it_end(void)
{
	if (fake_tell)
		fprintf(stderr, "end:\n");
	fake_connect_done();
	fake_window(FAKE_CLIENT, SIZE_MAX);
	fake_window(FAKE_DEVICE, SIZE_MAX);
	fake_proxy_serve();
	for (int i = 0; i < 3; i++) {
		fake_ack(FAKE_CLIENT);
		fake_ack(FAKE_DEVICE);
		fake_proxy_wait();
	}
}

static void play(void)
{
	bool passes_ends =
	    !scale->proxy.after_reply && !scale->proxy.close_on_device;

	refused = false;
	fake_proxy_open();
	/* Then the device is closed without a FIN of the client's. */
	fake_gave_up = scale->proxy.close_on_device;
	fake_proxy_serve();
	for (told = 0; story[told] != '\0';) {
		act(story[told++]);
		if (settled & 1u << ((told - 1) % 32))
			fake_proxy_serve();
	}
	let_it_end();
	if (passes_ends) {
		check_direction(FAKE_CLIENT);
		check_direction(FAKE_DEVICE);
		check_cause();
	} else {
		check_reply();
	}
	fake_proxy_clear();
}

/* ---- all of them ---- */

static unsigned int played;
static uint64_t seed;

static void play_all_ways(void)
{
	for (int way = 0; way < 3; way++) {
		fake_auto_ack = way == 0 || chance_below(&seed, 2);
		fake_device_first = way > 0 && chance_below(&seed, 2);
		settled = way == 0 ? UINT32_MAX : 0;
		if (way == 2)
			settled = (unsigned int)chance(&seed);
		play();
		played++;
	}
}

static void play_tree(int depth)
{
	size_t len = strlen(story);

	if (len > 0)
		play_all_ways();
	for (const char *l = letters; depth > 0 && *l != '\0'; l++) {
		if (!possible(*l))
			continue;
		story[len] = *l;
		play_tree(depth - 1);
		story[len] = '\0';
	}
}

/* A long exchange, far beyond what a tree can hold. */
static void play_at_random(void)
{
	memset(story, 0, sizeof(story));
	for (size_t len = 0; len < DEPTH_MAX && chance_below(&seed, 60) > 0;) {
		char letter = letters[chance_below(&seed, strlen(letters))];

		/* Ends are rare, so that much comes before them. */
		if (strchr("FRfr", letter) && chance_below(&seed, 8) > 0)
			letter = isupper(letter) ? 'D' : 'd';
		if (possible(letter))
			story[len++] = letter;
	}
	play_all_ways();
}

/* Sends of several full reads are bulk, so that pipes come in as well. */
#define SMALL	 .send_bytes = 18, .window_bytes = 1
#define LITTLE	 .reply_buffer_bytes = 10, .scratch_bytes = 4, .chunks = 4
#define END_LATE .after_reply = true, .close_on_device = true

static const struct scale small = {"small", SMALL, {LITTLE}};
/* Real sizes, and fewer chunks than the halves are allowed together. */
static const struct scale scarce = {"scarce", 50000, 9000,
    {.reply_buffer_bytes = 16384, .scratch_bytes = 65536, .chunks = 3}};
/* As profile w5500 has it. */
static const struct scale chip = {"chip", SMALL, {LITTLE, END_LATE}};
/* And with a gate before it: the client must speak first. */
static const struct scale guard = {
    "guard", SMALL, {LITTLE, END_LATE, .guarded = true}};

static const struct {
	const struct scale *scale;
	int depth;
	int at_random;
	enum fake_connect connect;
	unsigned int at_least; /* so many are played */
} plays[] = {
    {&small, 6, 0, FAKE_CONNECT_AT_ONCE, 500000},
    {&small, 5, 0, FAKE_CONNECT_WAITS, 30000},
    {&scarce, 3, 0, FAKE_CONNECT_AT_ONCE, 2000},
    {&chip, 5, 0, FAKE_CONNECT_AT_ONCE, 90000},
    {&guard, 5, 0, FAKE_CONNECT_AT_ONCE, 90000},
    {&small, 0, 3000, FAKE_CONNECT_AT_ONCE, 9000},
    {&scarce, 0, 200, FAKE_CONNECT_AT_ONCE, 600},
};

static void start(const struct scale *s)
{
	scale = s;
	fake_story = tell_story;
	fake_proxy_start(&s->proxy);
}

START_TEST(every_interleaving_keeps_the_promises)
{
	seed = 0xda3e39cb94b95bdb;
	played = 0;
	fake_connect_mode = plays[_i].connect;
	start(plays[_i].scale);
	play_tree(plays[_i].depth);
	for (int i = 0; i < plays[_i].at_random; i++)
		play_at_random();
	fake_proxy_stop();
	ck_assert_uint_ge(played, plays[_i].at_least);
}
END_TEST

/* While bytes wait for the client, the FINs of both do not hide a reset. */
START_TEST(a_reset_behind_both_fins_is_a_reset)
{
	strcpy(story, "DBdfFr");
	settled = UINT32_MAX;
	wanted = CAUSE_DEVICE_RESET;
	fake_connect_mode = FAKE_CONNECT_AT_ONCE;
	start(&small);
	play();
	fake_proxy_stop();
}
END_TEST

static const struct scale *scale_named(const char *text)
{
	for (size_t i = 0; i < sizeof(plays) / sizeof(*plays); i++)
		if (strstr(text, plays[i].scale->name))
			return plays[i].scale;
	return &small;
}

START_TEST(the_one_asked_for)
{
	const char *text = getenv("RELAY_PLAY");
	size_t len = strcspn(text, " ");

	ck_assert(len <= DEPTH_MAX && strspn(text, letters) == len);
	memcpy(story, text, len);
	fake_tell = true;
	settled = (unsigned int)strtoul(text + len, NULL, 10);
	fake_auto_ack = !strstr(text, "late-ack");
	fake_device_first = strstr(text, "device-first");
	fake_connect_mode =
	    strpbrk(story, "+-") ? FAKE_CONNECT_WAITS : FAKE_CONNECT_AT_ONCE;
	start(scale_named(text));
	play();
	fake_proxy_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("relay");
	TCase *t = tcase_create("relay");

	tcase_set_timeout(t, 600);
	if (getenv("RELAY_PLAY")) {
		tcase_add_test(t, the_one_asked_for);
	} else {
		tcase_add_loop_test(t, every_interleaving_keeps_the_promises, 0,
		    sizeof(plays) / sizeof(*plays));
		tcase_add_test(t, a_reset_behind_both_fins_is_a_reset);
	}
	suite_add_tcase(s, t);
	return unit_run(s);
}
