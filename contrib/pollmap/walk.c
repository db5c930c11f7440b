/*
 * walk.c: see walk.h.
 *
 * Speed matters here: a depth of six means half a million connections. The
 * listener stays; each word gets a new client. Both ends leave by reset where
 * the word did not close them, so that few TIME_WAITs remain, and the source
 * address moves through 127.0.0.0/8, so that those do not exhaust the ports.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "mask.h"
#include "walk.h"

enum { SOURCES = 250 };

int alphabet_parse(const char *list, struct alphabet *out,
    char out_why[WHY_MAX])
{
	size_t n;

	out->count = 0;
	for (const char *at = list; *at; at += n + (at[n] == ',')) {
		n = act_span(at);
		if (out->count == ALPHABET_MAX) {
			snprintf(out_why, WHY_MAX, "more than %d actions",
			    ALPHABET_MAX);
			return -1;
		}
		if (act_parse(at, n, &out->acts[out->count], out_why) < 0)
			return -1;
		for (int i = 0; i < out->count; i++)
			if (out->acts[i].verb == out->acts[out->count].verb) {
				snprintf(out_why, WHY_MAX, "%s comes twice",
				    out->acts[i].verb->name);
				return -1;
			}
		out->count++;
	}
	if (out->count)
		return 0;
	snprintf(out_why, WHY_MAX, "an empty list of actions");
	return -1;
}

int letter_side(const struct alphabet *abc, int letter)
{
	return letter >= abc->count;
}

static const struct act *letter_act(const struct alphabet *abc, int letter)
{
	return &abc->acts[letter % abc->count];
}

const char *letter_print(const struct alphabet *abc, int letter,
    char out_text[ACT_ARGS_MAX])
{
	snprintf(out_text, ACT_ARGS_MAX, "%c.%s",
	    letter_side(abc, letter) ? 's' : 'c',
	    letter_act(abc, letter)->verb->name);
	return out_text;
}

int letter_find(const struct alphabet *abc, const char *text)
{
	char name[ACT_ARGS_MAX];

	for (int i = 0; i < 2 * abc->count; i++)
		if (strcmp(letter_print(abc, i, name), text) == 0)
			return i;
	return -1;
}

bool letter_closes(const struct alphabet *abc, int letter)
{
	const struct verb *verb = letter_act(abc, letter)->verb;

	return verb->run == do_clo || verb->run == do_rst;
}

/* Else a second small segment waits for the first one's acknowledgement, which
 * may come at once or 40 ms later: time would be part of the automaton. */
static void no_delay(int fd)
{
	const int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int walk_open(struct walk *w, enum family family)
{
	cpu_set_t cpu;
	int ret;

	CPU_ZERO(&cpu);
	CPU_SET((size_t)sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	act_init();
	w->st.poller = POLLER_POLL;
	w->st.limit_ms = 2000;
	w->walked = 0;
	ret = scene_open(&w->st.scene, family);
	if (ret == 0)
		no_delay(w->st.scene.fd[SIDE_L]); /* servers inherit it */
	return ret;
}

void walk_close(struct walk *w)
{
	scene_close(&w->st.scene);
}

/* Gives the client a source address of its own. */
static void move_source(struct walk *w)
{
	const int one = 1;
	struct sockaddr_in from = {.sin_family = AF_INET};
	int fd = w->st.scene.fd[SIDE_C];

	if (w->st.scene.family != FAMILY_TCP4)
		return;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + w->walked % SOURCES);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	bind(fd, (struct sockaddr *)&from, sizeof(from));
}

static int connect_pair(struct walk *w)
{
	struct scene *sc = &w->st.scene;
	int fd;

	if (w->walked++ && scene_renew(sc) < 0)
		return -errno;
	if (sc->connected)
		return 0;
	move_source(w);
	no_delay(sc->fd[SIDE_C]);
	if (connect(sc->fd[SIDE_C], (struct sockaddr *)&sc->addr, sc->addr_len))
		return -errno;
	fd = accept(sc->fd[SIDE_L], NULL, NULL);
	if (fd < 0)
		return -errno;
	scene_set(sc, SIDE_S, fd);
	return 0;
}

static uint8_t tcp_state(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info.tcpi_state);

	/* Only the first byte is asked for. */
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	/* Which of the two it is depends on when the acknowledgement came. */
	return info.tcpi_state == TCP_FIN_WAIT2 ? TCP_FIN_WAIT1
						: info.tcpi_state;
}

static void look(struct scene *sc, struct seen *out)
{
	struct pollfd p[2];

	for (int i = 0; i < 2; i++) {
		enum side side = i ? SIDE_S : SIDE_C;

		p[i].fd = sc->open[side] ? sc->fd[side] : -1;
		p[i].events = (short)MASK_USUAL;
	}
	poll(p, 2, 0);
	for (int i = 0; i < 2; i++) {
		out->mask[i] = p[i].fd < 0 ? MASK_CLOSED
					   : (uint16_t)p[i].revents;
		out->state[i] = p[i].fd < 0 ? 0 : tcp_state(p[i].fd);
	}
}

/* Resets whatever the word left open. */
static void abandon(struct scene *sc)
{
	const struct linger abort_it = {.l_onoff = 1};

	for (int side = SIDE_C; side <= SIDE_S; side++)
		if (sc->open[side])
			setsockopt(sc->fd[side], SOL_SOCKET, SO_LINGER,
			    &abort_it, sizeof(abort_it));
}

int walk_word(struct walk *w, const uint8_t *word, int len,
    struct seen *out_seen)
{
	int ret = connect_pair(w);

	if (ret == 0) {
		out_seen[0].result = 0;
		look(&w->st.scene, &out_seen[0]);
	}
	for (int i = 0; ret == 0 && i < len; i++) {
		struct outcome out = {0};

		act_run(&w->st, letter_side(&w->abc, word[i]) ? SIDE_S : SIDE_C,
		    letter_act(&w->abc, word[i]), &out);
		out_seen[i + 1].result = out.ret == -1 ? -out.err : out.ret;
		look(&w->st.scene, &out_seen[i + 1]);
	}
	abandon(&w->st.scene);
	return ret;
}
