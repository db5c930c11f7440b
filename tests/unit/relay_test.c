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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_proxy.h"
#include "unit.h"

enum { DEPTH_MAX = 40 };

/* How big things are in this test. */
struct scale {
	const char *name; /* as RELAY_PLAY says it */
	size_t send_bytes;
	size_t window_bytes;
	struct fake_proxy_size proxy;
};

static struct scale scale;

/* ---- what peers do ---- */

/* Capitals: the client; small letters: the device. Where the device's side
 * begins unconnected, + connects and - refuses. */
static const char letters[] = "DFRBSdfrbs+-";
enum { DATA, FIN, RESET, BLOCK, SHORT, VERBS };
enum { CONNECT = 2 * VERBS, REFUSE, LETTERS };

static bool refused;

static char story[DEPTH_MAX + 16];
static unsigned int settled; /* a bit for each action served at once */

static const char *tell_story(void)
{
	static char text[sizeof(story) + 32];

	snprintf(text, sizeof(text), "\"%s %u %s%s%s\"", story, settled,
	    scale.name, fake_device_first ? " device-first" : "",
	    fake_auto_ack ? "" : " late-ack");
	return text;
}

static void act(int which)
{
	enum fake_side side = which < VERBS ? FAKE_CLIENT : FAKE_DEVICE;

	if (fake_tell)
		fprintf(stderr, "%c:\n", letters[which]);
	switch (which < CONNECT ? which % VERBS : which) {
	case DATA:
		fake_send(side, scale.send_bytes);
		break;
	case FIN:
		fake_send_fin(side);
		break;
	case RESET:
		fake_send_rst(side);
		break;
	case BLOCK:
		fake_window(side, 0);
		break;
	case SHORT:
		fake_window(side, scale.window_bytes);
		break;
	case CONNECT:
		fake_connect_done();
		break;
	case REFUSE:
		refused = fake_connect_refuse();
		break;
	}
}

static bool contains(const int *seq, int len, int which)
{
	for (int i = 0; i < len; i++)
		if (seq[i] == which)
			return true;
	return false;
}

/* Can the peers do `which` after `seq`, and does it matter? Nothing is sent
 * after an end, and who has stopped reading cannot stop again. */
static bool possible(const int *seq, int len, int which)
{
	int base = which - which % VERBS;
	int verb = which % VERBS;

	if (which >= CONNECT)
		return fake_connect_mode == FAKE_CONNECT_WAITS &&
		       !contains(seq, len, CONNECT) &&
		       !contains(seq, len, REFUSE);
	if (which >= VERBS && fake_connect_mode == FAKE_CONNECT_WAITS &&
	    !contains(seq, len, CONNECT))
		return false;
	if (contains(seq, len, base + RESET))
		return false;
	if (contains(seq, len, base + FIN) && (verb == DATA || verb == FIN))
		return false;
	return verb != BLOCK || len == 0 || seq[len - 1] != which;
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
	const struct fake_peer *client = &fake_peers[FAKE_CLIENT];
	const struct fake_peer *device = &fake_peers[FAKE_DEVICE];
	bool fins = client->sent_fin && device->sent_fin;
	bool good = false;

	switch (fake_proxy_cause()) {
	case CAUSE_NONE:
		fake_require(
		    !fins && !client->sent_rst && !device->sent_rst && !refused,
		    "does not end");
		return;
	case CAUSE_DONE:
		good = fins;
		break;
	case CAUSE_CLIENT_RESET:
		good = client->sent_rst;
		break;
	case CAUSE_DEVICE_RESET:
	case CAUSE_CONNECT_RESET:
		good = device->sent_rst;
		break;
	case CAUSE_CONNECT_REFUSED:
		good = refused;
		break;
	default:
		break;
	}
	fake_require(good, "ended for a wrong cause");
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

static void play(const int *seq, int len)
{
	memset(story, 0, sizeof(story));
	refused = false;
	fake_proxy_open();
	/* Then the device is closed without a FIN of the client's. */
	fake_gave_up = scale.proxy.close_on_device;
	fake_proxy_serve();
	for (int i = 0; i < len; i++) {
		story[i] = letters[seq[i]];
		act(seq[i]);
		if (settled & 1u << (i % 32))
			fake_proxy_serve();
	}
	let_it_end();
	if (scale.proxy.after_reply || scale.proxy.close_on_device) {
		check_reply();
	} else {
		check_direction(FAKE_CLIENT);
		check_direction(FAKE_DEVICE);
		check_cause();
	}
	fake_proxy_clear();
}

/* ---- all of them ---- */

static unsigned int played;
static uint64_t seed;

static void play_all_ways(const int *seq, int len)
{
	fake_auto_ack = true;
	fake_device_first = false;
	settled = UINT32_MAX;
	play(seq, len);
	fake_auto_ack = chance_below(&seed, 2);
	fake_device_first = chance_below(&seed, 2);
	settled = 0;
	play(seq, len);
	fake_auto_ack = chance_below(&seed, 2);
	fake_device_first = chance_below(&seed, 2);
	settled = (unsigned int)chance(&seed);
	play(seq, len);
	played += 3;
}

static void play_tree(int *seq, int len, int depth)
{
	if (len > 0)
		play_all_ways(seq, len);
	if (len == depth)
		return;
	for (int which = 0; which < LETTERS; which++) {
		if (!possible(seq, len, which))
			continue;
		seq[len] = which;
		play_tree(seq, len + 1, depth);
	}
}

static void start(const struct scale *s)
{
	scale = *s;
	fake_story = tell_story;
	fake_proxy_start(&s->proxy);
}

static unsigned int play_to_depth(
    int depth, const struct scale *s, enum fake_connect connect)
{
	int seq[DEPTH_MAX];

	seed = 0xda3e39cb94b95bdb;
	played = 0;
	fake_connect_mode = connect;
	start(s);
	play_tree(seq, 0, depth);
	fake_proxy_stop();
	return played;
}

/* Long exchanges, far beyond what a tree can hold. */
static void play_at_random(int count, const struct scale *s)
{
	int seq[DEPTH_MAX], len;

	seed = 0x9e3779b97f4a7c15;
	fake_connect_mode = FAKE_CONNECT_AT_ONCE;
	start(s);
	while (count-- > 0) {
		len = 0;
		while (len < DEPTH_MAX && chance_below(&seed, 60) > 0) {
			int which = (int)chance_below(&seed, LETTERS);

			/* Ends are rare, so that much comes before them. */
			if (which < CONNECT && which % VERBS >= FIN &&
			    which % VERBS <= RESET &&
			    chance_below(&seed, 8) > 0)
				which -= which % VERBS;
			if (possible(seq, len, which))
				seq[len++] = which;
		}
		play_all_ways(seq, len);
	}
	fake_proxy_stop();
}

/* Sends of several full reads: bulk, so that pipes come in as well. */
static const struct scale small = {
    .name = "small",
    .send_bytes = 18,
    .window_bytes = 1,
    .proxy = {.reply_buffer_bytes = 10, .scratch_bytes = 4, .chunks = 4},
};

/* Real sizes, and fewer chunks than the halves are allowed together. */
static const struct scale scarce = {
    .name = "scarce",
    .send_bytes = 50000,
    .window_bytes = 9000,
    .proxy = {.reply_buffer_bytes = 16384, .scratch_bytes = 65536, .chunks = 3},
};

START_TEST(every_interleaving_to_depth_6)
{
	ck_assert_uint_gt(
	    play_to_depth(6, &small, FAKE_CONNECT_AT_ONCE), 500000);
}
END_TEST

START_TEST(every_interleaving_around_the_connect_to_depth_5)
{
	play_to_depth(5, &small, FAKE_CONNECT_WAITS);
}
END_TEST

START_TEST(every_interleaving_with_few_chunks_to_depth_3)
{
	play_to_depth(3, &scarce, FAKE_CONNECT_AT_ONCE);
}
END_TEST

/* As profile w5500 has it. */
static const struct scale for_a_chip = {
    .name = "chip",
    .send_bytes = 18,
    .window_bytes = 1,
    .proxy = {.reply_buffer_bytes = 10,
	.scratch_bytes = 4,
	.chunks = 4,

	.after_reply = true,
	.close_on_device = true},
};

/* And with a gate before it: the client must speak first. */
static const struct scale guarded_chip = {
    .name = "guard",
    .send_bytes = 18,
    .window_bytes = 1,
    .proxy = {.reply_buffer_bytes = 10,
	.scratch_bytes = 4,
	.chunks = 4,
	.after_reply = true,
	.close_on_device = true,
	.guarded = true},
};

START_TEST(every_interleaving_behind_a_gate_to_depth_5)
{
	play_to_depth(5, &guarded_chip, FAKE_CONNECT_AT_ONCE);
}
END_TEST

START_TEST(every_interleaving_with_ends_held_back_to_depth_5)
{
	play_to_depth(5, &for_a_chip, FAKE_CONNECT_AT_ONCE);
}
END_TEST

START_TEST(long_exchanges)
{
	play_at_random(3000, &small);
}
END_TEST

START_TEST(long_exchanges_of_bulk)
{
	play_at_random(200, &scarce);
}
END_TEST

static int index_of(char letter)
{
	const char *at = strchr(letters, letter);

	ck_assert_ptr_nonnull(at);
	return (int)(at - letters);
}

static const struct scale *scale_named(const char *text)
{
	static const struct scale *const all[] = {
	    &scarce, &for_a_chip, &guarded_chip};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strstr(text, all[i]->name))
			return all[i];
	return &small;
}

static void play_one(const char *text)
{
	int seq[DEPTH_MAX], len = 0;

	fake_tell = true;
	for (; *text != '\0' && *text != ' '; text++)
		seq[len++] = index_of(*text);
	settled = (unsigned int)strtoul(text, NULL, 10);
	fake_auto_ack = !strstr(text, "late-ack");
	fake_device_first = strstr(text, "device-first");
	fake_connect_mode =
	    contains(seq, len, CONNECT) || contains(seq, len, REFUSE)
		? FAKE_CONNECT_WAITS
		: FAKE_CONNECT_AT_ONCE;
	start(scale_named(text));
	play(seq, len);
	fake_proxy_stop();
}

START_TEST(the_one_asked_for)
{
	play_one(getenv("RELAY_PLAY"));
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
		tcase_add_test(t, every_interleaving_to_depth_6);
		tcase_add_test(
		    t, every_interleaving_around_the_connect_to_depth_5);
		tcase_add_test(
		    t, every_interleaving_with_few_chunks_to_depth_3);
		tcase_add_test(
		    t, every_interleaving_with_ends_held_back_to_depth_5);
		tcase_add_test(t, every_interleaving_behind_a_gate_to_depth_5);
		tcase_add_test(t, long_exchanges);
		tcase_add_test(t, long_exchanges_of_bulk);
	}
	suite_add_tcase(s, t);
	return unit_run(s);
}
