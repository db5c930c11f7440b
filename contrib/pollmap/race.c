/*
 * race.c: masks that are seen while another processor acts.
 *
 * What enum notes has settled: everything happens on one processor. A loop
 * that runs on another one than the peer, or than the interrupt, can ask in
 * the midst of it. Here one thread acts, and one on another processor asks
 * without a pause; the masks it saw are counted, each once a connection. How
 * often one is met depends on the machine.
 *
 * Flags only come, they do not go: of two masks that the socket really had, one
 * contains the other. Of two that do not, the rarer one was torn: poll looked
 * at one flag before a change and at another one after it.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

#include "pollmap.h"

enum {
	MASKS_MAX = 32,
	STILL = 20,
	SKIP = 77,
	CONNECTIONS = 2000,
	RARE = 400, /* fewer than one in so many are not counted on */
	CONNECTIONS_MAX = 1000000
};

enum phase { PHASE_IDLE, PHASE_LOOK, PHASE_LOOKING, PHASE_ACTED, PHASE_QUIT };

struct race {
	struct walk walk;
	bool use_epoll;
	unsigned asked;
	int connections;
	int processor; /* of the one who asks */
	atomic_int phase;
	int fd;
	int epoll;
	int first, last;	  /* masks of this connection, as indexes */
	int mask_count;		  /* of all connections so far */
	unsigned mask[MASKS_MAX]; /* in the order they were met */
	bool met[MASKS_MAX];	  /* in this connection */
	int counts[MASKS_MAX];	  /* connections that met it */
	int firsts[MASKS_MAX], lasts[MASKS_MAX];
};

static unsigned ask(struct race *r)
{
	struct pollfd p = {.fd = r->fd, .events = (short)r->asked};
	struct epoll_event ev;

	if (!r->use_epoll) {
		poll(&p, 1, 0);
		return (unsigned short)p.revents;
	}
	return epoll_wait(r->epoll, &ev, 1, 0) == 1 ? ev.events : 0;
}

/* The index of `mask`, which is noted. */
static int note(struct race *r, unsigned mask)
{
	int i = 0;

	while (i < r->mask_count && r->mask[i] != mask)
		i++;
	if (i == MASKS_MAX)
		return i - 1;
	if (i == r->mask_count)
		r->mask[r->mask_count++] = mask;
	r->met[i] = true;
	return i;
}

/* One connection: until the mask has not changed for a while after the last
 * action. */
static void watch(struct race *r)
{
	int still = 0;

	memset(r->met, 0, sizeof(r->met));
	r->first = r->last = note(r, ask(r));
	atomic_store(&r->phase, PHASE_LOOKING);
	while (still < STILL) {
		int i = note(r, ask(r));

		still = i == r->last && atomic_load(&r->phase) == PHASE_ACTED
			    ? still + 1
			    : 0;
		r->last = i;
	}
	for (int i = 0; i < r->mask_count; i++)
		r->counts[i] += r->met[i];
	r->firsts[r->first]++;
	r->lasts[r->last]++;
	atomic_store(&r->phase, PHASE_IDLE);
}

static void pin(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)processor, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *on_watcher(void *arg)
{
	struct race *r = arg;
	int phase;

	pin(r->processor);
	while ((phase = atomic_load(&r->phase)) != PHASE_QUIT)
		if (phase == PHASE_LOOK)
			watch(r);
	return NULL;
}

static void wait_for(struct race *r, int phase)
{
	while (atomic_load(&r->phase) != phase)
		sched_yield();
}

static void run_actions(struct race *r, const int *actions, int count)
{
	for (int i = 0; i < count; i++) {
		const struct action *a = &r->walk.subject->action[actions[i]];

		a->verb->run(&r->walk, a->side);
	}
}

/* One connection: the first `before` actions, then the others in the sight of
 * the watcher. */
static int race_once(struct race *r, const int *actions, int before, int count)
{
	struct epoll_event ev = {.events = r->asked};
	int ret = walk_start(&r->walk);

	if (ret < 0)
		return ret;
	run_actions(r, actions, before);
	r->fd = r->walk.fd[SIDE_C];
	if (r->use_epoll)
		epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->fd, &ev);
	atomic_store(&r->phase, PHASE_LOOK);
	wait_for(r, PHASE_LOOKING);
	run_actions(r, actions + before, count - before);
	atomic_store(&r->phase, PHASE_ACTED);
	wait_for(r, PHASE_IDLE);
	return 0;
}

/* Does a mask that was met more often say that the socket never had this one?
 */
static bool is_torn(const struct race *r, int i)
{
	for (int j = 0; j < r->mask_count; j++) {
		unsigned both = r->mask[i] & r->mask[j];

		if (r->counts[j] > r->counts[i] && both != r->mask[i] &&
		    both != r->mask[j])
			return true;
	}
	return false;
}

static const char *kind_of(const struct race *r, int i)
{
	if (r->lasts[i] > r->connections / 2)
		return "after";
	if (r->firsts[i] > r->connections / 2)
		return "before";
	if (is_torn(r, i))
		return "torn";
	return r->counts[i] < r->connections / RARE ? "rare" : "transient";
}

static void print_race(const struct race *r, const char *sequence)
{
	char asked[64], flags[64], shown[TEXT_MAX];

	snprintf(shown, sizeof(shown), "%s", sequence);
	for (char *p = shown; *p; p++)
		*p = *p == ',' ? ' ' : *p; /* commas part the fields */
	for (int i = 0; i < r->mask_count; i++)
		printf("%s,%s,%s,%x,%s,%d,%s\n", shown,
		    r->use_epoll ? "epoll" : "poll",
		    mask_print(r->asked, asked), r->mask[i],
		    mask_print(r->mask[i], flags), r->counts[i], kind_of(r, i));
	fflush(stdout);
}

/* "c.shw:s.snd,s.rst": after c.shw, while the server sends and resets. Returns
 * how many actions there are, or -1. */
static int parse_race(
    const struct subject *s, const char *text, int *out, int *out_before)
{
	char list[TEXT_MAX];
	char *save = NULL;
	int n = 0;

	*out_before = 0;
	snprintf(list, sizeof(list), "%s", text);
	for (char *at = strtok_r(list, ",", &save); at && n < SEQUENCE_MAX;
	     at = strtok_r(NULL, ",", &save)) {
		char *colon = strchr(at, ':');

		if (colon) {
			*colon = '\0';
			out[n] = action_find(s, at);
			if (out[n++] < 0)
				return -1;
			*out_before = n;
			at = colon + 1;
		}
		out[n] = action_find(s, at);
		if (out[n++] < 0)
			return -1;
	}
	return n;
}

static int race_sequence(
    struct race *r, const struct subject *s, const char *text)
{
	int actions[SEQUENCE_MAX + 1];
	int before, count = parse_race(s, text, actions, &before);
	pthread_t watcher;
	int ret;

	if (count <= 0) {
		fprintf(stderr, "pollmap race: not a sequence of %s: %s\n",
		    s->text, text);
		return EX_USAGE;
	}
	r->mask_count = 0;
	memset(r->counts, 0, sizeof(r->counts));
	memset(r->firsts, 0, sizeof(r->firsts));
	memset(r->lasts, 0, sizeof(r->lasts));
	atomic_store(&r->phase, PHASE_IDLE);
	ret = walk_open(&r->walk, s);
	if (ret == 0)
		ret = -pthread_create(&watcher, NULL, on_watcher, r);
	if (ret < 0) {
		fprintf(stderr, "pollmap race: %s\n", strerror(-ret));
		return EX_OSERR;
	}
	for (int i = 0; i < r->connections && ret == 0; i++)
		ret = race_once(r, actions, before, count);
	atomic_store(&r->phase, PHASE_QUIT);
	pthread_join(watcher, NULL);
	walk_close(&r->walk);
	print_race(r, text);
	return ret < 0 ? EX_OSERR : EX_OK;
}

/* Ties this thread to one processor and chooses another one to ask from. */
static bool choose_processors(struct race *r)
{
	cpu_set_t set;
	int found[2], n = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET((size_t)i, &set))
			found[n++] = i;
	if (n < 2)
		return false;
	pin(found[0]);
	r->processor = found[1];
	return true;
}

static int race_usage(void)
{
	fprintf(stderr,
	    "usage: pollmap race [-n CONNECTIONS] [-f FAMILY] [-i FLAGS] [-e]\n"
	    "           [-s START] SEQUENCE ...\n"
	    "  a sequence such as c.shw:s.snd,s.rst: after c.shw the client "
	    "is\n"
	    "  asked for FLAGS while the server sends and resets; -e: by "
	    "epoll\n");
	return EX_USAGE;
}

int race_main(int argc, char **argv)
{
	static struct race r = {
	    .asked = POLLIN | POLLOUT | POLLRDHUP, .connections = CONNECTIONS};
	const char *family = "tcp4", *start = "connection";
	struct subject s;
	char why[TEXT_MAX];
	int asked, c, status = EX_OK;

	while ((c = getopt(argc, argv, "n:f:i:es:")) >= 0) {
		if (c == 'n')
			r.connections = atoi(optarg);
		else if (c == 'f')
			family = optarg;
		else if (c == 's')
			start = optarg;
		else if (c == 'e')
			r.use_epoll = true;
		else if (c == 'i' && (asked = mask_parse(optarg)) >= 0)
			r.asked = (unsigned)asked;
		else
			return race_usage();
	}
	if (optind == argc || r.connections < 1 ||
	    r.connections > CONNECTIONS_MAX)
		return race_usage();
	if (subject_init(&s, start, family, false, NULL, why) < 0) {
		fprintf(stderr, "pollmap race: %s\n", why);
		return EX_USAGE;
	}
	if (!choose_processors(&r)) {
		fprintf(stderr, "pollmap race: skipped: one processor only\n");
		return SKIP;
	}
	r.epoll = epoll_create1(EPOLL_CLOEXEC);
	printf("sequence,poller,asked,mask,flags,connections,when\n");
	for (int i = optind; i < argc && status == EX_OK; i++)
		status = race_sequence(&r, &s, argv[i]);
	close(r.epoll);
	return status;
}
