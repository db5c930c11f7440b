/*
 * Proves that each step of the jail takes away what it says: children walk in
 * and try.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "jail_fixture.h"

/* ---- calls ---- */

static const struct jail_rule table[] = {
    JAIL_CALL(exit_group),
    JAIL_CALL_IF(socket, 0, AF_INET),
    JAIL_CALL_IF(socket, 0, AF_INET6),
    JAIL_CALL_IF_BOTH(setsockopt, 1, SOL_SOCKET, 2, SO_REUSEADDR),
    JAIL_CALL_IF(fcntl, 1, F_GETFL),
    JAIL_CALL(getpid),
};

static const struct jailed_call {
	struct call call;
	int end;
	enum jail_mode mode;
} calls[] = {
    {{SYS_getpid, {0}}, GOOD, JAIL_KILL},
    {{SYS_socket, {AF_INET, SOCK_STREAM}}, GOOD, JAIL_KILL},
    {{SYS_socket, {AF_INET6, SOCK_STREAM}}, GOOD, JAIL_KILL},
    {{SYS_setsockopt, {0, SOL_SOCKET, SO_REUSEADDR}}, GOOD, JAIL_KILL},
    {{SYS_fcntl, {0, F_GETFL}}, GOOD, JAIL_KILL},
    {{SYS_getppid, {0}}, GOOD, JAIL_LOG},
    {{SYS_getppid, {0}}, -SIGSYS, JAIL_KILL},
    {{SYS_socket, {AF_UNIX, SOCK_STREAM}}, -SIGSYS, JAIL_KILL},
    /* An argument that was looked at is no number of a call. */
    {{SYS_socket, {SYS_getpid, SOCK_STREAM}}, -SIGSYS, JAIL_KILL},
    {{SYS_setsockopt, {0, IPPROTO_TCP, SO_REUSEADDR}}, -SIGSYS, JAIL_KILL},
    {{SYS_setsockopt, {0, SOL_SOCKET, SO_KEEPALIVE}}, -SIGSYS, JAIL_KILL},
    {{SYS_fcntl, {0, F_SETFL}}, -SIGSYS, JAIL_KILL},
#if defined(__x86_64__)
    /* x32 */
    {{SYS_getpid | 0x40000000, {0}}, -SIGSYS, JAIL_KILL},
#endif
};

static void enter(enum jail_mode mode)
{
	if (jail_no_new_privs() < 0 ||
	    jail_seccomp(table, sizeof(table) / sizeof(table[0]), mode) < 0)
		abort();
}

static int jailed_call(const void *with)
{
	const struct jailed_call *c = with;

	enter(c->mode);
	return make(&c->call) < 0 && errno == EPERM ? BAD : GOOD;
}

TEST_ROWS(the_table_is_all_there_is, calls)
{
	if (unit_has_seccomp())
		ck_assert_int_eq(end_of(jailed_call, row), row->end);
}

#if defined(__x86_64__)
/* 39 is getpid on x86-64, and allowed; here it is mkdir of i386. */
static int through_i386(const void *unused)
{
	long result;

	(void)unused;
	enter(JAIL_KILL);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(39), "b"(0), "c"(0)
			 : "memory");
	return (int)result;
}

TEST(the_other_convention_is_shut)
{
	ck_assert_int_eq(end_of(through_i386, NULL), -SIGSYS);
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

static bool user_without_caps(void)
{
	return jail_user(65534, 65534, false) == 0 && getuid() == 65534 &&
	       getegid() == 65534 && getgroups(0, NULL) == 0 && setuid(0) < 0 &&
	       !has_cap(CAP_NET_BIND_SERVICE);
}

static bool user_with_one_cap(void)
{
	return jail_user(65534, 65534, true) == 0 &&
	       jail_drop_caps(UINT64_C(1) << CAP_NET_BIND_SERVICE) == 0 &&
	       has_cap(CAP_NET_BIND_SERVICE) && !has_cap(CAP_SETUID) &&
	       setuid(0) < 0;
}

static bool root_without_caps(void)
{
	return jail_drop_caps(0) == 0 &&
	       prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0 &&
	       setgid(1) < 0 && chroot("/") < 0;
}

static char dir[] = "/tmp/jail_test.XXXXXX";

static bool in_chroot(void)
{
	return jail_chroot(dir) == 0 && access("/tmp", F_OK) < 0 &&
	       access("..", F_OK) == 0 && access("../../tmp", F_OK) < 0;
}

static bool (*const steps[])(void) = {
    user_without_caps, user_with_one_cap, root_without_caps, in_chroot};

static int try_step(const void *with)
{
	bool (*const *step)(void) = with;

	return (*step)() ? GOOD : BAD;
}

TEST_ROWS(users_capabilities_and_the_root_are_given_up, steps)
{
	if (geteuid() != 0)
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(end_of(try_step, row), GOOD);
	rmdir(dir);
	ck_assert_int_eq(jail_chroot("/nowhere/at/all"), -ENOENT);
}

/* ---- Landlock ---- */

/* Behind it only port 1 may be connected to, or none. */
static int behind_landlock(const void *with)
{
	const bool *one_port = with;
	uint16_t port = 1;
	int open_before = open("/dev/null", O_RDWR), err;
	long abi = landlock_abi();

	if (jail_no_new_privs() < 0)
		return 1;
	err = jail_landlock_ports(&port, *one_port, false);
	if (err < 0)
		return err == -ENOSYS || err == -EOPNOTSUPP ? NOT_HERE : 2;
	if (open("/dev/null", O_RDWR) >= 0 || errno != EACCES)
		return 3;
	if (mkdir("/tmp/jail_test.dir", 0700) == 0)
		return 4;
	if (write(open_before, "x", 1) != 1)
		return 5;
	if (abi >= 4 && *one_port && connect_to(port) != ECONNREFUSED)
		return 6;
	return abi < 4 || connect_to(9) == EACCES ? GOOD : 8;
}

static const bool one_port[] = {false, true};

TEST_ROWS(landlock_shuts_files_and_ports, one_port)
{
	int end = end_of(behind_landlock, row);

	if (end != NOT_HERE)
		ck_assert_int_eq(end, GOOD);
}
