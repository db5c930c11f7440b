/*
 * Proves that the simulated sockets behave as the kernel that the automaton of
 * contrib/pollmap was learnt from: every state is entered by its shortest way,
 * and in it every event must give the same result and the same masks. States
 * behind a shutdown of the reading side are left out: the proxy makes none.
 */
#include <stdio.h>
#include <string.h>

#include "../../contrib/pollmap/automaton.h"
#include "tcp.h"

enum { VERBS = AUTOMATON_EVENTS / 2, SND = 0, RCV, SHW, SHR, CLO, RST };

static struct tcp_path paths[2];
static struct tcp *t;
static bool open_end[2];
static int way[AUTOMATON_STATES][16], way_len[AUTOMATON_STATES];

static void on_change(struct tcp *at, int end)
{
}

static void begin(void)
{
	world_start(1);
	tcp_start();
	memset(paths, 0, sizeof(paths));
	t = tcp_new(&paths[0], &paths[1], TCP_BUF_MAX);
	open_end[0] = open_end[1] = true;
}

static long act(int event)
{
	int end = event / VERBS;
	char buf[64];
	long n = 0;

	switch (event % VERBS) {
	case SND:
		n = tcp_send(t, end, "foo", 3);
		break;
	case RCV:
		n = tcp_recv(t, end, buf, sizeof(buf), false);
		n = n > 0 ? 1 : n;
		break;
	case SHW:
		n = tcp_shut(t, end);
		break;
	case CLO:
	case RST:
		tcp_close(t, end, event % VERBS == RST);
		open_end[end] = false;
		break;
	}
	world_run_due();
	return n;
}

static unsigned int mask(int end)
{
	return open_end[end] ? tcp_poll(t, end) : AUTOMATON_CLOSED;
}

static void print_way(int state, int event)
{
	static const char *const verbs[] = {
	    "snd", "rcv", "shw", "shr", "clo", "rst"};

	for (int i = 0; i < way_len[state]; i++)
		printf("%c.%s ", "cs"[way[state][i] / VERBS],
		    verbs[way[state][i] % VERBS]);
	printf("%c.%s", "cs"[event / VERBS], verbs[event % VERBS]);
}

/* Returns how many things differ. */
static int try(int state, int event)
{
	const struct automaton_state *s = &automaton[state];
	int next = s->on[event].next, bad = 0;
	long n;

	begin();
	for (int i = 0; i < way_len[state]; i++)
		(void)act(way[state][i]);
	n = act(event);
	if (n != s->on[event].result) {
		print_way(state, event);
		printf(": returned %ld, expected %d\n", n, s->on[event].result);
		bad++;
	}
	for (int e = 0; e < 2; e++)
		if (mask(e) != automaton[next].mask[e]) {
			print_way(state, event);
			printf(": mask of %c is %x, expected %x\n", "cs"[e],
			    mask(e), automaton[next].mask[e]);
			bad++;
		}
	return bad;
}

int main(void)
{
	int queue[AUTOMATON_STATES] = {0}, head = 0, tail = 1;
	bool known[AUTOMATON_STATES] = {true};
	int bad = 0, tried = 0;

	tcp_on_change = on_change;
	while (head < tail) {
		int state = queue[head++];

		for (int event = 0; event < AUTOMATON_EVENTS; event++) {
			int next = automaton[state].on[event].next;

			if (next < 0 || event % VERBS == SHR)
				continue;
			bad += try(state, event);
			tried++;
			if (known[next])
				continue;
			known[next] = true;
			memcpy(way[next], way[state], sizeof(way[0]));
			way_len[next] = way_len[state] + 1;
			way[next][way_len[state]] = event;
			queue[tail++] = next;
		}
	}
	printf("%d states, %d events, %d differ\n", tail, tried, bad);
	return bad > 0;
}
