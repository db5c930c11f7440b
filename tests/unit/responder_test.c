/*
 * Proves of those who ask the admin address or the control socket that none
 * keeps a place for longer than its patience, or without a place to read into;
 * that one more takes the place of the oldest, or waits for one; and that an
 * answer which must be looked up comes when it is there, or soon.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/responder.h"
#include "unit.h"

enum { PATIENCE_MS = 1000, WAIT_MS = 10000 };

static struct responder d;
static bool is_there; /* what "later" waits for */
static int64_t now_ms;

static enum responder_verdict answer(
    void *arg, struct responder_peer *p, struct text *reply)
{
	(void)arg;
	if (!memchr(p->asked, '\n', p->len))
		return RESPONDER_MORE;
	if (p->asked[0] == 'l' && !is_there && !responder_is_late(p, now_ms))
		return RESPONDER_LATER;
	text_printf(reply, "%.*s", (int)p->len, p->asked);
	return RESPONDER_ANSWERED;
}

static void set_up(void)
{
	const char *why;

	d = (struct responder){.fd = -1,
	    .places = 2,
	    .patience_ms = PATIENCE_MS,
	    .answer = answer};
	ck_assert_int_eq(
	    addr_parse("127.0.0.1:0", "127.0.0.1", &d.addr, &why), 0);
	ck_assert_int_eq(responder_open(&d, 0600), 0);
	now_ms = 5000;
}

static void tear_down(void)
{
	responder_close(&d);
}
FIXTURE(set_up, tear_down)

static int ask(const char *bytes, size_t len)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, &d.addr.u.sa, d.addr.len), 0);
	ck_assert_int_eq(send(fd, bytes, len, 0), (ssize_t)len);
	return fd;
}

/* All that there is to be done now. */
static int64_t turn(void)
{
	struct pollfd fds[RESPONDER_FDS];

	for (int i = 0; i < 2; i++) {
		responder_poll(&d, fds);
		(void)poll(fds, RESPONDER_FDS, 0);
		responder_turn(&d, fds, now_ms);
	}
	return responder_run(&d, now_ms);
}

/* "" is the end, "-" nothing so far. */
static const char *got(int fd, int wait_ms)
{
	static char bytes[64];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, wait_ms) == 0)
		return "-";
	n = recv(fd, bytes, sizeof(bytes) - 1, 0);
	bytes[n > 0 ? n : 0] = '\0';
	return bytes;
}

TEST(patience_ends)
{
	int silent = ask("", 0), slow;

	ck_assert_int_eq(turn(), now_ms + PATIENCE_MS);
	now_ms += PATIENCE_MS / 2;
	slow = ask("a", 1);
	ck_assert_int_eq(turn(), now_ms + PATIENCE_MS / 2);
	now_ms += PATIENCE_MS / 2;
	ck_assert_str_eq(got(silent, 0), "-");
	ck_assert_int_eq(turn(), now_ms + PATIENCE_MS / 2);
	ck_assert_str_eq(got(silent, WAIT_MS), "");
	/* What comes does not prolong it. */
	ck_assert_int_eq(send(slow, "b", 1, 0), 1);
	now_ms += PATIENCE_MS / 2 - 1;
	ck_assert_int_eq(turn(), now_ms + 1);
	ck_assert_str_eq(got(slow, 0), "-");
	now_ms++;
	ck_assert_int_eq(turn(), INT64_MAX);
	ck_assert_str_eq(got(slow, WAIT_MS), "");
}

TEST(who_asks_too_much_is_ended)
{
	char much[RESPONDER_ASKED_MAX];
	int fd;

	memset(much, 'a', sizeof(much));
	fd = ask(much, sizeof(much) - 1);
	(void)turn();
	ck_assert_str_eq(got(fd, 0), "-");
	ck_assert_int_eq(send(fd, "a", 1, 0), 1);
	(void)turn();
	ck_assert_str_eq(got(fd, WAIT_MS), "");
}

TEST(one_more_waits_or_takes_the_oldest_place)
{
	int first = ask("", 0), second, third;

	(void)turn();
	now_ms++;
	second = ask("", 0);
	(void)turn();
	now_ms++;
	third = ask("a\n", 2);
	(void)turn();
	ck_assert_str_eq(got(third, 0), "-");
	ck_assert_str_eq(got(first, 0), "-");
	d.evicts = true;
	(void)turn();
	ck_assert_str_eq(got(first, WAIT_MS), "");
	ck_assert_str_eq(got(second, 0), "-");
	ck_assert_str_eq(got(third, WAIT_MS), "a\n");
	ck_assert_str_eq(got(third, WAIT_MS), "");
}

TEST(what_must_be_looked_up_comes_when_it_is_there_or_soon)
{
	int first = ask("later\n", 6), second;
	int64_t late_ms;

	late_ms = turn();
	ck_assert_int_gt(late_ms, now_ms);
	ck_assert_int_lt(late_ms, now_ms + PATIENCE_MS);
	ck_assert_str_eq(got(first, 0), "-");
	is_there = true;
	(void)turn();
	ck_assert_str_eq(got(first, WAIT_MS), "later\n");
	is_there = false;
	second = ask("late\n", 5);
	late_ms = turn();
	now_ms = late_ms - 1;
	ck_assert_int_eq(turn(), late_ms);
	ck_assert_str_eq(got(second, 0), "-");
	now_ms = late_ms;
	(void)turn();
	ck_assert_str_eq(got(second, WAIT_MS), "late\n");
}
