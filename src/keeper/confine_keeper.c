/*
 * confine_keeper.c: what the keeper gives up. It opens, binds, forks, looks up
 * names with whatever the system's resolver needs, and starts a program of a
 * version to come, which inherits the filter: so this names calls that are
 * shut, in place of those that are left, and they fail in place of ending the
 * process.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sysexits.h>

#include "keeper/confine.h"
#include "sys/exit_status.h"
#include "sys/jail.h"

/* Other processes, the kernel, its clock, its mounts, and ways around it. */
static const int shut[] = {
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_quotactl,
    SYS_syslog,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_settimeofday,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_unshare,
    SYS_setns,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_personality,
    SYS_mknodat,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
#ifdef SYS_io_uring_setup
    SYS_io_uring_setup,
#endif
#ifdef SYS_open_tree
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsmount,
#endif
#ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
#endif
};

const int *confine_shut(size_t *out_count)
{
	*out_count = sizeof(shut) / sizeof(*shut);
	return shut;
}

/* Ports below 1024 at a reload, files and groups of others, a worker's user
 * and root, and its end. */
static const uint64_t kept =
    UINT64_C(1) << CAP_NET_BIND_SERVICE | UINT64_C(1) << CAP_CHOWN |
    UINT64_C(1) << CAP_FOWNER | UINT64_C(1) << CAP_FSETID |
    UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH |
    UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID |
    UINT64_C(1) << CAP_SETPCAP | UINT64_C(1) << CAP_SYS_CHROOT |
    UINT64_C(1) << CAP_KILL;

int confine_keeper(const struct conf *conf, bool is_confined)
{
	enum sandbox sandbox = conf->jail.sandbox;
	int err;

#ifdef __SANITIZE_ADDRESS__
	sandbox = SANDBOX_OFF; /* it looks at leaks with ptrace */
#endif
	if (sandbox == SANDBOX_OFF || is_confined)
		return EX_OK;
	err = jail_no_new_privs();
	if (err < 0)
		return exit_status_fail(
		    "sandbox: the keeper cannot give up new privileges", "",
		    err);
	err = jail_drop_caps(kept);
	if (err < 0)
		return exit_status_fail(
		    "sandbox: the keeper cannot drop capabilities", "", err);
	err = jail_seccomp_shut(shut, sizeof(shut) / sizeof(*shut),
	    sandbox == SANDBOX_LOG ? JAIL_LOG : JAIL_KILL);
	if (err < 0)
		return exit_status_fail(
		    "sandbox: the keeper's system calls cannot be limited", "",
		    err);
	return EX_OK;
}
