/*
 * run.c: playing scripts and telling the result in TAP, one test point for
 * each family and poller a script names.
 *
 * Each playing is a child process: descriptors, signals and perhaps the
 * network namespace are its own. Its exit status is the verdict; what it has
 * to say about a mismatch it prints itself, as TAP comments.
 */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "mask.h"
#include "script.h"

enum verdict { PASS = 0, MISMATCH = 1, SKIP = 77 };

/* One playing. */
struct turn {
	const struct script *script;
	enum family family;
	enum poller poller;
};

/* NULL, or why this kernel or user will not do. */
static const char *lacking(const struct script *s)
{
	static char why[96];
	struct utsname u;
	int have[2] = {0, 0};
	int diff;

	if ((s->need_root || s->need_netns) && geteuid() != 0)
		return "needs root";
	if (!*s->kernel_op)
		return NULL;
	uname(&u);
	sscanf(u.release, "%d.%d", &have[0], &have[1]);
	diff = have[0] != s->kernel[0] ? have[0] - s->kernel[0]
				       : have[1] - s->kernel[1];
	if ((diff < 0 && strchr(s->kernel_op, '<')) ||
	    (diff > 0 && strchr(s->kernel_op, '>')) ||
	    (diff == 0 && strchr(s->kernel_op, '=')))
		return NULL;
	snprintf(why, sizeof(why), "needs kernel %s %d.%d", s->kernel_op,
	    s->kernel[0], s->kernel[1]);
	return why;
}

static int loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ret;

	if (fd < 0)
		return -1;
	ifr.ifr_flags = IFF_UP;
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return ret;
}

/* "net.ipv4.tcp_x 1": a dot is a slash. */
static int set_sysctl(const char *setting)
{
	char path[2 * SCRIPT_TEXT_MAX] = "/proc/sys/";
	size_t start = strlen(path);
	size_t len = strcspn(setting, " ");
	FILE *f;

	snprintf(path + start, sizeof(path) - start, "%.*s", (int)len,
	    setting);
	for (char *p = path + start; *p; p++)
		if (*p == '.')
			*p = '/';
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "%s\n", setting + len + 1);
	return fclose(f);
}

/* Makes the network namespace the script asks for; tells why it cannot. */
static int own_network(const struct script *s)
{
	if (!s->need_netns)
		return 0;
	if (unshare(CLONE_NEWNET) < 0 || loopback_up() < 0) {
		printf("# no network namespace: %s\n", strerror(errno));
		return -1;
	}
	for (int i = 0; i < s->sysctl_count; i++)
		if (set_sysctl(s->sysctl[i]) < 0) {
			printf("# cannot set %s: %s\n", s->sysctl[i],
			    strerror(errno));
			return -1;
		}
	return 0;
}

static void on_event(void *arg, const struct event *ev)
{
	const struct turn *t = arg;
	char got[WANT_TEXT_MAX];

	if (!ev->met)
		printf("# %s:%d: %c: %s, action %zu: wanted %s, got %s\n",
		    t->script->path, ev->line, side_letter(ev->side),
		    ev->act->verb->name, ev->step, ev->want->text,
		    want_print(ev->act, &ev->out, got));
}

/* In the child. */
static enum verdict play(struct turn *t)
{
	struct stage st = {.poller = t->poller,
		.limit_ms = t->script->limit_ms};
	int ret;

	act_init();
	if (own_network(t->script) < 0)
		return SKIP;
	ret = scene_open(&st.scene, t->family);
	if (ret == -EAFNOSUPPORT || ret == -EADDRNOTAVAIL) {
		printf("# no %s sockets here: %s\n", family_name(t->family),
		    strerror(-ret));
		return SKIP;
	}
	if (ret < 0) {
		printf("# cannot open the sockets: %s\n", strerror(-ret));
		return MISMATCH;
	}
	ret = story_play(&t->script->story, &st, on_event, t);
	if (ret < 0)
		printf("# %s: a side has no socket\n", t->script->path);
	scene_close(&st.scene);
	return ret ? MISMATCH : PASS;
}

static enum verdict play_in_child(struct turn *t)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		enum verdict v = play(t);

		fflush(stdout);
		_exit((int)v);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		printf("# cannot fork: %s\n", strerror(errno));
		return MISMATCH;
	}
	if (WIFEXITED(status))
		return (enum verdict)WEXITSTATUS(status);
	printf("# killed by signal %d\n", WTERMSIG(status));
	return MISMATCH;
}

/* Plays as often as there are votes; most of them decide. */
static enum verdict vote(struct turn *t)
{
	int votes = t->script->votes;
	int passed = 0;

	for (int i = 0; i < votes; i++) {
		enum verdict v = play_in_child(t);

		if (v == SKIP)
			return SKIP;
		passed += v == PASS;
	}
	if (passed != 0 && passed != votes)
		printf("# racy: %d of %d playings passed\n", passed, votes);
	return 2 * passed > votes ? PASS : MISMATCH;
}

static enum verdict one_point(struct turn *t, int number)
{
	const struct script *s = t->script;
	const char *lack = lacking(s);
	enum verdict v = lack ? SKIP : vote(t);

	printf("%sok %d - %s (%s, %s)", v == MISMATCH ? "not " : "", number,
	    s->name, family_name(t->family), poller_name(t->poller));
	if (v == SKIP)
		printf(" # SKIP %s", lack ? lack : "not here");
	else if (*s->todo)
		printf(" # TODO %s", s->todo);
	printf("\n");
	return v == MISMATCH && *s->todo ? PASS : v;
}

static int points(const struct script *s)
{
	int families = 0, pollers = 0;

	for (int i = 0; i < FAMILIES; i++)
		families += s->family[i];
	for (int i = 0; i < POLLERS; i++)
		pollers += s->poller[i];
	return families * pollers;
}

/* Plays all points of `s`; counts verdicts. */
static void play_script(const struct script *s, int *number,
    int out_count[SKIP + 1])
{
	for (int i = 0; i < FAMILIES * POLLERS; i++) {
		struct turn t = {s, (enum family)(i / POLLERS),
			(enum poller)(i % POLLERS)};

		if (s->family[t.family] && s->poller[t.poller])
			out_count[one_point(&t, ++*number)]++;
	}
}

int script_main(int argc, char **argv)
{
	struct script *scripts;
	int count[SKIP + 1] = {0};
	int number = 0;
	int total = 0;
	int status = 0;
	int n = argc - 1;

	if (n < 1 || argv[1][0] == '-') {
		fprintf(stderr, "usage: poll-probe run SCRIPT ...\n");
		return EX_USAGE;
	}
	scripts = calloc((size_t)n, sizeof(*scripts));
	if (!scripts)
		return EX_OSERR;
	for (int i = 0; i < n; i++) {
		int ret = script_read(argv[i + 1], &scripts[i]);

		status = status ? status : ret;
		total += points(&scripts[i]);
	}
	if (!status) {
		printf("TAP version 14\n1..%d\n", total);
		for (int i = 0; i < n; i++)
			play_script(&scripts[i], &number, count);
		status = count[MISMATCH] ? MISMATCH
		    : count[SKIP] == total ? SKIP : PASS;
	}
	for (int i = 0; i < n; i++)
		script_fini(&scripts[i]);
	free(scripts);
	return status;
}
