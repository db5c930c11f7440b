/*
 * Proves that each step of the jail takes away what it says: children walk in
 * and try.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/jail.h"
#include "unit.h"

/* The wait status of a child that does `act` and exits with what it returns;
 * the exit itself is a call, too. */
static int status_of(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		syscall(SYS_exit_group, act());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_exit(int (*act)(void), int code)
{
	int status = status_of(act);

	ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
	ck_assert_int_eq(WEXITSTATUS(status), code);
}

static void expect_kill(int (*act)(void))
{
	int status = status_of(act);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}

/* ---- calls ---- */

static const struct jail_rule table[] = {
    JAIL_CALL(exit_group),
    JAIL_CALL_IF(socket, 0, AF_INET),
    JAIL_CALL_IF(socket, 0, AF_INET6),
    JAIL_CALL_IF_BOTH(setsockopt, 1, SOL_SOCKET, 2, SO_REUSEADDR),
    JAIL_CALL_IF(fcntl, 1, F_GETFL),
    JAIL_CALL(getpid),
};

static void enter(enum jail_mode mode)
{
	if (jail_no_new_privs() < 0 ||
	    jail_seccomp(table, sizeof(table) / sizeof(table[0]), mode) < 0)
		abort();
}

static int allowed(void)
{
	int on = 1, fd;

	enter(JAIL_KILL);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0)
		fd = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return 1;
	if (syscall(SYS_fcntl, fd, F_GETFL) < 0)
		return 2;
	return syscall(SYS_getpid) > 0 ? 7 : 3;
}

static int other_call(void)
{
	enter(JAIL_KILL);
	return (int)syscall(SYS_getppid);
}

static int other_family(void)
{
	enter(JAIL_KILL);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

/* An argument that was looked at is no number of a call. */
static int family_like_a_call(void)
{
	enter(JAIL_KILL);
	return socket(SYS_getpid, SOCK_STREAM, 0);
}

static int other_level(void)
{
	int on = 1;

	enter(JAIL_KILL);
	return setsockopt(0, IPPROTO_TCP, SO_REUSEADDR, &on, sizeof(on));
}

static int other_option(void)
{
	int on = 1;

	enter(JAIL_KILL);
	return setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int other_command(void)
{
	enter(JAIL_KILL);
	return (int)syscall(SYS_fcntl, 0, F_SETFL, 0);
}

static int other_call_logged(void)
{
	enter(JAIL_LOG);
	return syscall(SYS_getppid) > 0 ? 9 : 0;
}

TEST(the_table_is_all_there_is)
{
	if (!unit_has_seccomp())
		return;
	expect_exit(allowed, 7);
	expect_kill(other_call);
	expect_kill(other_family);
	expect_kill(family_like_a_call);
	expect_kill(other_level);
	expect_kill(other_option);
	expect_kill(other_command);
	expect_exit(other_call_logged, 9);
}

#if defined(__x86_64__)
static int through_x32(void)
{
	enter(JAIL_KILL);
	return (int)syscall(SYS_getpid | 0x40000000);
}

/* 39 is getpid on x86-64, and allowed; here it is mkdir of i386. */
static int through_i386(void)
{
	long result;

	enter(JAIL_KILL);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(39), "b"(0), "c"(0)
			 : "memory");
	return (int)result;
}

TEST(other_conventions_are_shut)
{
	expect_kill(through_x32);
	expect_kill(through_i386);
}
#endif

TEST(a_table_may_be_too_long)
{
	struct jail_rule *rows = calloc(1000, sizeof(*rows));

	ck_assert_int_eq(jail_seccomp(rows, 1000, JAIL_KILL), -E2BIG);
	free(rows);
}

/* ---- privileges ---- */

static bool has_cap(int cap)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	return data[cap / 32].effective >> (cap % 32) & 1;
}

static int user_without_caps(void)
{
	if (jail_user(65534, 65534, false) < 0)
		return 1;
	if (getuid() != 65534 || getegid() != 65534 || getgroups(0, NULL) != 0)
		return 2;
	return setuid(0) < 0 && !has_cap(CAP_NET_BIND_SERVICE) ? 7 : 3;
}

static int user_with_one_cap(void)
{
	if (jail_user(65534, 65534, true) < 0 ||
	    jail_drop_caps(UINT64_C(1) << CAP_NET_BIND_SERVICE) < 0)
		return 1;
	if (!has_cap(CAP_NET_BIND_SERVICE) || has_cap(CAP_SETUID))
		return 2;
	return setuid(0) < 0 ? 7 : 3;
}

static int root_without_caps(void)
{
	if (jail_drop_caps(0) < 0)
		return 1;
	if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0)
		return 2;
	return setgid(1) < 0 && chroot("/") < 0 ? 7 : 3;
}

static char dir[] = "/tmp/jail_test.XXXXXX";

static int in_chroot(void)
{
	if (jail_chroot(dir) < 0)
		return 1;
	return access("/tmp", F_OK) < 0 && access("..", F_OK) == 0 &&
		       access("../../tmp", F_OK) < 0
		   ? 7
		   : 2;
}

TEST(users_and_capabilities_are_given_up)
{
	if (geteuid() != 0)
		return;
	expect_exit(user_without_caps, 7);
	expect_exit(user_with_one_cap, 7);
	expect_exit(root_without_caps, 7);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	expect_exit(in_chroot, 7);
	rmdir(dir);
	ck_assert_int_eq(jail_chroot("/nowhere/at/all"), -ENOENT);
}

/* ---- Landlock ---- */

static int port_allowed, port_other;

static int connects(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ? errno : 0;
}

/* Exit 77: this kernel has no such thing. */
static int behind_landlock(void)
{
	uint16_t port = (uint16_t)port_allowed;
	int open_before = open("/dev/null", O_RDWR), err;
	long abi = syscall(444, NULL, 0, 1);

	if (jail_no_new_privs() < 0)
		return 1;
	err = jail_landlock_ports(&port, port_allowed > 0, false);
	if (err == -ENOSYS || err == -EOPNOTSUPP)
		return 77;
	if (err < 0)
		return 2;
	if (open("/dev/null", O_RDWR) >= 0 || errno != EACCES)
		return 3;
	if (mkdir("/tmp/jail_test.dir", 0700) == 0)
		return 4;
	if (write(open_before, "x", 1) != 1)
		return 5;
	if (abi < 4)
		return 7;
	if (port_allowed > 0 && connects(port_allowed) != ECONNREFUSED)
		return 6;
	return connects(port_other) == EACCES ? 7 : 8;
}

TEST(landlock_shuts_files_and_ports)
{
	int status;

	port_other = 9;
	for (port_allowed = 0; port_allowed <= 1; port_allowed++) {
		status = status_of(behind_landlock);
		ck_assert(WIFEXITED(status));
		if (WEXITSTATUS(status) != 77)
			ck_assert_int_eq(WEXITSTATUS(status), 7);
	}
}
