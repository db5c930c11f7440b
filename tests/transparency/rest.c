/*
 * rest.c: loopback barriers and the /proc files that tell sleep from work.
 */
#include "rest.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	BARRIERS = 3,
	LOOK_EVERY_US = 30,
	PATIENCE_S = 30,
	/* A wait that ends sooner than this is a pause within some work. */
	NEAR_MS = 500,
};

static int stay_on_this_processor(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	if (cpu < 0)
		return -errno;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int rest_init(struct rest *r)
{
	struct sockaddr_in self = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	socklen_t len = sizeof(self);
	int err = stay_on_this_processor();

	if (err < 0)
		return err;
	memset(r, 0, sizeof(*r));
	r->datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (r->datagrams < 0)
		return -errno;
	if (bind(r->datagrams, (struct sockaddr *)&self, len) < 0 ||
	    getsockname(r->datagrams, (struct sockaddr *)&self, &len) < 0 ||
	    connect(r->datagrams, (struct sockaddr *)&self, len) < 0 ||
	    setsockopt(r->datagrams, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) < 0)
		return -errno;
	return 0;
}

static int open_proc(pid_t pid, const char *file)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int watch_one(struct rest *r, pid_t pid)
{
	struct rest_process *p = &r->processes[r->count];

	if (r->count == REST_PROCESSES_MAX)
		return -E2BIG;
	p->syscall_fd = open_proc(pid, "syscall");
	if (p->syscall_fd < 0)
		return p->syscall_fd;
	p->schedstat_fd = open_proc(pid, "schedstat");
	if (p->schedstat_fd < 0) {
		close(p->syscall_fd);
		return p->schedstat_fd;
	}
	r->count++;
	return 0;
}

int rest_watch(struct rest *r, pid_t pid)
{
	char path[64], list[256];
	char *next = list;
	ssize_t n;
	int fd, err;

	err = watch_one(r, pid);
	if (err < 0)
		return err;
	snprintf(path, sizeof(path), "task/%d/children", (int)pid);
	fd = open_proc(pid, path);
	if (fd < 0)
		return fd;
	n = read(fd, list, sizeof(list) - 1);
	close(fd);
	list[n < 0 ? 0 : n] = '\0';
	while (err == 0 && *next != '\0' && (pid = strtol(next, &next, 10)) > 0)
		err = rest_watch(r, pid);
	return err;
}

/* Does it sleep, and not in a wait that will soon end by itself? */
static bool sleeps(const struct rest_process *p)
{
	unsigned long timeout;
	char text[256];
	long call;
	ssize_t n = pread(p->syscall_fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%ld %*x %*x %*x %lx", &call, &timeout) != 2 ||
	    call < 0)
		return false;
	if (call != SYS_epoll_pwait
#ifdef SYS_epoll_wait
	    && call != SYS_epoll_wait
#endif
	)
		return true;
	return (int)timeout < 0 || (int)timeout >= NEAR_MS;
}

/* Time on the processor, in ns: unchanged means not one instruction ran. */
static uint64_t time_run(const struct rest_process *p)
{
	char text[64] = "";

	if (pread(p->schedstat_fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	return strtoull(text, NULL, 10);
}

static bool all_sleep(const struct rest *r, uint64_t *out_time)
{
	*out_time = 0;
	for (unsigned int i = 0; i < r->count; i++) {
		if (!sleeps(&r->processes[i]))
			return false;
		*out_time += time_run(&r->processes[i]);
	}
	return true;
}

static bool barriers(const struct rest *r)
{
	char byte = 0;

	for (int i = 0; i < BARRIERS; i++)
		if (send(r->datagrams, &byte, 1, 0) != 1 ||
		    recv(r->datagrams, &byte, 1, 0) != 1)
			return false;
	return true;
}

static bool is_at_rest(const struct rest *r)
{
	uint64_t before, after;

	return all_sleep(r, &before) && barriers(r) && all_sleep(r, &after) &&
	       before == after;
}

bool rest_wait(const struct rest *r)
{
	static const struct timespec pause = {.tv_nsec = LOOK_EVERY_US * 1000};
	time_t give_up = time(NULL) + PATIENCE_S;

	if (r->count == 0)
		return barriers(r);
	while (!is_at_rest(r)) {
		if (time(NULL) > give_up)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}
