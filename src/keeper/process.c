/*
 * process.c: workers: how one is started, listened to, replaced and ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper/inside.h"
#include "keeper/keeper.h"
#include "keeper/report.h"
#include "sys/exit_status.h"

enum {
	START_MS = 60000,
	PATIENCE_MS = 10000, /* for who is told to retire */
	BACK_OFF_FIRST_MS = 100,
	BACK_OFF_MAX_MS = 10000,
	LIVED_WELL_MS = 1000, /* then the next is started at once */
};

/* A predecessor that does not let go goes on in our place. */
static void give_up(struct keeper *k)
{
	k->exit_status = EX_TEMPFAIL;
	k->over = true;
}

/* ---- the beginning ---- */

/* What the keeper holds is no business of a worker's. Signals from a terminal
 * reach both; the keeper's word counts. */
static void leave_keeper(
    struct keeper *k, const struct settings *s, const struct process *me)
{
	static const int ignored[] = {
	    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigprocmask(SIG_SETMASK, &k->signals_before, NULL);
	close(k->signal_fd);
	if (k->stats_fd >= 0)
		close(k->stats_fd);
	sockets_drop(&k->before, &s->sockets);
	log_sink_close(&k->log.sink);
	if (s != k->settings) {
		log_sink_close(&k->next_log.sink);
		sockets_drop(&k->settings->sockets, &s->sockets);
	}
	notify_close(&k->notify);
	report_drop(k);
	if (k->names.resolver.fd >= 0)
		close(k->names.resolver.fd);
	for_each_process (k, w)
		if (w->phase != PROCESS_NONE && w != me)
			close(w->line);
}

static void be_worker(struct keeper *k, const struct settings *s,
    const struct process *me, int line, pid_t keeper)
{
	struct keeper_job job = {
	    .conf = s->conf,
	    .sockets = &s->sockets,
	    .stats = me->stats,
	    .next_connect_ms = &k->stats->next_connect_ms,
	    .line = line,
	};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(exit_status_fail(
		    "a worker cannot follow the keeper", "", -errno));
	/* It may have gone before the call. */
	if (getppid() != keeper)
		_exit(EX_OSERR);
	leave_keeper(k, s, me);
	close(me->line);
	_exit(k->work(&job));
}

/* A slot or a part that nobody has heard of would be lost for good. */
bool process_tell(
    struct keeper *k, struct process *m, const struct line_message *said)
{
	int err = line_send(m->line, said, -1);

	if (err == 0)
		return true;
	/* One that has died is reported when it is reaped. */
	if (err != -EPIPE && err != -ECONNRESET)
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "process %d cannot be told anything: %s: it is ended",
		    (int)m->pid, strerror(-err));
	if (m != k->predecessor)
		kill(m->pid, SIGKILL);
	else if (m->phase != PROCESS_RETIRED)
		give_up(k);
	return false;
}

static struct process *find_unused(struct keeper *k)
{
	for_each_process (k, w)
		if (w->phase == PROCESS_NONE)
			return w;
	return NULL;
}

/* In the child. */
static void be_other(struct keeper *k, const struct settings *s,
    const struct process *me, int line, pid_t keeper)
{
	if (s)
		be_worker(k, s, me, line, keeper);
	upgrade_exec(k, line);
}

static int fork_other(
    struct keeper *k, const struct settings *s, struct process *w, int line)
{
	pid_t keeper = getpid();

	if (s) {
		/* Written over below; now it only must not be 0. */
		w->stats = stats_take(k->stats, keeper);
		if (!w->stats)
			return -EAGAIN;
	}
	w->pid = fork();
	if (w->pid == 0)
		be_other(k, s, w, line, keeper);
	if (w->pid > 0) {
		if (w->stats)
			w->stats->pid = w->pid;
		return 0;
	}
	if (w->stats)
		stats_give(k->stats, w->stats);
	return -errno;
}

int process_start(
    struct keeper *k, const struct settings *s, struct process **out)
{
	struct process *w = find_unused(k);
	int fds[2], err;

	if (!w)
		return -EAGAIN;
	err = line_open(fds);
	if (err < 0)
		return err;
	*w = (struct process){
	    .phase = PROCESS_STARTING,
	    .line = fds[0],
	    .started_ms = keeper_now_ms(),
	    .deadline_ms = keeper_now_ms() + START_MS,
	};
	err = s ? 0 : upgrade_pass(k, w->line);
	if (err == 0)
		err = fork_other(k, s, w, fds[1]);
	close(fds[1]);
	if (err < 0) {
		close(fds[0]);
		w->phase = PROCESS_NONE;
		return err;
	}
	*out = w;
	return 0;
}

/* The first line of all that says so. */
static void say_ready(struct keeper *k)
{
	/* In a file the log may have gone on behind our place. */
	(void)lseek(STDERR_FILENO, 0, SEEK_END);
	keeper_say_ready(k->conf, &k->settings->sockets);
	k->was_ready = true;
	service_ready(k);
}

void process_serves(struct keeper *k, struct process *m)
{
	if (!m->stats) {
		upgrade_let_go(k);
		return;
	}
	report_ready(k, m);
	if (k->was_ready)
		return;
	if (k->takes_over)
		upgrade_taken(k);
	say_ready(k);
}

/* Another worker has taken over from the one that has served so far. */
static void on_ready(struct keeper *k, struct process *m)
{
	struct line_message retire = {.kind = LINE_RETIRE};
	struct process *before = k->newest;
	int64_t now_ms = keeper_now_ms();

	if (m != k->coming || k->ending)
		return;
	k->coming = NULL;
	k->newest = m;
	m->deadline_ms = INT64_MAX;
	if (before) {
		before->phase = PROCESS_RETIRING;
		k->takes_over |= before == k->predecessor;
		/* A predecessor has a worker to wait for. */
		before->deadline_ms =
		    now_ms + PATIENCE_MS * (before == k->predecessor ? 2 : 1);
		(void)process_tell(k, before, &retire);
		reload_succeeded(k);
	} else {
		reload_succeeded(k);
		handover_go(k, m);
	}
}

/* ---- in between ---- */

static void hear(
    struct keeper *k, struct process *m, const struct line_message *said)
{
	switch ((enum line_kind)said->kind) {
	case LINE_READY:
	case LINE_RETIRE: /* so says a keeper whose worker is ready */
		on_ready(k, m);
		break;
	case LINE_LOOK_UP:
		names_look_up(k);
		break;
	default:
		handover_said(k, m, said);
		if (said->kind == LINE_HEALTH && m == k->newest)
			report_health(k);
		break;
	}
}

void process_listen(struct keeper *k, struct process *m)
{
	struct line_message said;
	int fd, err;

	while ((err = line_receive(m->line, &said, &fd)) == 0) {
		if (upgrade_hear(k, m, &said, fd))
			continue;
		if (fd >= 0)
			close(fd);
		hear(k, m, &said);
	}
	if (err != -EPIPE)
		return;
	m->hung_up = true;
	if (m == k->predecessor)
		upgrade_predecessor_gone(k);
}

bool process_heeds(const struct process *m, const struct line_message *said)
{
	return m->phase != PROCESS_NONE &&
	       !(said->kind == LINE_ADDRESSES && m->other_device);
}

void process_tell_all(struct keeper *k, const struct line_message *m)
{
	for_each_process (k, w)
		if (process_heeds(w, m))
			(void)line_send(w->line, m, -1);
}

bool process_all_gone(const struct keeper *k)
{
	for_each_process (k, w)
		if (w->phase == PROCESS_RETIRED ||
		    (w->phase != PROCESS_NONE && w != k->predecessor))
			return false;
	return true;
}

/* ---- the end ---- */

static void restart_later(struct keeper *k, const struct process *m)
{
	int64_t now_ms = keeper_now_ms();

	if (now_ms - m->started_ms >= LIVED_WELL_MS)
		k->back_off_ms = 0;
	k->restart_ms = now_ms + k->back_off_ms;
	log_message(&k->log, LOG_LEVEL_ERROR,
	    "another worker is started in %" PRId64 " ms", k->back_off_ms);
	k->back_off_ms =
	    k->back_off_ms == 0 ? BACK_OFF_FIRST_MS : 2 * k->back_off_ms;
	if (k->back_off_ms > BACK_OFF_MAX_MS)
		k->back_off_ms = BACK_OFF_MAX_MS;
}

void process_restart(struct keeper *k)
{
	struct process none = {.started_ms = keeper_now_ms()};
	int err;

	k->restart_ms = 0;
	err = process_start(k, k->settings, &k->coming);
	if (err == 0)
		return;
	log_message(&k->log, LOG_LEVEL_ERROR, "no worker can be started: %s",
	    strerror(-err));
	restart_later(k, &none);
}

static void say_death(struct keeper *k, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "worker %d was ended by signal %d (%s)", (int)pid,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "worker %d ended by itself, with status %d", (int)pid,
		    WEXITSTATUS(status));
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

/* Has nobody served yet? The keeper before, once told, goes on no more: then
 * another worker has to serve. */
static bool is_start(const struct keeper *k)
{
	return !k->was_ready && !k->takes_over;
}

/* A worker that ends then is a start that has failed, and it has said why. */
static void on_ended_early(
    struct keeper *k, pid_t pid, int status, bool is_result)
{
	if (is_result)
		k->exit_status = exit_status(status);
	k->over = is_start(k) || process_all_gone(k);
	if (WIFSIGNALED(status))
		say_death(k, pid, status);
}

static void report_end(
    struct keeper *k, const struct process *gone, int status, bool died)
{
	if (!gone->stats) {
		upgrade_failed(k, status);
	} else if (died) {
		k->stats->worker_deaths++;
		say_death(k, gone->pid, status);
	} else {
		log_message(&k->log, LOG_LEVEL_INFO,
		    "worker %d has ended, after its last client",
		    (int)gone->pid);
	}
}

static void on_ended(struct keeper *k, struct process *m, int status)
{
	struct process gone;
	bool was_newest = m == k->newest, was_coming = m == k->coming;
	bool died = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	bool has_failed = died || was_newest || was_coming;

	process_listen(k, m);
	gone = *m;
	m->phase = PROCESS_NONE;
	if (m->line >= 0)
		close(m->line);
	if (m->stats)
		stats_give(k->stats, m->stats);
	if (was_newest)
		k->newest = NULL;
	if (was_coming)
		k->coming = NULL;
	if (k->was_ready && k->ending)
		handover_ended(k, &gone);
	if (is_start(k) || k->ending || (k->let_go && was_newest)) {
		/* A program that had not taken over yet gives no result. */
		on_ended_early(k, gone.pid, status,
		    is_start(k) || was_newest || (died && gone.stats));
		/* For that the successor waits. */
		if (!k->over)
			upgrade_leave(k);
		return;
	}
	report_end(k, &gone, status, has_failed);
	/* Nobody is to wait for a program that may hang. */
	if (was_newest && k->coming && !k->coming->stats)
		kill(k->coming->pid, SIGKILL);
	handover_ended(k, &gone);
	if (was_coming && k->next)
		reload_failed(k);
	if (k->let_go)
		upgrade_leave(k);
	else if (!k->newest && !k->coming)
		restart_later(k, &gone);
}

static void end_late(struct keeper *k, struct process *w)
{
	w->deadline_ms = INT64_MAX;
	if (w == k->predecessor) {
		give_up(k);
		return;
	}
	log_message(&k->log, LOG_LEVEL_ERROR,
	    "process %d does not do what it is told to: it is ended",
	    (int)w->pid);
	kill(w->pid, SIGKILL);
}

int64_t process_check_all(struct keeper *k, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for_each_process (k, w) {
		if (w->phase == PROCESS_NONE)
			continue;
		if (now_ms >= w->deadline_ms)
			end_late(k, w);
		if (w->deadline_ms < next_ms)
			next_ms = w->deadline_ms;
	}
	return next_ms;
}

void process_changed(struct keeper *k, pid_t pid, int status)
{
	struct process *w = k->processes;

	while (w < k->processes + PROCESS_MAX &&
	       (w->phase == PROCESS_NONE || w->pid != pid))
		w++;
	if (w == k->processes + PROCESS_MAX)
		return;
	if (WIFSTOPPED(status))
		log_message(&k->log, LOG_LEVEL_ERROR,
		    "worker %d is stopped by signal %d: nobody is served",
		    (int)pid, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		log_message(
		    &k->log, LOG_LEVEL_WARN, "worker %d goes on", (int)pid);
	else
		on_ended(k, w, status);
}

/* Those of a worker that is not ready yet, too. */
static void close_sockets(struct keeper *k)
{
	if (k->next)
		sockets_close(&k->next->sockets, &k->settings->sockets);
	sockets_close(&k->settings->sockets, NULL);
}

void process_end_all(struct keeper *k)
{
	bool again = k->ending;
	struct line_message end = {.kind = again ? LINE_END : LINE_DRAIN};

	k->ending = true;
	k->restart_ms = 0;
	service_stopping(k);
	names_stop(k);
	close_sockets(k);
	for_each_process (k, w)
		if (w->phase != PROCESS_NONE &&
		    (again || w->phase < PROCESS_RETIRING))
			(void)process_tell(k, w, &end);
	k->over = process_all_gone(k);
}
