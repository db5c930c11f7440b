/*
 * jail_seccomp.c: a table of allowed calls as a filter program. One row after
 * the other is compared; the first that fits allows, behind the last comes
 * the end of the process.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bug.h"
#include "sys/jail.h"

#if defined(__x86_64__)
#define JAIL_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define JAIL_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define JAIL_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define JAIL_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define JAIL_ARCH AUDIT_ARCH_RISCV64
#elif defined(__mips__) && !defined(__mips64) && defined(__MIPSEL__)
#define JAIL_ARCH AUDIT_ARCH_MIPSEL
#else
#define JAIL_ARCH 0
#endif

enum {
	PROGRAM_MAX = 1024,
	ROW_MAX = 3 + 2 * JAIL_CHECKS_MAX, /* instructions of a row */
	X32_BIT = 0x40000000,
	/* Where the low half of a 64-bit argument lies. */
	LOW_HALF = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0,
};

struct program {
	struct sock_filter at[PROGRAM_MAX];
	unsigned short count;
};

static void add(struct program *p, unsigned short code, uint32_t k,
    unsigned char jump_true, unsigned char jump_false)
{
	p->at[p->count++] = (struct sock_filter){
	    .code = code, .jt = jump_true, .jf = jump_false, .k = k};
}

static void add_load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void add_return(struct program *p, uint32_t action)
{
	add(p, BPF_RET | BPF_K, action, 0, 0);
}

/* On with the next instruction if what was loaded is `k`, else `skip` more
 * than that. */
static void add_equal(struct program *p, uint32_t k, size_t skip)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, (unsigned char)skip);
}

/* Numbers mean the same calls only under one architecture, and x32 is a
 * second set of them under the same one. The number is loaded behind it. */
static void add_convention(struct program *p, uint32_t otherwise)
{
	add_load(p, offsetof(struct seccomp_data, arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, JAIL_ARCH, 1, 0);
	add_return(p, otherwise);
	add_load(p, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
	add(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	add_return(p, otherwise);
#endif
}

/* Arguments that differ lead to what stands behind. */
static void add_form(struct program *p, const struct jail_rule *r)
{
	size_t left = 2 * r->check_count + 1; /* to the end of the form */

	for (unsigned int i = 0; i < r->check_count; i++) {
		add_load(p, offsetof(struct seccomp_data, args) +
				sizeof(uint64_t) * r->checks[i].argument +
				LOW_HALF);
		left -= 2;
		add_equal(p, r->checks[i].value, left);
	}
	add_return(p, SECCOMP_RET_ALLOW);
}

/* The number of the call is loaded, before and behind. The kernel walks
 * through the whole program for every number there is, when it is installed:
 * all forms of one call are passed over at once. */
static size_t add_call(
    struct program *p, const struct jail_rule *r, size_t count)
{
	unsigned short start = p->count;
	size_t forms = 0;

	add_equal(p, (uint32_t)r->call, 0);
	do
		add_form(p, &r[forms++]);
	while (forms < count && r[forms].call == r->call);
	if (r->check_count > 0)
		add_load(p, offsetof(struct seccomp_data, nr));
	BUG_ON(p->count - start - 1 > UINT8_MAX);
	p->at[start].jf = (unsigned char)(p->count - start - 1);
	return forms;
}

static int install(struct program *p)
{
	struct sock_fprog filter = {.filter = p->at, .len = p->count};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0
		   ? -errno
		   : 0;
}

int jail_seccomp(
    const struct jail_rule *table, size_t count, enum jail_mode mode)
{
	uint32_t otherwise =
	    mode == JAIL_LOG ? SECCOMP_RET_LOG : SECCOMP_RET_KILL_PROCESS;
	struct program p = {.count = 0};

	if (JAIL_ARCH == 0)
		return -ENOSYS;
	if (count > (PROGRAM_MAX - ROW_MAX) / ROW_MAX)
		return -E2BIG;
	add_convention(&p, otherwise);
	for (size_t i = 0; i < count;)
		i += add_call(&p, &table[i], count - i);
	add_return(&p, otherwise);
	return install(&p);
}

int jail_seccomp_shut(const int *calls, size_t count, enum jail_mode mode)
{
	uint32_t shut =
	    mode == JAIL_LOG ? SECCOMP_RET_LOG : SECCOMP_RET_ERRNO | EPERM;
	struct program p = {.count = 0};

	if (JAIL_ARCH == 0)
		return -ENOSYS;
	if (count > (PROGRAM_MAX - ROW_MAX) / 2)
		return -E2BIG;
	add_convention(&p, shut);
	for (size_t i = 0; i < count; i++) {
		add_equal(&p, (uint32_t)calls[i], 1);
		add_return(&p, shut);
	}
	add_return(&p, SECCOMP_RET_ALLOW);
	return install(&p);
}
