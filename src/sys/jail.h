/*
 * jail.h: giving up, step by step, what the process does not need: files,
 * users, capabilities, system calls.
 *
 * Raw system calls only. Each step returns 0 or -errno, and a caller who meets
 * an error refuses to serve; -ENOSYS and -EOPNOTSUPP from Landlock mean that
 * the kernel has none. Order: chroot, user, capabilities, Landlock, seccomp;
 * jail_no_new_privs comes before the last two.
 */
#ifndef SYS_JAIL_H
#define SYS_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum sandbox { SANDBOX_OFF, SANDBOX_LOG, SANDBOX_ON };

struct jail_conf {
	const char *user;  /* NULL: the one who has started it */
	const char *group; /* NULL: the user's */
	const char *root;  /* NULL: as it is */
	enum sandbox sandbox;
	uid_t uid; /* of `user` */
	gid_t gid;
};

/* The root and the current directory are `path` from now on. */
int jail_chroot(const char *path);

/* No supplementary groups; group, then user, for good. With `keep_caps` the
 * capabilities stay for jail_drop_caps to choose from. */
int jail_user(uid_t uid, gid_t gid, bool keep_caps);

/* Keeps the capabilities in the mask `keep` (1 << CAP_...), as far as the
 * process has them, and drops all others, also for programs it might run. */
int jail_drop_caps(uint64_t keep);

/* What is executed gains nothing; seccomp and Landlock ask for it. */
int jail_no_new_privs(void);

/* Opening and changing files, and making sockets listen or connect by TCP, end
 * here (TCP from Landlock's ABI 4 on), but for connects to these ports and,
 * `may_bind`, binding; what is open goes on. */
int jail_landlock_ports(const uint16_t *ports, size_t count, bool may_bind);

/* One allowed form of a call: `check_count` arguments must have the values
 * named (their low 32 bits: they are ints). A call with several forms has
 * several rows. */
enum { JAIL_CHECKS_MAX = 2 };

struct jail_rule {
	int call; /* SYS_... */
	unsigned int check_count;
	struct {
		unsigned int argument; /* from 0 */
		uint32_t value;
	} checks[JAIL_CHECKS_MAX];
};

// clang-format off: it takes braces for functions
#define JAIL_CALL(call)                                                        \
	{                                                                      \
		SYS_##call, 0,                                                 \
		{                                                              \
			{0, 0},                                                \
			{                                                      \
				0, 0                                           \
			}                                                      \
		}                                                              \
	}
#define JAIL_CALL_IF(call, argument, value)                                    \
	{                                                                      \
		SYS_##call, 1,                                                 \
		{                                                              \
			{argument, (uint32_t)(value)},                         \
			{                                                      \
				0, 0                                           \
			}                                                      \
		}                                                              \
	}
#define JAIL_CALL_IF_BOTH(call, argument, value, other, other_value)           \
	{                                                                      \
		SYS_##call, 2,                                                 \
		{                                                              \
			{argument, (uint32_t)(value)},                         \
			{                                                      \
				other, (uint32_t)(other_value)                 \
			}                                                      \
		}                                                              \
	}
// clang-format on

enum jail_mode {
	JAIL_KILL, /* anything else kills the process */
	JAIL_LOG,  /* it is logged by the kernel, and goes on */
};

/* Allows what the table says and nothing else, in the calling convention the
 * program was compiled for. -E2BIG: the table is too long; -ENOSYS: unknown
 * architecture. */
int jail_seccomp(
    const struct jail_rule *table, size_t count, enum jail_mode mode);

/* The other way round: these calls, and those of other conventions, fail with
 * EPERM (JAIL_LOG: are logged), all others are allowed. */
int jail_seccomp_shut(const int *calls, size_t count, enum jail_mode mode);

#endif
