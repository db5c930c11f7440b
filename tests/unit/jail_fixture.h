/* jail_fixture.h: children that walk into a jail and try. */
#ifndef TESTS_UNIT_JAIL_FIXTURE_H
#define TESTS_UNIT_JAIL_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/jail.h"
#include "unit.h"

enum { GOOD = 7, BAD = 1, NOT_HERE = 77 };

struct call {
	long number, args[6];
};

static inline long make(const struct call *c)
{
	return syscall(c->number, c->args[0], c->args[1], c->args[2],
	    c->args[3], c->args[4], c->args[5]);
}

/* What a child that does `act` exits with, or minus the signal that ends it;
 * the exit itself is a call, too. */
static inline int end_of(int (*act)(const void *with), const void *with)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		syscall(SYS_exit_group, act(with));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* The version of the kernel's Landlock: TCP is its own from the fourth on. */
static inline long landlock_abi(void)
{
	return syscall(444 /* landlock_create_ruleset */, NULL, 0, 1);
}

/* 0, or the errno of a connect to this machine. */
static inline int connect_to(uint16_t port)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	return syscall(SYS_connect, fd, &a, sizeof(a)) < 0 ? errno : 0;
}

#endif
