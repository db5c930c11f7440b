/*
 * Proves that what a service manager says in the environment is understood,
 * and that it hears what it is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/notify.h"
#include "unit.h"

static struct notify n;

static void set_pid(const char *variable, pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	setenv(variable, text, 1);
}

TEST(nobody_wants_to_know)
{
	char name[200] = "/";

	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(notify_open(&n), 0);
	ck_assert_int_eq(n.fd, -1);
	ck_assert_int_eq(n.watchdog_ms, 0);
	ck_assert_int_eq(notify_send(&n, "READY=1"), 0);
	notify_close(&n);
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	ck_assert_int_eq(notify_open(&n), -EAFNOSUPPORT);
	memset(name + 1, 'n', sizeof(name) - 2);
	setenv("NOTIFY_SOCKET", name, 1);
	ck_assert_int_eq(notify_open(&n), -ENAMETOOLONG);
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	ck_assert_int_eq(notify_open(&n), -ENOENT);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
}

TEST(the_manager_hears_it)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(a.sun_family); /* the kernel chooses a name */
	char name[sizeof(a.sun_path) + 1], got[64];
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ck_assert_int_eq(bind(manager, (struct sockaddr *)&a, len), 0);
	len = sizeof(a);
	getsockname(manager, (struct sockaddr *)&a, &len);
	snprintf(name, sizeof(name), "@%s", a.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	ck_assert_int_eq(notify_open(&n), 0);
	ck_assert_int_eq(notify_send(&n, "READY=1\nSTATUS=up"), 0);
	ck_assert_int_eq(recv(manager, got, sizeof(got), 0), 17);
	ck_assert_mem_eq(got, "READY=1\nSTATUS=up", 17);
	/* One that does not listen is not waited for. */
	while (notify_send(&n, "WATCHDOG=1") == 0)
		;
	ck_assert_int_eq(notify_send(&n, "WATCHDOG=1"), -EAGAIN);
	notify_close(&n);
}

static const struct {
	const char *us;
	int pid; /* 0: none, 1: ours, 2: another's */
	int64_t ms;
} watchdogs[] = {
    {"30000000", 0, 30000},
    {"30000000", 1, 30000},
    {"30000000", 2, 0},
    {"1", 1, 1},
    {"0", 1, 0},
    {"-5", 1, 0},
    {"5s", 1, 0},
    {"99999999999999999999", 1, 0},
};

TEST_ROWS(the_watchdog_is_ours_or_none, watchdogs)
{
	setenv("WATCHDOG_USEC", row->us, 1);
	if (row->pid > 0)
		set_pid("WATCHDOG_PID", getpid() + row->pid - 1);
	ck_assert_int_eq(notify_open(&n), 0);
	ck_assert_int_eq(n.watchdog_ms, row->ms);
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
}

/* Three sockets at 3, 4 and 5, as they are passed. */
static void pass_sockets(const char *count, const char *names, pid_t pid)
{
	for (int fd = 3; fd < 6; fd++) {
		int s = socket(AF_UNIX, SOCK_STREAM, 0);

		if (s != fd) {
			dup2(s, fd);
			close(s);
		}
	}
	setenv("LISTEN_FDS", count, 1);
	set_pid("LISTEN_PID", pid);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
}

TEST(passed_sockets_have_their_names)
{
	struct notify_socket s[3];

	pass_sockets("3", "web::a b", getpid());
	ck_assert_int_eq(notify_take_sockets(s, 3), 3);
	ck_assert_str_eq(s[0].name, "web");
	ck_assert_str_eq(s[1].name, "");
	ck_assert_str_eq(s[2].name, "a b");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(s[i].fd, 3 + i);
		ck_assert_int_eq(fcntl(s[i].fd, F_GETFD), FD_CLOEXEC);
		ck_assert(fcntl(s[i].fd, F_GETFL) & O_NONBLOCK);
	}
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_int_eq(notify_take_sockets(s, 3), 0);
}

TEST(what_is_not_for_us_is_left)
{
	struct notify_socket s[3];

	pass_sockets("3", NULL, getpid() + 1);
	ck_assert_int_eq(notify_take_sockets(s, 3), 0);
	pass_sockets("3", NULL, getpid());
	ck_assert_int_eq(notify_take_sockets(s, 2), -E2BIG);
	pass_sockets("x", NULL, getpid());
	ck_assert_int_eq(notify_take_sockets(s, 3), 0);
	pass_sockets("3", "one", getpid());
	close(5);
	ck_assert_int_eq(notify_take_sockets(s, 3), -EBADF);
}
