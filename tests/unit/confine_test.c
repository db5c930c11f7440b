/*
 * Proves that what is not in the table of a worker's calls ends it: children
 * are confined as workers are, and try.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/confine.h"
#include "unit.h"

enum { DEVICE_PORT = 9, OTHER_PORT = 7, NO_SANDBOX = 77 };

static char page[4096] __attribute__((aligned(4096)));

static struct conf conf = {
    .single = true,
    .jail = {.sandbox = SANDBOX_ON},
    .link = {.device_count = 1, .device_text = "127.0.0.1:9"},
};
static struct log the_log = {.level = LOG_LEVEL_ERROR};

static int confined(long (*act)(void))
{
	struct addr *a = &conf.link.device[0];
	pid_t pid;
	int status;

	a->len = sizeof(a->u.in);
	a->u.in.sin_family = AF_INET;
	a->u.in.sin_port = htons(DEVICE_PORT);
	pid = fork();
	if (pid == 0) {
		if (confine(&conf, &the_log) != 0)
			_exit(NO_SANDBOX);
		syscall(SYS_exit_group, act() < 0 ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static long try_open(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
}

static long try_exec(void)
{
	static char *const none[] = {NULL};

	return syscall(SYS_execve, "/bin/true", none, none);
}

static long try_packet(void)
{
	return syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0);
}

static long try_unix(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long try_clone(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long try_ptrace(void)
{
	return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
}

static long try_mmap(void)
{
#ifdef SYS_mmap2
	return syscall(SYS_mmap2, NULL, 4096, PROT_EXEC, MAP_PRIVATE, 0, 0);
#else
	return syscall(SYS_mmap, NULL, 4096, PROT_EXEC, MAP_PRIVATE, 0, 0);
#endif
}

static long try_mprotect(void)
{
	return syscall(SYS_mprotect, page, sizeof(page), PROT_READ | PROT_EXEC);
}

static long try_kill(void)
{
	return syscall(SYS_kill, 0, 0);
}

static long try_listen(void)
{
	return syscall(SYS_listen, 0, 1);
}

static long try_option(void)
{
	int on = 1;

	return syscall(
	    SYS_setsockopt, 0, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
}

static long try_ioctl(void)
{
	return syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, "x");
}

static long try_fcntl(void)
{
	return syscall(SYS_fcntl, 0, F_SETFL, 0);
}

static long (*const forbidden[])(void) = {
    try_open,
    try_exec,
    try_packet,
    try_unix,
    try_clone,
    try_ptrace,
    try_mmap,
    try_mprotect,
    try_kill,
    try_listen,
    try_option,
    try_ioctl,
    try_fcntl,
};

TEST_LOOP(what_is_forbidden_ends_it, 0, sizeof(forbidden) / sizeof(*forbidden))
{
	int status;

	if (!unit_has_seccomp())
		return;
	status = confined(forbidden[_i]);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "wait status %#x", status);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	long fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

	return syscall(SYS_connect, fd, &a, sizeof(a)) < 0 ? errno : 0;
}

static long try_device(void)
{
	return connect_to(DEVICE_PORT) == EACCES ? -1 : 0;
}

static long try_other_port(void)
{
	return connect_to(OTHER_PORT) == EACCES ? 0 : -1;
}

TEST(only_the_port_of_the_device_is_connected_to)
{
	int status;

	if (!unit_has_seccomp())
		return;
	status = confined(try_device);
	ck_assert_int_eq(status, 0);
	/* TCP is Landlock's from its fourth version on. */
	if (syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) >= 4) {
		status = confined(try_other_port);
		ck_assert_int_eq(status, 0);
	}
}

/* The first that does not fail as one that is shut; -1: none. */
static int find_open(void)
{
	size_t count;
	const int *calls = confine_shut(&count);

	if (confine_keeper(&conf, false) != 0)
		return NO_SANDBOX;
	for (size_t i = 0; i < count; i++)
		if (syscall(calls[i], -1, -1, -1, -1, -1, -1) != -1 ||
		    errno != EPERM)
			return calls[i];
	return -1;
}

TEST(a_keeper_may_start_a_program_and_little_else)
{
	pid_t pid;
	int found, status;

	if (!unit_has_seccomp())
		return;
	pid = fork();
	if (pid == 0) {
		found = find_open();
		if (found < 0)
			execl("/bin/true", "true", NULL);
		fprintf(stderr, "call %d is open\n", found);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

#ifdef __SANITIZE_ADDRESS__
int main(void)
{
	puts("a sanitizer makes calls of its own");
	return 77;
}
#endif
