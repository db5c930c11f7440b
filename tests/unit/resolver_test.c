/*
 * Proves that look-ups happen in another process, which answers in order,
 * stops nobody while it is slow, and ends with its parent.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/resolver.h"
#include "unit.h"

static struct resolver resolver;
static struct resolver_answer answer;

static void setup(void)
{
	ck_assert_int_eq(resolver_start(&resolver), 0);
}

static void teardown(void)
{
	resolver_stop(&resolver);
	resolver_stop(&resolver);
	ck_assert_int_lt(waitpid(-1, NULL, WNOHANG), 0);
}

static int read_answer(void)
{
	struct pollfd p = {.fd = resolver_fd(&resolver), .events = POLLIN};

	ck_assert_int_eq(poll(&p, 1, 30000), 1);
	return resolver_read(&resolver, &answer);
}

TEST(a_name_has_its_addresses)
{
	char text[ADDR_TEXT_MAX];
	bool found = false;

	ck_assert_int_eq(resolver_ask(&resolver, "localhost", 8008), 0);
	ck_assert_int_eq(read_answer(), 0);
	ck_assert_str_eq(answer.name, "localhost");
	ck_assert_uint_eq(answer.port, 8008);
	ck_assert_uint_gt(answer.count, 0);
	for (int i = 0; i < answer.count; i++) {
		ck_assert_uint_gt(answer.addrs[i].len, 0);
		addr_print(&answer.addrs[i], text);
		found |= strcmp(text, "127.0.0.1:8008") == 0 ||
			 strcmp(text, "[::1]:8008") == 0;
	}
	ck_assert(found);
	ck_assert_int_eq(resolver_read(&resolver, &answer), -EAGAIN);
}

/* A label has at most 63 letters, so nobody is asked. */
static const char no_name[] =
    "0123456789012345678901234567890123456789012345678901234567890123456789";

TEST(a_name_that_is_none_has_a_reason)
{
	char longest[RESOLVER_NAME_MAX + 1];

	ck_assert_int_eq(resolver_ask(&resolver, no_name, 1), 0);
	ck_assert_int_eq(read_answer(), 0);
	ck_assert_uint_eq(answer.count, 0);
	ck_assert_str_ne(answer.why, "");
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(resolver_ask(&resolver, longest, 1), -ENAMETOOLONG);
	longest[sizeof(longest) - 2] = '\0';
	ck_assert_int_eq(resolver_ask(&resolver, longest, 1), 0);
	ck_assert_int_eq(read_answer(), 0);
	ck_assert_str_eq(answer.name, longest);
}

TEST(a_slow_look_up_stops_nobody)
{
	int asked, err = 0;

	kill(resolver.pid, SIGSTOP);
	for (asked = 0; asked < 100000 && err == 0; asked++)
		err = resolver_ask(&resolver, asked % 2 ? "127.0.0.1" : no_name,
		    (uint16_t)asked);
	ck_assert_int_eq(err, -EAGAIN);
	asked--;
	ck_assert_int_gt(asked, 8);
	ck_assert_int_eq(resolver_read(&resolver, &answer), -EAGAIN);
	kill(resolver.pid, SIGCONT);
	for (int i = 0; i < asked; i++) {
		ck_assert_int_eq(read_answer(), 0);
		ck_assert_uint_eq(answer.port, (uint16_t)i);
		ck_assert_int_eq(answer.count, i % 2);
	}
}

TEST(it_outlives_the_signals_of_its_group)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

	/* It answers, so it has come to the point of ignoring them. */
	ck_assert_int_eq(resolver_ask(&resolver, "127.0.0.1", 1), 0);
	ck_assert_int_eq(read_answer(), 0);
	for (int i = 0; i < 4; i++)
		kill(resolver.pid, signals[i]);
	ck_assert_int_eq(resolver_ask(&resolver, "127.0.0.1", 2), 0);
	ck_assert_int_eq(read_answer(), 0);
	ck_assert_uint_eq(answer.port, 2);
}

TEST(its_death_is_seen)
{
	kill(resolver.pid, SIGKILL);
	ck_assert_int_eq(read_answer(), -EPIPE);
	ck_assert_int_eq(resolver_ask(&resolver, "localhost", 1), -EPIPE);
}

/* The parent is killed while the child is busy with something. */
TEST(it_ends_with_its_parent)
{
	struct resolver other;
	pid_t parent, child = 0;
	int report[2], status;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return; /* qemu-user does not know it */
	ck_assert_int_eq(pipe(report), 0);
	parent = fork();
	if (parent == 0) {
		ck_assert_int_eq(resolver_start(&other), 0);
		resolver_ask(&other, "127.0.0.1", 1);
		poll(&(struct pollfd){.fd = other.fd, .events = POLLIN}, 1, -1);
		kill(other.pid, SIGSTOP);
		(void)!write(report[1], &other.pid, sizeof(other.pid));
		pause();
	}
	ck_assert_int_eq(read(report[0], &child, sizeof(child)), sizeof(child));
	kill(parent, SIGKILL);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

FIXTURE(setup, teardown)
