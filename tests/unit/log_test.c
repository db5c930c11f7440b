/*
 * Proves that the log never waits whatever it writes to, that every line
 * arrives whole or is counted, also at the end, and how messages look.
 */
#include <ctype.h>
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
static char dir[32], path[64], moved[64];
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

/* All that is there, as a text. */
static char *taken(void)
{
	take(SIZE_MAX);
	got[got_bytes] = '\0';
	got_bytes = 0;
	return got;
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("TZ", "UTC", 1);
	strcpy(dir, "/tmp/log_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(moved, sizeof(moved), "%s/log.1", dir);
	conf = (struct log_conf){
	    .level = LOG_LEVEL_INFO, .target = LOG_TO_FILE, .path = path};
	got_bytes = 0;
}

static void teardown(void)
{
	unlink(path);
	unlink(moved);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* A log on a pipe, one of our own or one that others share, or a terminal. */
static void open_sink(enum log_sink_kind kind)
{
	struct termios raw;
	int fds[2];

	if (kind == LOG_SINK_TERMINAL) {
		ck_assert_int_eq(
		    openpty(&fds[0], &fds[1], NULL, NULL, NULL), 0);
		tcgetattr(fds[1], &raw);
		cfmakeraw(&raw);
		tcsetattr(fds[1], TCSANOW, &raw);
	} else {
		ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	}
	reader = fds[0];
	fcntl(reader, F_SETFL, O_NONBLOCK);
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

static const enum log_sink_kind shared[] = {LOG_SINK_PIPE, LOG_SINK_TERMINAL};

TEST_LOOP(a_full_pipe_or_terminal_of_others_is_not_waited_for, 0, 2)
{
	static char sent[1024 * 1024];
	size_t accepted = 0;
	ssize_t n;

	open_sink(shared[_i]);
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
	char *save = NULL;

	for (char *line = strtok_r(taken(), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *report = strstr(line, "not be written: ");
		size_t len = strlen(line);

		if (report) {
			/* One that was cut short comes again. */
			if (sscanf(report, "not be written: %u", &n) == 1 &&
			    strstr(report, " lines lost\""))
				lost += n;
		} else if (len < 6 || strcmp(line + len - 6, " whole") != 0) {
			cut++;
		} else {
			ck_assert_int_eq(sscanf(line, "line %u x", &number), 1);
			ck_assert_uint_ge(number, next);
			next = number + 1;
			seen++;
		}
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
		open_sink(seed % 2 ? LOG_SINK_PIPE : LOG_SINK_OWN);
		lose_some(seed);
		ck_assert_uint_eq(log_close(&log_), 0);
		account();
		close(reader);
	}
}

TEST(lines_are_accounted_for_on_a_terminal)
{
	open_sink(LOG_SINK_TERMINAL);
	lose_some(5);
	take(SIZE_MAX);
	while (log_flush(&log_) == -EAGAIN)
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
	uint64_t r = 3;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
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
			reader = open(path, O_RDONLY | O_NONBLOCK);
			continue;
		}
		take(SIZE_MAX);
		close(reader);
		reader = -1;
		leavings++;
	}
	if (reader < 0)
		reader = open(path, O_RDONLY | O_NONBLOCK);
	make_line(&r);
	ck_assert_uint_eq(log_close(&log_), 0);
	account();
}

TEST(a_level_that_is_not_wanted_is_not_written)
{
	open_sink(LOG_SINK_OWN);
	log_line(&log_, LOG_LEVEL_DEBUG, "x", 1);
	log_message(&log_, LOG_LEVEL_DEBUG, "x");
	ck_assert(!log_waits(&log_));
	log_message(&log_, LOG_LEVEL_INFO, "x");
	ck_assert(log_waits(&log_));
}

/* ---- messages ---- */

/* A message: 0 stands for any digit, because of the time, and ' for ". */
static const char *message(enum log_format format)
{
	conf.format = format;
	open_sink(LOG_SINK_OWN);
	log_message(&log_, LOG_LEVEL_WARN, "device \"%s\": gone\n", "a\\b");
	ck_assert_int_eq(log_flush(&log_), 0);
	for (char *c = taken(); *c != '\0'; c++)
		*c = isdigit((unsigned char)*c) ? '0' : *c == '"' ? '\'' : *c;
	return got;
}

TEST(a_message_is_in_the_logs_format)
{
	conf.name = "green house";
	ck_assert_str_eq(message(LOG_LOGFMT),
	    "time=0000-00-00T00:00:00.000Z level=warn name='green house' "
	    "msg='device \\'a\\\\b\\': gone\\u000a'\n");
	ck_assert_str_eq(message(LOG_JSON),
	    "{'time':'0000-00-00T00:00:00.000Z','level':'warn',"
	    "'name':'green house',"
	    "'msg':'device \\'a\\\\b\\': gone\\u000a'}\n");
	conf.name = NULL;
	ck_assert_str_eq(message(LOG_LOGFMT),
	    "time=0000-00-00T00:00:00.000Z level=warn "
	    "msg='device \\'a\\\\b\\': gone\\u000a'\n");
}

TEST(the_longest_message_is_still_a_record)
{
	static char text[2 * LOG_LINE_MAX];
	char name[LOG_LINE_MAX];

	memset(text, '"', sizeof(text) - 1);
	memset(name, '\x80', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	conf.name = name;
	for (enum log_format f = LOG_LOGFMT; f <= LOG_TCPLOG; f++) {
		size_t len;

		conf.format = f;
		open_sink(LOG_SINK_OWN);
		log_message(&log_, LOG_LEVEL_ERROR, "%s", text);
		log_flush(&log_);
		len = strlen(taken());
		ck_assert_uint_gt(len, LOG_LINE_MAX / 2);
		ck_assert_uint_le(len, LOG_LINE_MAX);
		ck_assert_ptr_eq(strchr(got, '\n'), got + len - 1);
		if (f == LOG_JSON)
			ck_assert_int_eq(got[len - 2], '}');
	}
}

TEST(the_journal_gets_priorities)
{
	char stream[64];
	struct stat st;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	reader = fds[0];
	dup2(fds[1], STDERR_FILENO);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	conf.target = LOG_TO_STDERR;
	for (int is_journal = 0; is_journal < 2; is_journal++) {
		setenv("JOURNAL_STREAM", is_journal ? stream : "1:2", 1);
		ck_assert_int_eq(log_open(&log_, &conf), 0);
		log_line(&log_, LOG_LEVEL_ERROR, "abc", 3);
		log_line(&log_, LOG_LEVEL_WARN, "abc", 3);
		log_line(&log_, LOG_LEVEL_INFO, "abc", 3);
		ck_assert_uint_eq(log_close(&log_), 0);
		ck_assert_str_eq(taken(), is_journal
					      ? "<3>abc\n<4>abc\n<6>abc\n"
					      : "abc\nabc\nabc\n");
	}
}

static void expect_file(const char *name, const char *text)
{
	reader = open(name, O_RDONLY);
	ck_assert_str_eq(taken(), text);
	close(reader);
}

TEST(reopening_follows_the_name)
{
	int old_fd;

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
	ck_assert_int_eq(rmdir(path), 0);
}

FIXTURE(setup, teardown)
