/*
 * watch.c: the same text once a second, until q. What does not fit the window
 * is cut off.
 */
#include "keeper/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "keeper/status.h"
#include "sys/ask.h"

enum { EVERY_MS = 1000, HEAD_ROWS = 4 };

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

/* So many bytes are `columns` characters, or all of `len`. */
static size_t fit(const char *line, size_t len, unsigned int columns)
{
	size_t at = 0;

	while (at < len && columns-- > 0) {
		at++;
		while (at < len && ((unsigned char)line[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/* Who is told first may have two lines more each; the others are cut off. */
static void put_lines(
    struct text *t, const char *reply, unsigned int rows, unsigned int columns)
{
	unsigned int used = 0;

	while (*reply != '\0' && used < rows) {
		size_t len = strcspn(reply, "\n"), at = 0;

		do {
			size_t part = fit(reply + at, len - at, columns);

			text_printf(t, "%s%.*s\033[K", used > 0 ? "\r\n" : "",
			    (int)part, reply + at);
			at += part;
			used++;
		} while (at < len && used < HEAD_ROWS && used < rows);
		reply += len + (reply[len] == '\n');
	}
}

static void draw(const char *reply)
{
	static char bytes[STATUS_TEXT_MAX];
	struct text t = {.bytes = bytes, .size = sizeof(bytes)};
	unsigned int rows, columns;

	find_size(&rows, &columns);
	text_printf(&t, "\033[H");
	put_lines(&t, reply, rows, columns);
	text_printf(&t, "\033[J");
	(void)!write(STDOUT_FILENO, t.bytes, t.len);
}

/* Keys are not shown; q ends it, as a signal does. */
static void wait_a_second(void)
{
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	char key = '\0';

	if (poll(&keys, 1, EVERY_MS) <= 0)
		return;
	if (read(STDIN_FILENO, &key, 1) <= 0)
		(void)poll(NULL, 0, EVERY_MS);
	else if (key == 'q')
		over = 1;
}

int watch_run(const char *path)
{
	static const char begin[] = "\033[?1049h\033[?25l\033[2J";
	static const char end[] = "\033[?25h\033[?1049l";
	static char reply[STATUS_TEXT_MAX];
	struct termios before, quiet;
	bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int err;

	take_signals();
	if (is_terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	}
	(void)!write(STDOUT_FILENO, begin, sizeof(begin) - 1);
	while (!over) {
		err = ask_line(path, "status\n", reply, sizeof(reply));
		if (err < 0)
			snprintf(reply, sizeof(reply),
			    "not running: %s; it is asked again\n%s\n",
			    strerror(-err), path);
		draw(reply);
		if (!over)
			wait_a_second();
	}
	(void)!write(STDOUT_FILENO, end, sizeof(end) - 1);
	if (is_terminal)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return EX_OK;
}
