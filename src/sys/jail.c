/*
 * jail.c: the steps but the last: directories, users, capabilities, Landlock.
 * The filter of system calls is in jail_seccomp.c.
 */
#include "sys/jail.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int jail_chroot(const char *path)
{
	return chdir(path) < 0 || chroot(".") < 0 || chdir("/") < 0 ? -errno
								    : 0;
}

int jail_user(uid_t uid, gid_t gid, bool keep_caps)
{
	if (keep_caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	return setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
		       setresuid(uid, uid, uid) < 0
		   ? -errno
		   : 0;
}

/* What executed programs could have. Only who has CAP_SETPCAP may lower it;
 * for others it is no use, without new privileges. */
static int drop_bounding(uint64_t keep)
{
	for (unsigned long cap = 0; cap < 64; cap++) {
		int had;

		if (keep & UINT64_C(1) << cap)
			continue;
		had = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (had < 0)
			return 0;
		if (had > 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 &&
		    errno != EPERM)
			return -errno;
	}
	return 0;
}

int jail_drop_caps(uint64_t keep)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	int err = drop_bounding(keep);

	if (err < 0)
		return err;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> 32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int jail_no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* ---- Landlock (landlock(7)); older headers know only a part of it ---- */

enum {
	LANDLOCK_CREATE = 444,
	LANDLOCK_ADD = 445,
	LANDLOCK_RESTRICT = 446,
	LANDLOCK_VERSION = 1,
	LANDLOCK_RULE_PORT = 2,
	LANDLOCK_NET_BIND = 1,
	LANDLOCK_NET_CONNECT = 2,
};

struct landlock_rights {
	uint64_t fs;
	uint64_t net;
};

struct landlock_port {
	uint64_t rights;
	uint64_t port;
};

/* All rights on files that the version `abi` knows. */
static uint64_t file_rights(long abi)
{
	unsigned int bits = 13;

	if (abi >= 5)
		bits = 16;
	else if (abi >= 3)
		bits = 15;
	else if (abi >= 2)
		bits = 14;
	return (UINT64_C(1) << bits) - 1;
}

static int add_ports(int ruleset, const uint16_t *ports, size_t count)
{
	struct landlock_port rule = {.rights = LANDLOCK_NET_CONNECT};

	for (size_t i = 0; i < count; i++) {
		rule.port = ports[i];
		if (syscall(LANDLOCK_ADD, ruleset, LANDLOCK_RULE_PORT, &rule,
			0) < 0)
			return -errno;
	}
	return 0;
}

int jail_landlock_ports(const uint16_t *ports, size_t count, bool may_bind)
{
	long abi = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);
	struct landlock_rights rights = {.fs = file_rights(abi)};
	int ruleset, err = 0;

	if (abi < 0)
		return -errno;
	if (abi >= 4)
		rights.net =
		    (may_bind ? 0 : LANDLOCK_NET_BIND) | LANDLOCK_NET_CONNECT;
	ruleset = (int)syscall(LANDLOCK_CREATE, &rights,
	    abi >= 4 ? sizeof(rights) : sizeof(rights.fs), 0);
	if (ruleset < 0)
		return -errno;
	if (abi >= 4)
		err = add_ports(ruleset, ports, count);
	if (err == 0 && syscall(LANDLOCK_RESTRICT, ruleset, 0) < 0)
		err = -errno;
	close(ruleset);
	return err;
}
