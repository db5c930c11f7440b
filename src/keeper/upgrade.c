/*
 * upgrade.c: another program while the proxy serves, and no other mechanism
 * than a reload's.
 *
 * The keeper starts the program on disk as it would start a worker, with a
 * line, over which the sockets, the counters and what is known of the device
 * go first. That program becomes a keeper with a worker of its own. To the
 * keeper before it (the predecessor) it is a worker that replaces the newest;
 * to itself the predecessor is a worker that retires. So slots, health and
 * those who wait go over the line between the two as they go between workers,
 * and a program that fails, dies or hangs before its worker is ready is a
 * worker that did not come up.
 *
 * A predecessor stays until its last worker has ended. Where no service
 * manager was told MAINPID it stays as long as its successor, passes signals
 * on and ends as that one does: whoever started it sees one process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper/inside.h"
#include "keeper/report.h"
#include "sys/exit_status.h"

/* VERSION:LINE:PID, of the one who is meant. */
static const char variable[] = "SALLYPORT_UPGRADE";

/* ---- the one that is replaced ---- */

static int pass(
    int line, enum line_kind kind, const void *bytes, size_t size, int fd)
{
	struct line_message m = {.kind = kind, .length = (uint32_t)size};

	if (size > 0)
		memcpy(m.bytes, bytes, size);
	return line_send(line, &m, fd);
}

int upgrade_pass(struct keeper *k, int line)
{
	const struct sockets *s = &k->settings->sockets;
	const char *device = k->conf->link.device_text;
	int err;

	_Static_assert(sizeof(s->at[0]) <= LINE_BYTES_MAX, "too long");
	err = pass(line, LINE_DEVICE, device, strlen(device), -1);
	if (k->stats_fd >= 0 && err == 0)
		err = pass(line, LINE_STATS, NULL, 0, k->stats_fd);
	for (size_t i = 0; i < s->count && err == 0; i++)
		err = pass(line, LINE_SOCKET, &s->at[i], sizeof(s->at[i]),
		    s->at[i].fd);
	return err < 0 ? err : report_pass(k, line);
}

/* Only a service manager can be told of another main process. */
static bool is_told(const struct keeper *k)
{
	return k->notify.fd >= 0;
}

/* In the child. Signals to the group of the one that stays come from it. */
void upgrade_exec(struct keeper *k, int line)
{
	char value[64];

	if (!is_told(k) &&
	    (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0))
		_exit(EX_OSERR);
	snprintf(value, sizeof(value), "%d:%d:%d", LINE_VERSION, line,
	    (int)getpid());
	if (fcntl(line, F_SETFD, 0) < 0 || setenv(variable, value, 1) < 0 ||
	    notify_pass(&k->notify) < 0 ||
	    sigprocmask(SIG_SETMASK, &k->signals_before, NULL) < 0)
		_exit(EX_OSERR);
	execvp(k->argv[0], k->argv);
	_exit(EX_UNAVAILABLE);
}

void upgrade_begin(struct keeper *k)
{
	int err = process_start(k, NULL, &k->coming);

	if (err == 0) {
		log_message(&k->log, LOG_LEVEL_INFO,
		    "upgrade: \"%s\" is started as process %d", k->argv[0],
		    (int)k->coming->pid);
		return;
	}
	log_message(&k->log, LOG_LEVEL_ERROR,
	    "upgrade refused: no process can be started: %s", strerror(-err));
	service_reloaded(k);
}

/* Blocks of workers that were not ours, and have ended with their keeper. */
static void give_blocks(struct keeper *k)
{
	for (size_t i = 0; i < STATS_BLOCKS; i++) {
		struct stats_block *b = &k->stats->blocks[i];
		bool is_ours = b->pid == 0;

		for_each_process (k, w)
			is_ours |= w->phase != PROCESS_NONE && w->stats == b;
		if (!is_ours)
			stats_give(k->stats, b);
	}
}

void upgrade_failed(struct keeper *k, int status)
{
	give_blocks(k);
	if (WIFSIGNALED(status))
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "upgrade refused: the program was ended by signal %d (%s) "
		    "before it was ready",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "upgrade refused: \"%s\" ended with status %d before it "
		    "was ready",
		    k->argv[0], WEXITSTATUS(status));
	k->stats->reloads_refused++;
	k->was_refused = true;
	service_reloaded(k);
}

static bool has_workers(const struct keeper *k)
{
	for_each_process (k, w)
		if (w->phase != PROCESS_NONE && w != k->newest)
			return true;
	return false;
}

/* The successor learns it from the end of the line. */
void upgrade_leave(struct keeper *k)
{
	if (!k->let_go || has_workers(k))
		return;
	if (k->newest && k->newest->line >= 0) {
		close(k->newest->line);
		k->newest->line = -1;
	}
	k->over = !k->newest || !k->stays;
}

void upgrade_let_go(struct keeper *k)
{
	log_message(&k->log, LOG_LEVEL_INFO,
	    "upgrade: process %d has taken over", (int)k->newest->pid);
	k->let_go = true;
	k->stays = !is_told(k);
	names_stop(k);
	notify_close(&k->notify);
	report_drop(k);
	sockets_drop(&k->settings->sockets, NULL);
	k->settings->sockets.count = 0;
	if (k->upgrade_wanted)
		(void)kill(k->newest->pid, SIGUSR2);
	if (k->reload_wanted)
		(void)kill(k->newest->pid, SIGHUP);
	upgrade_leave(k);
}

/* All workers but the newest, which is no worker. */
static void tell_workers(struct keeper *k, const struct line_message *m, int fd)
{
	for_each_process (k, w)
		if (process_heeds(w, m) && w != k->newest)
			(void)line_send(w->line, m, fd);
}

static void hear_successor(
    struct keeper *k, const struct line_message *said, int fd)
{
	switch ((enum line_kind)said->kind) {
	case LINE_LOG:
		if (fd < 0)
			break;
		close(log_take(&k->log, fd));
		tell_workers(k, said, fd);
		return;
	case LINE_ADDRESSES:
	case LINE_LEVEL:
	case LINE_HOLD:
	case LINE_END:
		tell_workers(k, said, -1);
		break;
	default:
		handover_said(k, k->newest, said);
		break;
	}
	if (fd >= 0)
		close(fd);
}

/* ---- the one that replaces ---- */

static void hear_predecessor(struct keeper *k, const struct line_message *said)
{
	switch ((enum line_kind)said->kind) {
	case LINE_DRAIN:
		if (!k->ending)
			process_end_all(k);
		break;
	case LINE_END:
		process_end_all(k);
		break;
	case LINE_HOLD:
		k->report.held = said->count > 0;
		break;
	default:
		handover_said(k, k->predecessor, said);
		break;
	}
}

bool upgrade_hear(struct keeper *k, struct process *m,
    const struct line_message *said, int fd)
{
	if (k->let_go && m == k->newest) {
		hear_successor(k, said, fd);
		return true;
	}
	if (m != k->predecessor)
		return false;
	if (fd >= 0)
		close(fd);
	hear_predecessor(k, said);
	return true;
}

/* It has ended, with its last worker or without a word. */
void upgrade_predecessor_gone(struct keeper *k)
{
	struct process gone = *k->predecessor;

	if (gone.phase == PROCESS_SERVING) {
		k->exit_status = EX_TEMPFAIL;
		k->over = true;
		return;
	}
	close(gone.line);
	k->predecessor->phase = PROCESS_NONE;
	k->predecessor = NULL;
	give_blocks(k);
	handover_ended(k, &gone);
	if (k->ending)
		k->over = process_all_gone(k);
}

static int take_stats(struct keeper *k, int fd)
{
	struct shared *s;
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size != (off_t)sizeof(*s))
		return -EINVAL;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return -errno;
	if (s->stats.version != STATS_VERSION ||
	    s->stats.size != sizeof(s->stats)) {
		munmap(s, sizeof(*s));
		return -EINVAL;
	}
	k->stats = &s->stats;
	k->report.history = &s->history;
	k->report.summary = &s->summary;
	k->stats_fd = fd;
	return 0;
}

static bool take_socket(struct keeper *k, const struct line_message *m, int fd)
{
	struct sockets *s = &k->before;

	if (fd < 0 || m->length != sizeof(s->at[0]) || s->count == LISTEN_MAX)
		return false;
	memcpy(&s->at[s->count], m->bytes, m->length);
	s->at[s->count++].fd = fd;
	return true;
}

static void take_device(struct keeper *k, const struct line_message *m)
{
	const char *device = k->conf->link.device_text;

	k->predecessor->other_device = m->length != strlen(device) ||
				       memcmp(m->bytes, device, m->length) != 0;
}

static bool take(struct keeper *k, const struct line_message *m, int fd)
{
	switch ((enum line_kind)m->kind) {
	case LINE_DEVICE:
		take_device(k, m);
		return false;
	case LINE_STATS:
		return take_stats(k, fd) == 0;
	case LINE_SOCKET:
		return take_socket(k, m, fd);
	default:
		return report_take(k, m, fd);
	}
}

static int take_all(struct keeper *k, int line)
{
	struct process *p = &k->processes[PROCESS_MAX - 1];
	struct line_message m;
	bool is_whole = false;
	int fd, err;

	if (fcntl(line, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	*p = (struct process){.phase = PROCESS_SERVING,
	    .line = line,
	    .slots = k->conf->slots.slots, /* until it says how many */
	    .deadline_ms = INT64_MAX};
	k->predecessor = k->newest = p;
	while ((err = line_receive(line, &m, &fd)) == 0) {
		/* It was told to end meanwhile. */
		if (m.kind == LINE_DRAIN || m.kind == LINE_END)
			return -ECANCELED;
		is_whole |= m.kind == LINE_HOLD; /* the last that must come */
		if (!take(k, &m, fd) && fd >= 0)
			close(fd);
	}
	if (err != -EAGAIN)
		return err;
	return is_whole ? 0 : -ENOMEM;
}

int upgrade_take(struct keeper *k)
{
	const char *text = getenv(variable);
	long version, line, pid;
	char *end;
	int err;

	if (!text)
		return EX_OK;
	version = strtol(text, &end, 10);
	line = strtol(end + (*end == ':'), &end, 10);
	pid = strtol(end + (*end == ':'), &end, 10);
	unsetenv(variable);
	if (pid != getpid())
		return EX_OK;
	if (version != LINE_VERSION) {
		fprintf(stderr, "sallyport: the program that runs hands over "
				"in another way: it has to be restarted\n");
		return EX_UNAVAILABLE;
	}
	err = take_all(k, (int)line);
	return err < 0 ? exit_status_fail("cannot take over", "", err) : EX_OK;
}

void upgrade_taken(struct keeper *k)
{
	sockets_close(&k->before, &k->settings->sockets);
	report_taken(k);
	k->stats->slots = k->conf->slots.slots;
	k->stats->upgrades++;
	log_message(&k->log, LOG_LEVEL_INFO, "upgrade: %s serves, worker %d",
	    SALLYPORT_VERSION, (int)k->newest->pid);
}
