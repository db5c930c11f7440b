/*
 * Proves that the proxy cannot be told from a wire: every sequence of what two
 * ends can do (send, receive, shut, close, reset) to depth 6 gives both the
 * same results, bytes, errors and final poll masks as on a direct connection.
 *
 * Both worlds are the automaton learned from a kernel: once, with the ends
 * facing each other; twice, with the whole proxy in between, served after each
 * action.
 *
 *   TABLE_PLAY=SWrx tests/unit/table_test    plays one and tells each call
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_proxy.h"
#include "fake_table.h"
#include "unit.h"

enum { DEPTH = 6, DEPTH_MAX = 16, VERBS = 6, SEND_BYTES = 3 };

/* Capitals: the client; small letters: the device. "h" is not used: what
 * SHUT_RD does is seen by nobody but its own end. */
static const char letters[] = "SRWHCXsrwhcx";

static char story[DEPTH_MAX + 1];

static const char *tell_story(void)
{
	return story;
}

static enum fake_verb verb_of(int which)
{
	return (enum fake_verb)(which % VERBS);
}

/* The client is the active end of its link, the device the passive one of
 * its own; so they are of the direct one. */
static int end_of(int which)
{
	return which < VERBS ? FAKE_ACTIVE : FAKE_PASSIVE;
}

static enum fake_side side_of(int which)
{
	return which < VERBS ? FAKE_CLIENT : FAKE_DEVICE;
}

struct outcome {
	long result[DEPTH_MAX];
	unsigned int mask[2];
};

static void play_direct(const int *seq, int len, struct outcome *out)
{
	struct fake_link l = {0};

	for (int i = 0; i < len; i++)
		out->result[i] = fake_link_act(
		    &l, end_of(seq[i]), verb_of(seq[i]), SEND_BYTES);
	for (int end = 0; end < 2; end++)
		out->mask[end] = fake_link_mask(&l, end);
}

static void play_through_proxy(const int *seq, int len, struct outcome *out)
{
	memset(fake_links, 0, sizeof(fake_links));
	fake_proxy_open();
	fake_proxy_serve();
	for (int i = 0; i < len; i++) {
		out->result[i] =
		    fake_peer_act(side_of(seq[i]), verb_of(seq[i]), SEND_BYTES);
		if (fake_tell)
			fprintf(stderr, "%c = %ld\n", letters[seq[i]],
			    out->result[i]);
		fake_proxy_serve();
	}
	for (int end = 0; end < 2; end++)
		out->mask[end] = fake_link_mask(&fake_links[end], end);
	fake_proxy_clear();
}

static void tell_difference(
    const struct outcome *direct, const struct outcome *proxy, int len)
{
	char text[256];
	int n = 0;

	for (int i = 0; i < len; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%ld/%ld ",
		    direct->result[i], proxy->result[i]);
	snprintf(text + n, sizeof(text) - (size_t)n, "masks %x/%x %x/%x",
	    direct->mask[0], proxy->mask[0], direct->mask[1], proxy->mask[1]);
	fake_violation(text);
}

static void play(const int *seq, int len)
{
	struct outcome direct, proxy;

	memset(&direct, 0, sizeof(direct));
	memset(&proxy, 0, sizeof(proxy));
	memset(story, 0, sizeof(story));
	for (int i = 0; i < len; i++)
		story[i] = letters[seq[i]];
	play_direct(seq, len, &direct);
	play_through_proxy(seq, len, &proxy);
	if (memcmp(&direct, &proxy, sizeof(direct)) != 0)
		tell_difference(&direct, &proxy, len);
}

static void play_tree(int *seq, int len, struct fake_link at)
{
	if (len > 0)
		play(seq, len);
	if (len == DEPTH)
		return;
	for (int which = 0; which < 2 * VERBS; which++) {
		struct fake_link next = at;

		if (verb_of(which) == FAKE_SHR ||
		    !fake_link_open(&at, end_of(which)))
			continue;
		seq[len] = which;
		fake_link_act(&next, end_of(which), verb_of(which), SEND_BYTES);
		play_tree(seq, len + 1, next);
	}
}

/* One read takes all there is, as the automaton's does. */
static const struct fake_proxy_size size = {
    .reply_buffer_bytes = 4096,
    .scratch_bytes = 4096,
    .chunks = 4,
};

static void start(void)
{
	fake_story = tell_story;
	fake_proxy_start(&size);
}

START_TEST(every_sequence_is_as_on_a_wire)
{
	int seq[DEPTH_MAX];

	start();
	play_tree(seq, 0, (struct fake_link){0});
	fake_proxy_stop();
}
END_TEST

START_TEST(the_one_asked_for)
{
	const char *text = getenv("TABLE_PLAY");
	int seq[DEPTH_MAX], len = 0;

	for (; *text != '\0'; text++) {
		ck_assert_ptr_nonnull(strchr(letters, *text));
		seq[len++] = (int)(strchr(letters, *text) - letters);
	}
	fake_tell = true;
	start();
	play(seq, len);
	fake_proxy_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("table");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, getenv("TABLE_PLAY")
			      ? the_one_asked_for
			      : every_sequence_is_as_on_a_wire);
	suite_add_tcase(s, t);
	return unit_run(s);
}
