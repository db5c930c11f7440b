/*
 * proxy.c: one child process and its command line.
 */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMAND_MAX = 2048, ADDRESS_MAX = 32, POLITE_MS = 3000 };

static int find_free_port(struct sockaddr_in *out)
{
	socklen_t len = sizeof(*out);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	*out = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(fd, (struct sockaddr *)out, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)out, &len) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void print_address(const struct sockaddr_in *a, char *out_text)
{
	snprintf(out_text, ADDRESS_MAX, "127.0.0.1:%u", ntohs(a->sin_port));
}

/* Copies `command`, putting in the addresses, behind "exec ". */
static int fill_in(const char *command, const char *listen, const char *device,
    char out_text[COMMAND_MAX])
{
	size_t len = (size_t)sprintf(out_text, "exec ");
	const char *word;

	while (*command != '\0') {
		char one[2] = {*command, '\0'};

		word = one;
		if (strncmp(command, "{listen}", 8) == 0)
			word = listen;
		else if (strncmp(command, "{device}", 8) == 0)
			word = device;
		command += word == one ? 1 : 8;
		if (len + strlen(word) >= COMMAND_MAX)
			return -E2BIG;
		len += (size_t)sprintf(out_text + len, "%s", word);
	}
	return 0;
}

pid_t proxy_start(const char *command, const struct sockaddr_in *device,
    int priority, struct sockaddr_in *out_listen)
{
	char listen_text[ADDRESS_MAX], device_text[ADDRESS_MAX];
	struct sched_param param = {.sched_priority = priority};
	char text[COMMAND_MAX];
	pid_t pid;
	int err = find_free_port(out_listen);

	if (err < 0)
		return err;
	print_address(out_listen, listen_text);
	print_address(device, device_text);
	err = fill_in(command, listen_text, device_text, text);
	if (err < 0)
		return err;
	pid = fork();
	if (pid != 0)
		return pid < 0 ? -errno : pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (priority == 0 || sched_setscheduler(0, SCHED_FIFO, &param) == 0)
		execl("/bin/sh", "sh", "-c", text, NULL);
	_exit(127);
}

int proxy_has_ended(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid != 0;
}

void proxy_stop(pid_t pid)
{
	static const struct timespec pause = {.tv_nsec = 1000000};

	kill(pid, SIGTERM);
	for (int i = 0; i < POLITE_MS && !proxy_has_ended(pid); i++)
		nanosleep(&pause, NULL);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
