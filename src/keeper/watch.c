/*
 * watch.c: the same text once a second, and how many clients came in each of
 * the last seconds. What does not fit the window is cut off.
 */
#include "keeper/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "keeper/status.h"
#include "sys/ask.h"

enum { RATES_MAX = 240, EVERY_MS = 1000 };

struct rates {
	uint32_t at[RATES_MAX];
	size_t count; /* of all */
	uint64_t accepted;
	bool is_known;
};

static volatile sig_atomic_t over;

static void on_end(int number)
{
	(void)number;
	over = 1;
}

static void on_resize(int number)
{
	(void)number; /* the wait ends */
}

static void take_signals(void)
{
	struct sigaction end = {.sa_handler = on_end},
			 resize = {.sa_handler = on_resize};

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGHUP, &end, NULL);
	sigaction(SIGWINCH, &resize, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void find_size(unsigned int *out_rows, unsigned int *out_columns)
{
	struct winsize w;

	*out_rows = 24;
	*out_columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 &&
	    w.ws_col > 0) {
		*out_rows = w.ws_row;
		*out_columns = w.ws_col;
	}
}

/* A program that was started again counts from 0. */
static void count(struct rates *r, const char *reply)
{
	const char *at = strstr(reply, "\naccepted ");
	uint64_t accepted = at ? strtoull(at + 10, NULL, 10) : 0;

	if (at && r->is_known)
		r->at[r->count++ % RATES_MAX] =
		    accepted >= r->accepted ? (uint32_t)(accepted - r->accepted)
					    : 0;
	r->is_known = at != NULL;
	r->accepted = accepted;
}

/* The newest at the right. */
static void put_rates(
    const struct rates *r, struct text *t, unsigned int columns)
{
	static const char *const bars[] = {
	    "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t n = r->count < RATES_MAX ? r->count : RATES_MAX;
	uint32_t most = 1;

	if (n > columns)
		n = columns;
	for (size_t i = r->count - n; i < r->count; i++)
		if (r->at[i % RATES_MAX] > most)
			most = r->at[i % RATES_MAX];
	for (size_t i = r->count - n; i < r->count; i++)
		status_put(
		    t, "%s", bars[(uint64_t)r->at[i % RATES_MAX] * 7 / most]);
	status_put(t, "\033[K\r\nclients a second, at most %u\033[K", most);
}

static unsigned int put_lines(
    struct text *t, const char *reply, unsigned int rows, unsigned int columns)
{
	unsigned int used = 0;

	while (*reply != '\0' && used < rows) {
		size_t len = strcspn(reply, "\n");

		/* The headline says most: it may take two lines. */
		for (size_t at = 0; used < rows;) {
			size_t left = len - at;
			int part = (int)(left < columns ? left : columns);

			status_put(t, "%.*s\033[K\r\n", part, reply + at);
			at += (size_t)part;
			if (++used > 3 || at == len)
				break;
		}
		reply += len + (reply[len] == '\n');
	}
	return used;
}

static void draw(const struct rates *r, const char *reply)
{
	static char bytes[STATUS_TEXT_MAX];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};
	unsigned int rows, columns;

	find_size(&rows, &columns);
	status_put(&t, "\033[H");
	(void)put_lines(&t, reply, rows > 3 ? rows - 3 : 1, columns);
	if (rows > 4)
		put_rates(r, &t, columns);
	status_put(&t, "\033[J");
	(void)!write(STDOUT_FILENO, t.bytes, t.len);
}

int watch_run(const char *path)
{
	static const char begin[] = "\033[?1049h\033[?25l\033[2J";
	static const char end[] = "\033[?25h\033[?1049l";
	static char reply[STATUS_TEXT_MAX];
	static struct rates rates;
	int err;

	take_signals();
	(void)!write(STDOUT_FILENO, begin, sizeof(begin) - 1);
	while (!over) {
		err = ask_line(path, "status\n", reply, sizeof(reply));
		if (err < 0)
			snprintf(reply, sizeof(reply),
			    "%s: not running (%s); it is asked again\n", path,
			    strerror(-err));
		count(&rates, reply);
		draw(&rates, reply);
		if (!over)
			(void)poll(NULL, 0, EVERY_MS);
	}
	(void)!write(STDOUT_FILENO, end, sizeof(end) - 1);
	return EX_OK;
}
