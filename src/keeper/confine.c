/*
 * confine.c: the steps of the jail, in their order, and the table of the
 * system calls that are left.
 *
 * The table is what the traces of a serving proxy show, and no more: no open,
 * no exec, no clone, no mapping of memory. Arguments are named where a call
 * could do other things than those needed.
 */
#include "keeper/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sysexits.h>

#include "settings/value.h"
#include "sys/exit_status.h"
#include "sys/jail.h"

/* clang-format off */
static const struct jail_rule rules[] = {
    /* Bytes. */
    JAIL_CALL(read), JAIL_CALL(write), JAIL_CALL(close),
    JAIL_CALL(recvfrom), JAIL_CALL(sendto), JAIL_CALL(sendmsg),
    JAIL_CALL(recvmsg), JAIL_CALL(splice), JAIL_CALL(pipe2),
#ifdef SYS_recv
    JAIL_CALL(recv), JAIL_CALL(send),
#endif
    /* Sockets. */
    JAIL_CALL(accept4), JAIL_CALL(connect), JAIL_CALL(bind),
    JAIL_CALL(shutdown), JAIL_CALL(getsockname), JAIL_CALL(getpeername),
    JAIL_CALL_IF(socket, 0, AF_INET),
    JAIL_CALL_IF(socket, 0, AF_INET6),
    JAIL_CALL_IF_BOTH(setsockopt, 1, SOL_SOCKET, 2, SO_LINGER),
    JAIL_CALL_IF_BOTH(setsockopt, 1, SOL_SOCKET, 2, SO_KEEPALIVE),
    JAIL_CALL_IF_BOTH(setsockopt, 1, SOL_SOCKET, 2, SO_OOBINLINE),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_IP, 2, IP_BIND_ADDRESS_NO_PORT),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_TCP, 2, TCP_NODELAY),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_TCP, 2, TCP_QUICKACK),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_TCP, 2, TCP_KEEPIDLE),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_TCP, 2, TCP_KEEPINTVL),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_TCP, 2, TCP_KEEPCNT),
    JAIL_CALL_IF_BOTH(setsockopt, 1, IPPROTO_TCP, 2, TCP_USER_TIMEOUT),
    JAIL_CALL_IF_BOTH(getsockopt, 1, SOL_SOCKET, 2, SO_ERROR),
    JAIL_CALL_IF_BOTH(getsockopt, 1, IPPROTO_TCP, 2, TCP_INFO),
    JAIL_CALL_IF(ioctl, 1, SIOCOUTQ),
    /* A log whose reader is behind at the end. */
    JAIL_CALL_IF(fcntl, 1, F_GETPIPE_SZ),
    JAIL_CALL_IF(fcntl, 1, F_SETPIPE_SZ),
#ifdef SYS_fcntl64
    JAIL_CALL_IF(fcntl64, 1, F_GETPIPE_SZ),
    JAIL_CALL_IF(fcntl64, 1, F_SETPIPE_SZ),
#endif
    JAIL_CALL(ppoll),
    /* The loop: each libc has its own call. */
#if defined(SYS_epoll_wait) && defined(__GLIBC__)
    JAIL_CALL(epoll_wait),
#else
    JAIL_CALL(epoll_pwait),
#endif
    JAIL_CALL(epoll_ctl), JAIL_CALL(clock_gettime),
#ifdef SYS_clock_gettime64
    JAIL_CALL(clock_gettime64), JAIL_CALL(ppoll_time64),
#endif
    JAIL_CALL(exit_group),
};
/* clang-format on */

static int limit(void)
{
	static const struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_NPROC, &none) < 0 ||
		       setrlimit(RLIMIT_CORE, &none) < 0
		   ? -errno
		   : 0;
}

/* Changing the user has made the kernel forget it (prctl(2)). */
static int die_with_keeper(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
}

static int landlock(const struct conf *conf, struct log *log)
{
	const struct device_link_conf *d = &conf->link;
	uint16_t ports[DEVICE_ADDR_MAX];
	char name[VALUE_NAME_MAX];
	size_t count = 0;
	int err;

	for (size_t i = 0; i < d->device_count; i++)
		ports[count++] = addr_port(&d->device[i]);
	if (count == 0 && value_split_name(d->device_text, name, &ports[0]))
		count = 1;
	err = jail_landlock_ports(ports, count, d->local.len > 0);
	if (err != -ENOSYS && err != -EOPNOTSUPP)
		return err;
	log_message(log, LOG_LEVEL_WARN,
	    "sandbox: this kernel has no Landlock; system calls are limited "
	    "all the same");
	return 0;
}

static int fail(const char *step, const char *name, int err)
{
	return exit_status_fail(step, name, err);
}

/* A sanitizer makes calls of its own. */
static enum sandbox sandbox_of(const struct jail_conf *j)
{
#ifdef __SANITIZE_ADDRESS__
	(void)j;
	return SANDBOX_OFF;
#else
	return j->sandbox;
#endif
}

int confine(const struct conf *conf, struct log *log)
{
	const struct jail_conf *j = &conf->jail;
	enum sandbox sandbox = sandbox_of(j);
	int err;

	if (sandbox == SANDBOX_OFF && !j->user && !j->root)
		return EX_OK;
	err = limit();
	if (err < 0)
		return fail("sandbox: cannot set limits", "", err);
	err = jail_no_new_privs();
	if (err < 0)
		return fail("sandbox: cannot give up new privileges", "", err);
	err = j->root ? jail_chroot(j->root) : 0;
	if (err < 0)
		return fail(
		    "sandbox: cannot change the root to ", j->root, err);
	err = j->user ? jail_user(j->uid, j->gid, false) : 0;
	if (err < 0)
		return fail("sandbox: cannot become user ", j->user, err);
	err = jail_drop_caps(0);
	if (err < 0)
		return fail("sandbox: cannot drop capabilities", "", err);
	err = conf->single ? 0 : die_with_keeper();
	if (err < 0)
		return fail("sandbox: cannot follow the keeper", "", err);
	err = sandbox == SANDBOX_ON ? landlock(conf, log) : 0;
	if (err < 0)
		return fail("sandbox: Landlock fails", "", err);
	err = sandbox == SANDBOX_OFF
		  ? 0
		  : jail_seccomp(rules, sizeof(rules) / sizeof(*rules),
			sandbox == SANDBOX_LOG ? JAIL_LOG : JAIL_KILL);
	if (err < 0)
		return fail("sandbox: system calls cannot be limited", "", err);
	return EX_OK;
}
