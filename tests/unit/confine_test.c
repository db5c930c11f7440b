/*
 * Proves that what is not in the table of a worker's calls ends it: children
 * are confined as workers are, and try.
 */
#include <fcntl.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/ptrace.h>

#include "jail_fixture.h"
#include "keeper/confine.h"

#ifdef SYS_mmap2
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif

static char page[4096] __attribute__((aligned(4096)));
static const int on = 1;

static struct conf conf = {
    .single = true,
    .jail = {.sandbox = SANDBOX_ON},
    .link = {.device_count = 1, .device_text = "127.0.0.1:9"},
};

static void setup(void)
{
	struct addr *a = &conf.link.device[0];

	a->len = sizeof(a->u.in);
	a->u.in.sin_family = AF_INET;
	a->u.in.sin_port = htons(9);
}

static void enter(void)
{
	static struct log log = {.level = LOG_LEVEL_ERROR};

	if (confine(&conf, &log) != 0)
		_exit(NOT_HERE);
}

static int confined_call(const void *call)
{
	enter();
	make(call);
	return GOOD;
}

static const struct call forbidden[] = {
    {SYS_openat, {AT_FDCWD, (long)"/dev/null", O_RDONLY}},
    {SYS_execve, {(long)"/bin/true", (long)(char *[]){NULL}}},
    {SYS_socket, {AF_PACKET, SOCK_RAW}},
    {SYS_socket, {AF_UNIX, SOCK_STREAM}},
    {SYS_clone, {SIGCHLD}},
    {SYS_ptrace, {PTRACE_TRACEME}},
    {MMAP, {0, sizeof(page), PROT_EXEC, MAP_PRIVATE}},
    {SYS_mprotect, {(long)page, sizeof(page), PROT_READ | PROT_EXEC}},
    {SYS_kill, {0, 0}},
    {SYS_listen, {0, 1}},
    {SYS_setsockopt, {0, SOL_SOCKET, SO_REUSEPORT, (long)&on, sizeof(on)}},
    {SYS_ioctl, {0, 0x5412 /* TIOCSTI */, (long)"x"}},
    {SYS_fcntl, {0, F_SETFL}},
};

TEST_ROWS(what_is_forbidden_ends_it, forbidden)
{
	if (unit_has_seccomp())
		ck_assert_int_eq(end_of(confined_call, row), -SIGSYS);
}

static int connect_confined(const void *port)
{
	enter();
	return connect_to(*(const uint16_t *)port) == EACCES ? BAD : GOOD;
}

TEST(only_the_port_of_the_device_is_connected_to)
{
	static const uint16_t device = 9, other = 7;

	if (!unit_has_seccomp())
		return;
	ck_assert_int_eq(end_of(connect_confined, &device), GOOD);
	if (landlock_abi() >= 4)
		ck_assert_int_eq(end_of(connect_confined, &other), BAD);
}

static int start_program(const void *unused)
{
	size_t count;
	const int *calls = confine_shut(&count);

	(void)unused;
	if (confine_keeper(&conf, false) != 0)
		return NOT_HERE;
	for (size_t i = 0; i < count; i++) {
		if (syscall(calls[i], -1, -1, -1, -1, -1, -1) == -1 &&
		    errno == EPERM)
			continue;
		fprintf(stderr, "call %d is open\n", calls[i]);
		return BAD;
	}
	return execl("/bin/sh", "sh", "-c", "exit 7", NULL);
}

TEST(a_keeper_may_start_a_program_and_little_else)
{
	if (unit_has_seccomp())
		ck_assert_int_eq(end_of(start_program, NULL), GOOD);
}

FIXTURE(setup, NULL)

#ifdef __SANITIZE_ADDRESS__
int main(void)
{
	puts("a sanitizer makes calls of its own");
	return 77;
}
#endif
