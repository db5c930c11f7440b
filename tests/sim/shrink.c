/*
 * shrink.c: the shortest plan that fails by the same check: parts are left out
 * for as long as that is so, first many at once, then one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plan.h"
#include "world.h"

enum { CHECK_MAX = 32 };

static int report_fd;

static void report(const char *check, const char *text)
{
	char name[CHECK_MAX] = {0};

	snprintf(name, sizeof(name), "%s", check);
	if (write(report_fd, name, sizeof(name)) < 0)
		_exit(2);
	_exit(1);
}

const char *plan_verdict(const struct plan *p)
{
	static char check[CHECK_MAX];
	int fds[2], status;
	pid_t child;

	memset(check, 0, sizeof(check));
	if (pipe(fds) < 0)
		abort();
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		report_fd = fds[1];
		on_violation = report;
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		alarm(20);
		(void)plan_run(p);
		_exit(0);
	}
	close(fds[1]);
	if (read(fds[0], check, sizeof(check)) < 0)
		check[0] = '\0';
	close(fds[0]);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(check, sizeof(check), "signal-%d", WTERMSIG(status));
	return check;
}

static time_t until_s;
static char wanted[CHECK_MAX];
static bool shorter; /* something could be left out */

/* Takes `less` for `p` if it fails as well. */
static bool still(struct plan *p, const struct plan *less)
{
	if (time(NULL) >= until_s || strcmp(plan_verdict(less), wanted) != 0)
		return false;
	*p = *less;
	shorter = true;
	return true;
}

static void cut(void *array, size_t size, int *count, int from, int len)
{
	char *bytes = array;

	*count -= len;
	memmove(bytes + (size_t)from * size,
	    bytes + (size_t)(from + len) * size,
	    (size_t)(*count - from) * size);
}

static void cut_actions(struct plan *p)
{
	for (int len = p->action_count / 2; len >= 1; len /= 2)
		for (int from = 0; from + len <= p->action_count;) {
			struct plan less = *p;

			cut(less.actions, sizeof(*less.actions),
			    &less.action_count, from, len);
			if (!still(p, &less))
				from += len;
		}
}

static void cut_settings(struct plan *p)
{
	for (int i = p->setting_count - 1; i >= 0; i--) {
		struct plan less = *p;

		cut(less.settings, sizeof(*less.settings), &less.setting_count,
		    i, 1);
		(void)still(p, &less);
	}
}

static void plain_nature(struct plan *p)
{
	static const uint32_t plain[NATURE_COUNT] = {
	    [NATURE_FDS] = 256, [NATURE_BUFFER] = 16384, [NATURE_PIECE] = 4096};

	for (int i = 0; i < NATURE_COUNT; i++) {
		struct plan less = *p;

		less.nature[i] = plain[i];
		if (p->nature[i] != plain[i])
			(void)still(p, &less);
	}
}

void plan_shrink(struct plan *p, int seconds)
{
	snprintf(wanted, sizeof(wanted), "%s", plan_verdict(p));
	until_s = time(NULL) + seconds;
	shorter = wanted[0];
	while (shorter) {
		shorter = false;
		cut_actions(p);
		cut_settings(p);
		plain_nature(p);
	}
}
