/*
 * Proves that the log never waits whatever it writes to, that every line
 * arrives whole or is counted, also at the end, and how messages look.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "sys/log.h"
#include "unit.h"

static struct log log_;
static struct log_conf conf;
static int reader;
static char got[32 * 1024 * 1024];
static size_t got_bytes;

/* Takes what is there, at most `most` bytes. */
static void take(size_t most)
{
	size_t room = sizeof(got) - 1 - got_bytes;
	ssize_t n;

	if (most > room)
		most = room;
	while (most > 0 && (n = read(reader, got + got_bytes, most)) > 0) {
		got_bytes += (size_t)n;
		most -= (size_t)n;
	}
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("TZ", "UTC", 1);
	conf = (struct log_conf){.level = LOG_LEVEL_INFO};
	got_bytes = 0;
}

/* A log on a pipe: one of our own, or one that others share. */
static void open_pipe(enum log_sink_kind kind)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	reader = fds[0];
	memset(&log_, 0, sizeof(log_));
	log_.conf = &conf;
	log_.level = conf.level;
	log_.sink =
	    (struct log_sink){.kind = kind, .fd = fds[1], .stage = {-1, -1}};
	if (kind == LOG_SINK_PIPE) {
		fcntl(fds[1], F_SETFL, O_WRONLY);
		ck_assert_int_eq(
		    pipe2(log_.sink.stage, O_NONBLOCK | O_CLOEXEC), 0);
	}
}

static void open_terminal(void)
{
	struct termios raw;
	int slave;

	ck_assert_int_eq(openpty(&reader, &slave, NULL, NULL, NULL), 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	fcntl(reader, F_SETFL, O_NONBLOCK);
	memset(&log_, 0, sizeof(log_));
	log_.conf = &conf;
	log_.level = conf.level;
	log_.sink = (struct log_sink){
	    .kind = LOG_SINK_TERMINAL, .fd = slave, .stage = {-1, -1}};
}

/* ---- it does not wait ---- */

static void fill_and_compare(void)
{
	static char sent[1024 * 1024];
	size_t accepted = 0;
	ssize_t n;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)('a' + i * 7 % 26);
	for (int round = 0; round < 3; round++) {
		while (
		    (n = log_sink_put(&log_.sink, sent + accepted, 3000)) > 0)
			accepted += (size_t)n;
		ck_assert_int_eq(n, -EAGAIN);
		take(round == 0 ? 5000 : SIZE_MAX);
	}
	ck_assert_uint_gt(accepted, 4096);
	take(SIZE_MAX);
	ck_assert_uint_eq(got_bytes, accepted);
	ck_assert_mem_eq(got, sent, accepted);
}

TEST(a_full_pipe_of_others_is_not_waited_for)
{
	open_pipe(LOG_SINK_PIPE);
	fill_and_compare();
	ck_assert_int_eq(fcntl(log_.sink.fd, F_GETFL) & O_NONBLOCK, 0);
}

TEST(a_terminal_that_nobody_reads_is_not_waited_for)
{
	open_terminal();
	fill_and_compare();
	ck_assert_int_eq(fcntl(log_.sink.fd, F_GETFL) & O_NONBLOCK, 0);
}

/* ---- every line arrives or is counted ---- */

static unsigned int made, leavings;

static void make_line(uint64_t *r)
{
	char line[300];
	int len = snprintf(line, sizeof(line), "line %u ", made++);
	int more = (int)chance_below(r, 200);

	memset(line + len, 'x', (size_t)more);
	strcpy(line + len + more, " whole");
	log_line(&log_, LOG_LEVEL_INFO, line, strlen(line));
}

/* Lines in order, whole, and the sum of the losses is what is missing. */
static void account(void)
{
	unsigned int seen = 0, lost = 0, cut = 0, number, next = 0, n;
	char *line, *save = NULL, *report;

	got[got_bytes] = '\0';
	for (line = strtok_r(got, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		report = strstr(line, "not be written: ");
		if (report) {
			/* One that was cut short comes again. */
			if (sscanf(report, "not be written: %u", &n) == 1 &&
			    strstr(report, " lines lost\""))
				lost += n;
			continue;
		}
		if (strlen(line) < 6 ||
		    strcmp(line + strlen(line) - 6, " whole") != 0) {
			cut++;
			continue;
		}
		ck_assert_int_eq(sscanf(line, "line %u x", &number), 1);
		ck_assert_uint_ge(number, next);
		next = number + 1;
		seen++;
	}
	ck_assert_uint_eq(seen + lost, made);
	/* Only a reader that leaves meets a line in part. */
	ck_assert_uint_le(cut, leavings);
}

/* The reader takes now and then, and the rest when the log has been closed. */
static void lose_some(uint64_t seed)
{
	uint64_t r = seed;

	made = 0;
	got_bytes = 0;
	for (int turn = 0; turn < 400; turn++) {
		for (unsigned int n = chance_below(&r, 20); n > 0; n--)
			make_line(&r);
		if (chance_below(&r, 4) > 0)
			log_flush(&log_);
		if (chance_below(&r, 10) == 0)
			take(chance_below(&r, 200000));
	}
}

TEST(lines_are_accounted_for_in_any_pipe)
{
	for (uint64_t seed = 1; seed < 40; seed++) {
		open_pipe(seed % 2 ? LOG_SINK_PIPE : LOG_SINK_OWN);
		lose_some(seed);
		ck_assert_uint_eq(log_close(&log_), 0);
		take(SIZE_MAX);
		close(reader);
		account();
	}
}

TEST(lines_are_accounted_for_on_a_terminal)
{
	open_terminal();
	lose_some(5);
	take(SIZE_MAX);
	while (log_flush(&log_) == -EAGAIN)
		take(SIZE_MAX);
	take(SIZE_MAX);
	account();
	/* One that stays so to the end is waited for, but not for ever. */
	while (log_.lost == 0) {
		make_line(&(uint64_t){7});
		log_flush(&log_);
	}
	ck_assert_uint_gt(log_close(&log_), 0);
}

TEST(readers_that_come_and_go_learn_of_the_loss)
{
	char path[] = "/tmp/log_test.XXXXXX", fifo[64];
	uint64_t r = 3;

	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(fifo, sizeof(fifo), "%s/fifo", path);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	conf.target = LOG_TO_FILE;
	conf.path = fifo;
	ck_assert_int_eq(log_open(&log_, &conf), 0);
	made = 0;
	for (int round = 0; round < 300; round++) {
		for (unsigned int n = chance_below(&r, 900); n > 0; n--)
			make_line(&r);
		log_flush(&log_);
		/* Takes a part, or all before it leaves. */
		take(reader < 0 ? 0 : chance_below(&r, 70000));
		if (chance_below(&r, 4) > 0)
			continue;
		if (reader < 0) {
			reader = open(fifo, O_RDONLY | O_NONBLOCK);
			continue;
		}
		take(SIZE_MAX);
		close(reader);
		reader = -1;
		leavings++;
	}
	if (reader < 0)
		reader = open(fifo, O_RDONLY | O_NONBLOCK);
	make_line(&r);
	ck_assert_uint_eq(log_close(&log_), 0);
	take(SIZE_MAX);
	account();
	unlink(fifo);
	rmdir(path);
}

TEST(a_level_that_is_not_wanted_is_not_written)
{
	open_pipe(LOG_SINK_OWN);
	log_line(&log_, LOG_LEVEL_DEBUG, "x", 1);
	log_message(&log_, LOG_LEVEL_DEBUG, "x");
	ck_assert(!log_waits(&log_));
	log_message(&log_, LOG_LEVEL_INFO, "x");
	ck_assert(log_waits(&log_));
}

/* ---- messages ---- */

/* The message, its time set to zeros where it has one. */
static const char *message(enum log_format format, enum log_target target)
{
	open_pipe(LOG_SINK_OWN);
	conf.format = format;
	conf.target = target;
	log_message(&log_, LOG_LEVEL_WARN, "device \"%s\": gone\n", "a\\b");
	ck_assert_int_eq(log_flush(&log_), 0);
	take(SIZE_MAX);
	got[got_bytes] = '\0';
	for (char *c = got; *c != '\0'; c++)
		if (*c >= '0' && *c <= '9')
			*c = '0';
	got_bytes = 0;
	return got;
}

TEST(a_message_is_in_the_logs_format)
{
	conf.name = "green house";
	ck_assert_str_eq(message(LOG_LOGFMT, LOG_TO_STDERR),
	    "time=0000-00-00T00:00:00.000Z level=warn name=\"green house\" "
	    "msg=\"device \\\"a\\\\b\\\": gone\\u000a\"\n");
	ck_assert_str_eq(message(LOG_JSON, LOG_TO_STDERR),
	    "{\"time\":\"0000-00-00T00:00:00.000Z\",\"level\":\"warn\","
	    "\"name\":\"green house\","
	    "\"msg\":\"device \\\"a\\\\b\\\": gone\\u000a\"}\n");
	conf.name = NULL;
	ck_assert_str_eq(message(LOG_LOGFMT, LOG_TO_STDERR),
	    "time=0000-00-00T00:00:00.000Z level=warn "
	    "msg=\"device \\\"a\\\\b\\\": gone\\u000a\"\n");
}

TEST(the_longest_message_is_still_a_record)
{
	static char text[2 * LOG_LINE_MAX];
	char name[LOG_LINE_MAX];

	memset(text, '"', sizeof(text) - 1);
	memset(name, '\x80', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	conf.name = name;
	for (int f = LOG_LOGFMT; f <= LOG_TCPLOG; f++) {
		open_pipe(LOG_SINK_OWN);
		conf.format = (enum log_format)f;
		log_message(&log_, LOG_LEVEL_ERROR, "%s", text);
		log_flush(&log_);
		got_bytes = 0;
		take(SIZE_MAX);
		ck_assert_uint_gt(got_bytes, LOG_LINE_MAX / 2);
		ck_assert_uint_le(got_bytes, LOG_LINE_MAX);
		ck_assert_int_eq(got[got_bytes - 1], '\n');
		ck_assert_ptr_null(memchr(got, '\n', got_bytes - 1));
		if (f == LOG_JSON)
			ck_assert_int_eq(got[got_bytes - 2], '}');
	}
}

TEST(the_journal_gets_priorities)
{
	static const enum log_level levels[] = {
	    LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO};
	char stream[64];
	struct stat st;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	reader = fds[0];
	dup2(fds[1], STDERR_FILENO);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	for (int is_journal = 0; is_journal < 2; is_journal++) {
		setenv("JOURNAL_STREAM", is_journal ? stream : "1:2", 1);
		ck_assert_int_eq(log_open(&log_, &conf), 0);
		for (int i = 0; i < 3; i++)
			log_line(&log_, levels[i], "abc", 3);
		ck_assert_uint_eq(log_close(&log_), 0);
		got_bytes = 0;
		take(SIZE_MAX);
		got[got_bytes] = '\0';
		ck_assert_str_eq(got, is_journal ? "<3>abc\n<4>abc\n<6>abc\n"
						 : "abc\nabc\nabc\n");
	}
}

/* ---- a file that was moved away ---- */

static void expect_file(const char *path, const char *text)
{
	char bytes[64];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	ck_assert_int_eq(n, (ssize_t)strlen(text));
	ck_assert_mem_eq(bytes, text, (size_t)n);
	close(fd);
}

TEST(reopening_follows_the_name)
{
	char dir[] = "/tmp/log_test.XXXXXX", path[64], moved[64];
	int old_fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(moved, sizeof(moved), "%s/log.1", dir);
	conf.target = LOG_TO_FILE;
	conf.path = path;
	ck_assert_int_eq(log_open(&log_, &conf), 0);
	log_line(&log_, LOG_LEVEL_INFO, "one", 3);
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert_int_eq(log_reopen(&log_, &old_fd), 0);
	ck_assert_int_ge(old_fd, 0);
	close(old_fd);
	log_line(&log_, LOG_LEVEL_INFO, "two", 3);
	log_flush(&log_);
	expect_file(moved, "one\n");
	expect_file(path, "two\n");
	/* What cannot be opened leaves the old one. */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(log_reopen(&log_, &old_fd), -EISDIR);
	ck_assert_int_eq(old_fd, -1);
	log_line(&log_, LOG_LEVEL_INFO, "three", 5);
	ck_assert_uint_eq(log_close(&log_), 0);
	rmdir(path);
	unlink(moved);
	rmdir(dir);
}

FIXTURE(setup, NULL)
